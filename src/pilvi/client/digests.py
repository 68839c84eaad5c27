"""Checksums of files: reading what distributions publish, and holding a file against it."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pilvi.errors import Conflict, InvalidRequest

PIECE_BYTES = 1 << 20
_ALGORITHMS = {64: "sha256", 128: "sha512"}
# `HEX  NAME`, `HEX *NAME`, or HEX alone; and `SHA256 (NAME) = HEX`.
_GNU = re.compile(r"([0-9A-Fa-f]{32,128})(?:\s+\*?(\S.*))?")
_BSD = re.compile(r"(?:SHA\d+|MD5)\s*\((.+)\)\s*=\s*([0-9A-Fa-f]{32,128})")


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file's bytes come to."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def parse_digest(text: str) -> Digest:
    """A digest as `sha256:HEX` or HEX. Raises `InvalidRequest`. Pure."""
    name, _, value = text.rpartition(":")
    value = value.strip().lower()
    found = _ALGORITHMS.get(len(value))
    if not re.fullmatch("[0-9a-f]+", value) or found is None or name not in ("", found):
        raise InvalidRequest(f"cannot use the checksum '{text}': write sha256:HEX or sha512:HEX")
    return Digest(found, value)


def find_digest(text: str, name: str, where: str) -> Digest:
    """A file's digest in a checksum file, the strongest where there are several.

    A file that has one line only is about one image, whatever it calls it. Raises
    `InvalidRequest` where it says nothing of the file, or only with a hash that is broken. Pure.
    """
    rows = list(_read_rows(text))
    mine = [digest for known, digest in rows if known.rpartition("/")[2] == name]
    if not mine and len(rows) == 1:
        mine = [rows[0][1]]
    strong = sorted((value for value in mine if len(value) in _ALGORITHMS), key=len)
    if strong:
        return Digest(_ALGORITHMS[len(strong[-1])], strong[-1])
    if mine:
        raise InvalidRequest(f"cannot verify {name} by {where}: it has no SHA-256 or SHA-512")
    raise InvalidRequest(f"cannot verify {name}: {where} says nothing of it")


def _read_rows(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        stripped = line.strip()
        if found := _BSD.fullmatch(stripped):
            yield found.group(1), found.group(2).lower()
        elif found := _GNU.fullmatch(stripped):
            yield (found.group(2) or "").removeprefix("./"), found.group(1).lower()


def hash_file(path: Path, algorithm: str) -> Digest:
    """What a file's bytes come to."""
    with path.open("rb") as file:
        return Digest(algorithm, hashlib.file_digest(file, algorithm).hexdigest())


def verify(path: Path, wanted: Digest, where: str) -> None:
    """Hold a file against its digest. Raises `Conflict` when it is another file."""
    found = hash_file(path, wanted.algorithm)
    if found != wanted:
        raise Conflict(
            f"cannot use {where}: its {wanted.algorithm} is {found.hex}, and {wanted.hex} was "
            "published: it was changed on its way, or the list is of another build"
        )
