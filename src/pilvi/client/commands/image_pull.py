"""`image pull` and `image catalogue list`: official cloud images, or any file or address.

An image is brought whole and verified before a byte of it goes to the cloud. What came half stays
in XDG_CACHE_HOME/pilvi/images and is continued by the same command.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pilvi.client.catalogue import VARIABLE, Entry, find_entry, read_catalogue
from pilvi.client.columns import Column
from pilvi.client.command import Argument, Command, Record, Table, flag, many, option
from pilvi.client.digests import Digest, find_digest, hash_file, parse_digest, verify
from pilvi.client.finding import IMAGE
from pilvi.client.progress import shown
from pilvi.client.rows import properties
from pilvi.client.session import Session
from pilvi.errors import InvalidRequest, PilviError

PIECE_BYTES = 1 << 20
DIGEST = "pilvi_source_digest"
"""Property of an image: what its bytes were verified to be, to know it again."""
LISTED = (
    Column("Name", lambda entry: entry.name),
    Column("Title", lambda entry: entry.title),
    Column("Login", lambda entry: entry.login),
    Column("Min Disk", lambda entry: entry.min_disk),
    Column("Min RAM", lambda entry: entry.min_ram),
)
LONG = (
    *LISTED,
    Column("Address", lambda entry: entry.address),
    Column("Checksums", lambda entry: entry.checksums or entry.checksum),
)


def _list(session: Session, given: Namespace) -> Table:
    return Table(LONG if given.long else LISTED, read_catalogue(_environment(given)))


def _environment(given: Namespace) -> dict[str, str]:
    return {**os.environ, VARIABLE: given.catalogue} if given.catalogue else dict(os.environ)


def _pull(session: Session, given: Namespace) -> Record:
    source = given.source
    if "://" in source:
        entry = Entry(name=_stem(source), title="", address=source)
        with _downloaded(entry, given) as (path, digest):
            return _register(session, entry, path, digest, given)
    path = Path(source).expanduser()
    # A folder of an image's name in the working directory does not hide the catalogue's.
    if path.is_file():
        entry = Entry(name=_stem(path.name), title="", address="")
        return _register(session, entry, path, _check_local(path, given), given)
    entry = find_entry(read_catalogue(_environment(given)), source)
    with _downloaded(entry, given) as (path, digest):
        return _register(session, entry, path, digest, given)


def _stem(address: str) -> str:
    """A name for what has none, from its file's."""
    return address.rstrip("/").rpartition("/")[2].rpartition(".")[0] or "image"


def _check_local(path: Path, given: Namespace) -> Digest:
    """What a file's bytes come to; as published, where that is told."""
    wanted = parse_digest(given.checksum) if given.checksum else None
    if given.checksums:
        try:
            text = Path(given.checksums).read_text(errors="replace")
        except OSError as error:
            raise InvalidRequest(f"cannot read {given.checksums}: {error.strerror}") from error
        wanted = find_digest(text, path.name, given.checksums)
    if wanted is None:
        return hash_file(path, "sha256")
    verify(path, wanted, str(path))
    return wanted


@contextmanager
def _downloaded(entry: Entry, given: Namespace) -> Iterator[tuple[Path, Digest]]:
    """An entry's verified file; it goes afterwards unless it is to be kept."""
    # Only here: this import alone takes as long as a whole command.
    from pilvi.client.downloads import Web, reaching

    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "pilvi" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    name = entry.address.partition("?")[0].rpartition("/")[2]
    if name in ("", ".", ".."):
        name = "image"
    path = folder / name
    web = Web()
    try:
        wanted = reaching(entry.address, lambda: _published(web.read_text, entry, name, given))
        if not (path.exists() and wanted and hash_file(path, wanted.algorithm) == wanted):
            web.fetch(entry.address, path, shown)
            try:
                if wanted:
                    verify(path, wanted, entry.address)
            except PilviError:
                # Continued by another try it would stay wrong.
                path.unlink()
                raise
        if wanted is None:
            _say(f"warning: nothing verifies {entry.address}: give --checksum or --checksums")
    finally:
        web.close()
    yield path, wanted or hash_file(path, "sha256")
    if not given.keep:
        path.unlink(missing_ok=True)


def _published(read_text: Any, entry: Entry, name: str, given: Namespace) -> Digest | None:
    """The digest that the image has to have: as the command line says, or else the entry."""
    if given.checksum:
        return parse_digest(given.checksum)
    address = given.checksums or ("" if entry.checksum else entry.checksums)
    if address and "://" not in address:
        return find_digest(Path(address).read_text(errors="replace"), name, address)
    if address:
        return find_digest(read_text(address), name, address)
    return parse_digest(entry.checksum) if entry.checksum else None


def _register(
    session: Session, entry: Entry, path: Path, digest: Digest, given: Namespace
) -> Record:
    """Make the image of a verified file, unless the cloud has the same under this name."""
    from pilvi.client.commands.images import record

    name = given.name or entry.name
    for image in IMAGE.list(session, {"name": name}):
        if image.get(DIGEST) == str(digest) and image["status"] == "active":
            _say(f"the cloud has it already, as the image '{name}'")
            return record(image)
    wanted: dict[str, Any] = {
        "name": name,
        "disk_format": given.disk_format or _disk_format(path),
        "container_format": "bare",
        "min_disk": entry.min_disk,
        "min_ram": entry.min_ram,
        DIGEST: str(digest),
    }
    known = {
        "os_distro": entry.os_distro,
        "os_version": entry.os_version,
        "os_admin_user": entry.login,
        "visibility": given.visibility,
    }
    wanted |= {key: value for key, value in known.items() if value}
    wanted |= properties(given.properties)
    made = session.call("POST", "image", "/images", wanted)
    with path.open("rb") as file, gone_unless_whole(session, made["id"]):
        size = path.stat().st_size
        pieces = shown(iter(lambda: file.read(PIECE_BYTES), b""), "upload", size)
        session.send_bytes(f"/images/{made['id']}/file", pieces, size)
    return record(IMAGE.get(session, made["id"]))


@contextmanager
def gone_unless_whole(session: Session, id: str) -> Iterator[None]:
    """Around the sending of an image's bytes: where that fails no empty image is left."""
    try:
        yield
    except BaseException:
        with suppress(PilviError):
            session.call("DELETE", "image", f"/images/{id}")
        raise


def _disk_format(path: Path) -> str:
    """The format by the file's first bytes; the cloud's own gate looks again."""
    with path.open("rb") as file:
        if file.read(4) == b"QFI\xfb":
            return "qcow2"
        file.seek(0x8001)
        return "iso" if file.read(5) == b"CD001" else "raw"


def _say(words: str) -> None:
    print(words, file=sys.stderr)


OWN_LIST = option("--catalogue", "FILE", f"another list of images; also {VARIABLE}")
COMMANDS = (
    Command(
        "image pull",
        "Bring an official cloud image, an address or a file into the cloud.",
        _pull,
        (
            Argument("source", metavar="<source>", help="a name of the catalogue, a URL, a file"),
            option("--name", "NAME", "of the image; else the source's"),
            option("--checksum", "sha256:HEX", "what its bytes have to come to"),
            option("--checksums", "FILE|URL", "a checksum file that names it"),
            option("--disk-format", "FORMAT", "raw, qcow2, iso; else by its first bytes"),
            Argument(
                "--public",
                dest="visibility",
                action="store_const",
                const="public",
                help="for every project (admin)",
            ),
            many("--property", "KEY=VALUE", "repeatable", dest="properties"),
            flag("--keep", "keep the downloaded file in the cache"),
            OWN_LIST,
        ),
        Record,
    ),
    Command(
        "image catalogue list",
        "List the images that 'image pull' knows by name.",
        _list,
        (flag("--long", "with their addresses"), OWN_LIST),
        Table,
        is_local=True,
    ),
)
