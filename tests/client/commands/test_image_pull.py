"""`image pull` from a web server that breaks off, lies, forgets and redirects."""

import fcntl
import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from client_world import pilvi, say, small_cloud
from pilvi.client import downloads
from pilvi.client.catalogue import FILE, read_catalogue
from pilvi.testing.server import CloudServer

QCOW2 = b"QFI\xfb\x00\x00\x00\x03" + bytes(16) + b"\x00\x00\x00\x10\x00\x00\x00\x00"
BODY = bytes(range(256)) * 8192


class Site:
    """Files by path, and how the server behaves."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.break_after: list[int] = []
        """Bytes after which each of the next answers breaks off."""
        self.knows_ranges = True
        self.tag = '"one"'
        self.asked: list[tuple[str, str]] = []
        """Path and Range of every request."""
        self.port = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server on the loopback address."""
    known = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *words: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked = self.headers.get("range", "")
            known.asked.append((self.path, asked))
            if self.path in known.redirects:
                self.send_response(302)
                self.send_header("location", known.redirects[self.path])
                self.send_header("content-length", "0")
                self.end_headers()
                return
            body = known.files.get(self.path)
            if body is None:
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            start = 0
            if asked and known.knows_ranges and self.headers.get("if-range") == known.tag:
                start = int(asked.removeprefix("bytes=").partition("-")[0])
                if start >= len(body):
                    self.send_response(416)
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                span = f"bytes {start}-{len(body) - 1}/{len(body)}"
                self.send_header("content-range", span)
            else:
                self.send_response(200)
            self.send_header("content-length", str(len(body) - start))
            self.send_header("etag", known.tag)
            self.end_headers()
            rest = body[start:]
            if known.break_after and not self.path.endswith("SUMS"):
                rest = rest[: known.break_after.pop(0)]
                self.close_connection = True
            self.wfile.write(rest)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServer]:
    with small_cloud(tmp_path_factory.mktemp("cloud")) as server:
        yield server


@pytest.fixture
def home(cloud: CloudServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no waiting."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(downloads, "PAUSE_S", 0.0)
    monkeypatch.setattr(downloads.Web.__init__, "__kwdefaults__", {"pause_s": 0.0})
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def cached(home: Path) -> list[str]:
    """Names of what is left of downloads."""
    return sorted(path.name for path in (home / "pilvi" / "images").glob("*"))


def publish(site: Site, home: Path, body: bytes = BODY) -> str:
    """A catalogue with one image; its file's path as options."""
    site.files["/disk.img"] = body
    digest = hashlib.sha256(body).hexdigest()
    site.files["/SHA256SUMS"] = f"{'0' * 64}  other.img\n{digest} *disk.img\n".encode()
    file = home / "catalogue.toml"
    file.write_text(
        f'[[image]]\nname = "toy-1"\ntitle = "Toy"\naddress = "{site.url("/disk.img")}"\n'
        f'checksums = "{site.url("/SHA256SUMS")}"\nlogin = "toy"\nmin_disk = 1\nmin_ram = 64\n'
        'os_distro = "toy"\nos_version = "1"\n'
    )
    return f"--catalogue {file}"


def pull(line: str) -> Any:
    """The image that a pull made."""
    return json.loads(say(f"image pull {line} -f json"))


def bytes_of(id: str, home: Path) -> bytes:
    """What the cloud has of an image."""
    say(f"image save --file {home}/back {id}")
    return (home / "back").read_bytes()


def test_an_image_of_the_catalogue(site: Site, home: Path) -> None:
    options = publish(site, home)
    made = pull(f"toy {options} --name first")
    assert (made["status"], made["name"], made["min_disk"]) == ("active", "first", 1)
    assert (made["disk_format"], made["size"]) == ("raw", len(BODY))
    assert made["properties"]["os_admin_user"] == "toy"
    assert bytes_of(made["id"], home) == BODY
    assert cached(home) == []
    again = pull(f"toy-1 {options} --name first --keep")
    assert again["id"] == made["id"]
    assert cached(home) == ["disk.img"]
    asked = len(site.asked)
    pull(f"toy-1 {options} --name second")
    assert [path for path, _ in site.asked[asked:]] == ["/SHA256SUMS"]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_broken_connection_is_continued(site: Site, home: Path, knows_ranges: bool) -> None:
    options = publish(site, home)
    site.knows_ranges = knows_ranges
    site.break_after = [700_000, 600_000]
    made = pull(f"toy {options} --name broken-{knows_ranges}")
    assert bytes_of(made["id"], home) == BODY
    ranges = [asked for path, asked in site.asked if path == "/disk.img"]
    assert ranges[0] == "" and ranges[1] == "bytes=700000-"
    if knows_ranges:
        assert ranges[2] == "bytes=1300000-"


def test_the_same_command_goes_on_later(
    site: Site, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = publish(site, home)
    site.break_after = [900_000] + [0] * 10
    said = pilvi(f"image pull toy {options} --name later")
    assert said.status == 1 and "run the same command to go on" in said.err
    assert cached(home) == ["disk.img.part", "disk.img.part.json"]
    site.break_after = []
    site.asked.clear()
    made = pull(f"toy {options} --name later")
    assert ("/disk.img", "bytes=900000-") in site.asked
    assert bytes_of(made["id"], home) == BODY


def test_another_file_under_the_address_is_begun_anew(site: Site, home: Path) -> None:
    options = publish(site, home)
    site.break_after = [900_000] + [0] * 10
    assert pilvi(f"image pull toy {options} --name anew").status == 1
    site.break_after, site.tag = [], '"two"'
    options = publish(site, home, BODY[::-1])
    made = pull(f"toy {options} --name anew")
    assert bytes_of(made["id"], home) == BODY[::-1]


def test_two_at_once_do_not_mix_their_bytes(site: Site, home: Path) -> None:
    options = publish(site, home)
    folder = home / "pilvi" / "images"
    folder.mkdir(parents=True)
    with (folder / "disk.img.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        said = pilvi(f"image pull toy {options} --name second")
        assert said.status == 1 and "another command is getting it" in said.err
        assert (folder / "disk.img.part").read_bytes() == b""
    assert bytes_of(pull(f"toy {options} --name second")["id"], home) == BODY


def test_what_is_too_long_here_is_begun_anew(site: Site, home: Path) -> None:
    options = publish(site, home)
    folder = home / "pilvi" / "images"
    folder.mkdir(parents=True)
    (folder / "disk.img.part").write_bytes(BODY + b"more")
    mark = {"address": site.url("/disk.img"), "mark": site.tag}
    (folder / "disk.img.part.json").write_text(json.dumps(mark))
    made = pull(f"toy {options} --name long")
    assert bytes_of(made["id"], home) == BODY


def test_a_wrong_checksum_reaches_no_cloud(site: Site, home: Path) -> None:
    options = publish(site, home)
    site.files["/disk.img"] = BODY[:-1] + b"!"
    said = pilvi(f"image pull toy {options} --name wrong")
    assert said.status == 1 and "it was changed on its way" in said.err
    assert cached(home) == []
    assert "wrong" not in say("image list")
    site.files["/SHA256SUMS"] = b"nothing of it\n"
    said = pilvi(f"image pull toy {options} --name wrong")
    assert said.status == 1 and "says nothing of it" in said.err


def test_redirects_are_followed(site: Site, home: Path) -> None:
    site.files["/mirror/disk.img"] = BODY
    site.redirects["/latest.img"] = "/mirror/disk.img"
    digest = hashlib.sha512(BODY).hexdigest()
    made = pull(f"{site.url('/latest.img')} --checksum sha512:{digest}")
    assert (made["name"], made["size"]) == ("latest", len(BODY))
    site.redirects["/round"] = "/round"
    said = pilvi(f"image pull {site.url('/round')}")
    assert said.status == 1 and "Traceback" not in said.err


def test_a_url_without_a_checksum_is_a_warning(site: Site, home: Path) -> None:
    site.files["/plain.qcow2"] = b"QFI"
    said = pilvi(f"image pull {site.url('/plain.qcow2')} --name plain")
    assert said.status == 0 and "warning: nothing verifies" in said.err


def test_a_missing_file_and_a_machine_without_internet_are_told(site: Site, home: Path) -> None:
    said = pilvi(f"image pull {site.url('/none.img')}")
    assert said.status == 1 and "404" in said.err
    assert cached(home) == []
    said = pilvi("image pull http://127.0.0.1:9/disk.img")
    assert said.status == 1
    for words in ("cannot reach 127.0.0.1", "image pull ./disk.img", "HTTPS_PROXY"):
        assert words in said.err
    file = home / "list.toml"
    file.write_text(FILE.read_text().replace("https://cloud.debian.org", "http://127.0.0.1:9"))
    said = pilvi(f"image pull debian-12 --catalogue {file}")
    assert said.status == 1 and "cannot reach 127.0.0.1" in said.err


def test_an_address_that_is_none_of_the_web_is_refused_at_once(site: Site, home: Path) -> None:
    options = publish(site, home)
    site.redirects["/away.img"] = "ftp://127.0.0.1/away.img"
    for line in ("file:///x", site.url("/away.img"), f"toy {options} --checksums ftp://x/sums"):
        said = pilvi(f"image pull {line}")
        assert said.status == 1 and "no http:// or https:// address" in said.err
        assert "named by its path alone" in said.err
    assert cached(home) == []


def test_a_file_of_this_machine(home: Path) -> None:
    file = home / "own.img"
    file.write_bytes(BODY)
    sums = home / "SHA512SUMS"
    sums.write_text(f"SHA512 (own.img) = {hashlib.sha512(BODY).hexdigest()}\n")
    made = pull(f"{file} --checksums {sums} --property a=b")
    assert (made["name"], made["properties"]["a"]) == ("own", "b")
    assert file.exists()
    said = pilvi(f"image pull {file} --checksum {'0' * 64} --name other")
    assert said.status == 1 and "was published" in said.err


def test_a_refused_upload_leaves_no_image(home: Path) -> None:
    file = home / "liar.qcow2"
    file.write_bytes(QCOW2 + b"\xff" * 4096)
    said = pilvi(f"image pull {file} --name liar")
    assert said.status == 1
    assert "liar" not in say("image list")


def test_an_unknown_name_is_answered_with_the_known(home: Path) -> None:
    said = pilvi("image pull beos")
    assert said.status == 1 and "debian-12" in said.err


def test_the_catalogue_needs_no_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "none")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/nonexistent")
    names = say("image catalogue list -f value -c Name").split()
    for wanted in ("debian-12", "debian-13", "ubuntu-24.04", "ubuntu-22.04", "rocky-9", "alma-9"):
        assert wanted in names
    assert "https://" in say("image catalogue list --long")


def test_every_entry_can_be_verified_and_comes_safely() -> None:
    for entry in read_catalogue({}):
        assert entry.address.startswith("https://")
        assert entry.checksum or entry.checksums.startswith("https://"), entry.name
        assert entry.login and entry.os_distro and entry.min_disk and entry.min_ram, entry.name


def test_a_cache_that_cannot_be_written_is_one_line(site: Site, home: Path) -> None:
    (home / "pilvi").write_text("")
    site.files["/x.img"] = BODY
    said = pilvi(f"image pull {site.url('/x.img')}")
    assert said.status == 1 and said.err.startswith("cannot go on")


def test_an_address_cannot_lead_out_of_the_cache(site: Site, home: Path) -> None:
    site.files["/a/.."] = site.files["/"] = BODY
    said = pilvi(f"image pull {site.url('/a/..')} --name dots")
    assert said.status == 0, said.err
    assert cached(home) == []


def test_a_list_that_cannot_be_read_is_named(home: Path) -> None:
    (home / "bad.toml").write_text("[[image]]\nnme = 1\n")
    said = pilvi(f"image catalogue list --catalogue {home}/bad.toml")
    assert said.status == 1 and "bad.toml" in said.err
