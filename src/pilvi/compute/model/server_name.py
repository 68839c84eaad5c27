"""Names that servers, their guests and their disks get. Pure."""

import re
from collections.abc import Iterable

from pilvi.errors import InvalidRequest

LABEL_MAX = 63
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", re.IGNORECASE)
_DEVICE = re.compile(r"^(?:/dev/)?(vd[a-z])$")
_DEVICES = [f"vd{chr(letter)}" for letter in range(ord("a"), ord("z") + 1)]


def hostname_of(name: str, id: str) -> str:
    """The guest's host name made of a server's name; of its id when nothing is left of that."""
    kept = re.sub(r"[^a-z0-9-]+", "", re.sub(r"[ _.]", "-", name.lower()))
    return kept[:LABEL_MAX].strip("-") or f"server-{id}"[:LABEL_MAX]


def check_hostname(hostname: str, *, allows_domain: bool) -> str:
    """A host name that was asked for. Raises `InvalidRequest`."""
    labels = hostname.split(".") if allows_domain else [hostname]
    if len(hostname) > 255 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidRequest(
            f"cannot use the hostname '{hostname[:80]}': it is made of letters, digits and '-', "
            "at most 63 of them" + (" between dots" if allows_domain else " and no dots")
        )
    return hostname


def choose_device(asked: str | None, taken: Iterable[str]) -> str:
    """The device for one more disk: the one asked for where it is like vdc, or the next free one.

    Raises `InvalidRequest` when it is taken or none is left.
    """
    used = set(taken)
    named = _DEVICE.fullmatch(asked or "")
    if named is not None:
        if named[1] in used:
            raise InvalidRequest(f"cannot use the device {asked}: it is in use; leave it out")
        return named[1]
    free = next((device for device in _DEVICES if device not in used), None)
    if free is None:
        raise InvalidRequest("cannot give the server one more disk: it has as many as there can be")
    return free
