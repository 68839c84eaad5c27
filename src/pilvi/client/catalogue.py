"""The list of official cloud images: `catalogue.toml` beside this file, or an operator's own."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilvi.errors import InvalidRequest, NotFound

FILE = Path(__file__).with_name("catalogue.toml")
VARIABLE = "PILVI_IMAGE_CATALOGUE"
"""Names another list in the environment: of a mirror, or of an organization's own images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One image that is known by a name."""

    name: str
    title: str
    address: str
    checksums: str = ""
    """Address of the file that has its checksum among others."""
    checksum: str = ""
    """Its checksum itself, ALGORITHM:HEX."""
    login: str = ""
    min_disk: int = 0
    min_ram: int = 0
    os_distro: str = ""
    os_version: str = ""


def read_catalogue(environment: Mapping[str, str]) -> list[Entry]:
    """Every entry. Raises `InvalidRequest` that names the file and what is wrong in it."""
    path = Path(environment.get(VARIABLE) or FILE)
    try:
        rows: list[dict[str, Any]] = tomllib.loads(path.read_text())["image"]
        return [Entry(**row) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"cannot read the image catalogue {path}: {error}") from error


def find_entry(entries: list[Entry], name: str) -> Entry:
    """The entry of a name, or the first that begins with it. Raises `NotFound`. Pure."""
    for entry in entries:
        if entry.name == name:
            return entry
    for entry in entries:
        if entry.name.startswith(f"{name}-"):
            return entry
    known = ", ".join(entry.name for entry in entries)
    raise NotFound(
        f"cannot find '{name}': it is no file, no address (https://…) and not in the catalogue, "
        f"which has {known}"
    )
