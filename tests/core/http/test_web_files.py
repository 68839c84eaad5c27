"""Files of pages: only what was read is served."""

from pathlib import Path

import pytest
from starlette.requests import Request

from pilvi.core.http.web_files import WebFiles


def request_for(path: str, **headers: str) -> Request:
    """A request of a path below the files."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "path_params": {"path": path}})


@pytest.fixture
def files(tmp_path: Path) -> WebFiles:
    """A script, a library in a folder of its version, a page, and what is none."""
    (tmp_path / "lib-1").mkdir()
    (tmp_path / "lib-1" / "a.js").write_text("a")
    for name in ("own.js", "page.html", "LICENSE", "secret.key"):
        (tmp_path / name).write_text(name)
    return WebFiles(tmp_path)


async def test_libraries_are_kept_and_ours_are_asked_for_again(files: WebFiles) -> None:
    kept = await files.serve(request_for("lib-1/a.js"))
    assert (kept.status_code, kept.body) == (200, b"a")
    assert "immutable" in kept.headers["cache-control"]
    assert (await files.serve(request_for("own.js"))).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["page.html", "LICENSE", "secret.key", "../x.js", "new.js"])
async def test_nothing_else_is_served(files: WebFiles, name: str, tmp_path: Path) -> None:
    (tmp_path / "new.js").write_text("came later")
    assert (await files.serve(request_for(name))).status_code == 404
    assert files.read("page.html") == "page.html"


async def test_what_did_not_change_is_not_sent_again(files: WebFiles) -> None:
    first = await files.serve(request_for("own.js"))
    again = await files.serve(request_for("own.js", if_none_match=first.headers["etag"]))
    assert (again.status_code, again.body) == (304, b"")
    other = await files.serve(request_for("lib-1/a.js", if_none_match=first.headers["etag"]))
    assert other.status_code == 200


async def test_a_text_is_served_as_a_file(tmp_path: Path) -> None:
    files = WebFiles(tmp_path, {"made.css": "a{}"})
    reply = await files.serve(request_for("made.css"))
    assert (reply.status_code, reply.body, reply.media_type) == (
        200,
        b"a{}",
        "text/css; charset=utf-8",
    )
    assert reply.headers["cache-control"] == "no-cache"


async def test_a_folder_is_read_once_in_a_process(files: WebFiles, tmp_path: Path) -> None:
    (tmp_path / "own.js").unlink()
    assert (await WebFiles(tmp_path).serve(request_for("own.js"))).body == b"own.js"
