"""The files of the console pages: as published, all there, and nothing else is served."""

import hashlib
import re

import pytest

from cloud import Cloud
from pilvi.compute.api.console_files import FOLDER
from pilvi.core.http.web_files import WebFiles

IMPORT = re.compile(r"""(?:^|\n)(?:import|export)[^;]*? from ["']([^"']+)""")
# Of the files of others, by folder: a changed byte in a pinned library is noticed here.
PINNED = {
    "novnc-1.7.0": "06d99c5f306e3fa75219f0b278c109652467d1912592298bb5f0133f3575f384",
    "xterm-6.0.0": "4c6d0441dc47c80b651cfbb97419e5cea51077b62bc8424e8433bd506b6b30b3",
}


@pytest.mark.parametrize("name", PINNED)
def test_the_libraries_are_as_published(name: str) -> None:
    digest = hashlib.sha256()
    for path in sorted((FOLDER / name).rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(FOLDER)}\n".encode() + path.read_bytes())
    assert digest.hexdigest() == PINNED[name]


@pytest.mark.parametrize(
    "licence",
    [
        "novnc-1.7.0/LICENSE.txt",
        "novnc-1.7.0/LICENSE.MPL-2.0",
        "novnc-1.7.0/vendor/pako/LICENSE",
        "xterm-6.0.0/LICENSE",
        "xterm-6.0.0/LICENSE.addon-fit",
    ],
)
def test_their_licences_are_kept(licence: str) -> None:
    assert len((FOLDER / licence).read_text()) > 500


def test_every_import_leads_to_a_file_here() -> None:
    for path in FOLDER.rglob("*.js"):
        for target in IMPORT.findall(path.read_text()):
            assert (path.parent / target).is_file(), f"{path.name}: {target}"


def test_our_pages_load_nothing_from_elsewhere_and_have_no_inline_script() -> None:
    for path in [*FOLDER.glob("*.html"), *FOLDER.glob("*.js"), *FOLDER.glob("*.css")]:
        text = path.read_text()
        assert "://" not in text, path.name
        assert not re.search(r"<script(?![^>]* src=)", text), path.name
        assert not re.search(r"\son\w+=|style=|<style", text), path.name


async def test_files_are_served_packed_where_asked_for(seeded: Cloud) -> None:
    path = "/console/files/xterm-6.0.0/xterm.mjs"
    plain = await seeded.http.get(path, headers={"accept-encoding": "identity"})
    packed = await seeded.http.get(path, headers={"accept-encoding": "gzip"})
    whole = (FOLDER / "xterm-6.0.0/xterm.mjs").read_bytes()
    assert plain.content == packed.content == whole
    assert int(packed.headers["content-length"]) < len(whole) / 3
    assert packed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["x-content-type-options"] == "nosniff"
    ours = await seeded.http.get("/console/files/vnc.js")
    assert ours.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "name",
    ["vnc.html", "../console_files.py", "%2e%2e/routes.py", "/etc/passwd", "README.md", "", "x"],
)
async def test_nothing_else_is_served(seeded: Cloud, name: str) -> None:
    assert (await seeded.http.get(f"/console/files/{name}")).status_code == 404


def test_a_first_load_is_small() -> None:
    files = WebFiles(FOLDER)
    sizes = {name: len(file.packed) for name, file in files._files.items()}
    screen = sum(size for name, size in sizes.items() if "xterm" not in name)
    assert screen < 300_000
    assert sum(sizes.values()) - screen < 150_000
