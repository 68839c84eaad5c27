"""`image …`; `image pull` and `image catalogue` bring official cloud images."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from pilvi.client.columns import Column, dicts, lists
from pilvi.client.command import Argument, Command, Record, Thing, flag, many, option
from pilvi.client.commands import image_pull
from pilvi.client.finding import IMAGE, PROJECT
from pilvi.client.rows import delete_row, list_row, properties
from pilvi.client.session import Session
from pilvi.errors import InvalidRequest

# Bytes that are read and sent at once. Lower: more turns; higher: more memory.
PIECE_BYTES = 1 << 20
VISIBILITIES = ("public", "private", "community", "shared")
LISTED = (Column("ID", "id"), Column("Name", "name"), Column("Status", "status"))
LONG = (
    *LISTED[:2],
    Column("Disk Format", "disk_format"),
    Column("Container Format", "container_format"),
    Column("Size", "size"),
    Column("Checksum", "checksum"),
    LISTED[2],
    Column("Visibility", "visibility"),
    Column("Protected", "protected"),
    Column("Project", "owner"),
    Column("Hash Algorithm", "os_hash_algo"),
    Column("Hash Value", "os_hash_value"),
    lists("Tags", "tags"),
)
_FIELDS = (
    "checksum",
    "container_format",
    "created_at",
    "disk_format",
    "file",
    "id",
    "min_disk",
    "min_ram",
    "name",
    "owner",
    "protected",
    "schema",
    "size",
    "status",
    "updated_at",
    "virtual_size",
    "visibility",
)
SHOW = (
    *map(Column, _FIELDS),
    dicts("properties"),
    lists("tags"),
)


def record(image: Thing) -> Record:
    """One image; what has no field of its own is among its properties."""
    known = {*_FIELDS, "tags", "self", "locations", "direct_url"}
    names = dict.fromkeys(("os_hidden", "os_hash_algo", "os_hash_value", *image))
    others = {name: image[name] for name in names if name in image and name not in known}
    columns = sorted(SHOW, key=lambda column: column.name)
    columns = [
        column
        for column in columns
        if column.name in ("properties", "tags") or image.get(column.name) is not None
    ]
    return Record(columns, {**image, "properties": others})


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    return {
        "sort": "name:asc",
        "name": given.name,
        "status": given.status,
        "visibility": given.visibility,
        "owner": given.project and PROJECT.id_of(session, given.project),
        "tag": given.tags or None,
        "limit": given.limit or 1000,
        **properties(given.properties),
    }


def _show(session: Session, given: Namespace) -> Record:
    return record(IMAGE.find(session, given.image))


def _create(session: Session, given: Namespace) -> Record:
    wanted: dict[str, Any] = {
        "name": given.image_name,
        "disk_format": given.disk_format,
        "container_format": given.container_format,
        **properties(given.properties),
    }
    optional = {
        "id": given.id,
        "min_disk": given.min_disk,
        "min_ram": given.min_ram,
        "visibility": given.visibility,
        "protected": given.protected,
        "tags": given.tags or None,
    }
    wanted |= {key: value for key, value in optional.items() if value is not None}
    source = _open_source(given.file)
    made = session.call("POST", "image", "/images", wanted)
    if source is not None:
        with source, image_pull.gone_unless_whole(session, made["id"]):
            _upload(session, made["id"], source, given.progress)
    return record(IMAGE.get(session, made["id"]))


def _open_source(file: str | None) -> BinaryIO | None:
    """The bytes of a new image: a file, or what comes in where that is not a person."""
    if file is None:
        return None if sys.stdin is None or sys.stdin.isatty() else _piped()
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise InvalidRequest(f"cannot read {file}: {error.strerror}") from error


def _piped() -> BinaryIO | None:
    """What is piped in, where anything is."""
    import os
    import stat

    mode = os.fstat(0).st_mode
    return sys.stdin.buffer if stat.S_ISFIFO(mode) or stat.S_ISREG(mode) else None


def _upload(session: Session, id: str, source: BinaryIO, is_shown: bool) -> None:
    """Send the bytes of an image, with constant memory."""
    import os

    size = os.fstat(source.fileno()).st_size or None
    pieces: Iterator[bytes] = iter(lambda: source.read(PIECE_BYTES), b"")
    if is_shown:
        from pilvi.client.progress import shown

        pieces = shown(pieces, "upload", size)
    session.send_bytes(f"/images/{id}/file", pieces, size)


def _save(session: Session, given: Namespace) -> None:
    id = IMAGE.id_of(session, given.image)
    with Path(given.file).open("wb") if given.file else nullcontext(sys.stdout.buffer) as target:
        pieces = session.read_bytes(f"/images/{id}/file", PIECE_BYTES)
        if given.file:
            from pilvi.client.progress import shown

            pieces = shown(pieces, "download", IMAGE.get(session, id).get("size"))
        for piece in pieces:
            target.write(piece)


def _set(session: Session, given: Namespace) -> None:
    image = IMAGE.find(session, given.image)
    wanted: dict[str, Any] = {
        "name": given.name,
        "visibility": given.visibility,
        "protected": given.protected,
        "min_disk": given.min_disk,
        "min_ram": given.min_ram,
        **properties(given.properties),
    }
    changes = [
        {"op": "replace" if key in image else "add", "path": f"/{key}", "value": value}
        for key, value in wanted.items()
        if value is not None
    ]
    if given.tags:
        tags = sorted({*image["tags"], *given.tags})
        changes.append({"op": "replace", "path": "/tags", "value": tags})
    if changes:
        _patch(session, image["id"], changes)


def _unset(session: Session, given: Namespace) -> None:
    image = IMAGE.find(session, given.image)
    changes: list[dict[str, Any]] = [
        {"op": "remove", "path": f"/{key}"} for key in given.properties
    ]
    if given.tags:
        tags = [tag for tag in image["tags"] if tag not in given.tags]
        changes.append({"op": "replace", "path": "/tags", "value": tags})
    if changes:
        _patch(session, image["id"], changes)


def _patch(session: Session, id: str, changes: list[dict[str, Any]]) -> None:
    session.patch_image(f"/images/{id}", changes)


NAME = Argument("image", metavar="<image>", help="name or id of the image")
VISIBILITY = tuple(
    Argument(
        f"--{word}",
        dest="visibility",
        action="store_const",
        const=word,
        default=None,
        help=f"{word} images" if word != "shared" else "images that can be shared",
    )
    for word in VISIBILITIES
)
PROTECTED = (
    Argument("--protected", action="store_true", default=None, help="it cannot be deleted"),
    Argument(
        "--unprotected",
        dest="protected",
        action="store_false",
        default=None,
        help="it can be deleted",
    ),
)
MINIMA = (
    option("--min-disk", "GIB", "smallest disk that boots it", type=int),
    option("--min-ram", "MIB", "smallest memory that boots it", type=int),
)
PROPERTY = many("--property", "KEY=VALUE", "repeatable", dest="properties")
TAG = many("--tag", "TAG", "repeatable", dest="tags")
COMMANDS = (
    list_row(
        IMAGE,
        LISTED,
        LONG,
        _query,
        (
            *VISIBILITY,
            option("--name", "NAME", "of this name"),
            option("--status", "STATUS", "in this status"),
            option("--project", "PROJECT", "of one project"),
            PROPERTY,
            TAG,
            option("--limit", "COUNT", "on one page", type=int),
        ),
    ),
    Command("image show", "Show one image.", _show, (NAME,), Record),
    Command(
        "image create",
        "Make an image, of a file or of what is piped in.",
        _create,
        (
            Argument("image_name", metavar="<image-name>", help="name of the new image"),
            option("--file", "FILE", "its bytes"),
            option("--id", "ID", "its id"),
            option("--disk-format", "FORMAT", "raw, qcow2, iso, …", default="raw"),
            option("--container-format", "FORMAT", "bare", default="bare"),
            *MINIMA,
            *VISIBILITY,
            *PROTECTED,
            PROPERTY,
            TAG,
            flag("--progress", "show how far it is"),
        ),
        Record,
    ),
    Command(
        "image save",
        "Write the bytes of an image to a file.",
        _save,
        (NAME, option("--file", "FILE", "where to; else to the output")),
    ),
    Command(
        "image set",
        "Change an image.",
        _set,
        (
            NAME,
            option("--name", "NAME", "a new name"),
            *MINIMA,
            *VISIBILITY,
            *PROTECTED,
            PROPERTY,
            TAG,
        ),
    ),
    Command(
        "image unset",
        "Remove properties or tags of an image.",
        _unset,
        (NAME, many("--property", "KEY", "repeatable", dest="properties"), TAG),
    ),
    delete_row(IMAGE),
    *image_pull.COMMANDS,
)
