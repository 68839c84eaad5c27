"""What a real host holds of volumes: its files, and what its tgtd says of targets and sessions.

tgtd's text holds what initiators say of themselves; a target is believed when tgtd finds its
number, and all that a made-up line could do is to be told of in an audit.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pilvi.agent.files import file_holding, list_folder, seen_bytes
from pilvi.agent.volumes.tgt_protocol import (
    REPLY_BYTES_MAX,
    Mode,
    Operation,
    Reply,
    Request,
    TgtClient,
)
from pilvi.errors import Unavailable
from pilvi.host_api.holdings import Holding, HoldingKind

_KINDS = {
    ".raw": HoldingKind.VOLUME,
    ".snapshot": HoldingKind.SNAPSHOT,
    ".copy": HoldingKind.COPY,
    ".qcow2": HoldingKind.COPY,
}
_OWN_FILES = {"control", "images", "targets.json", "targets.new", "tgtd.log", "work"}
_TARGET = re.compile(r"^Target (\d{1,9}): (\S{1,255})$", re.MULTILINE)
_SESSION = re.compile(r"^Session: (\d{1,9})$", re.MULTILINE)
ALL = -1
"""Number by which tgtd is asked for every target."""
# Targets that are listed. Lower: not the whole of a large host; higher: a long text costs more.
TARGETS_MAX = 10_000


def list_files(directory: Path) -> list[Holding]:
    """Every file of volumes, and what is left of the making of one. Blocking."""
    found = [_file(path) for path in list_folder(directory) if path.name not in _OWN_FILES]
    for path in list_folder(directory / "images"):
        owner = path.name.removeprefix(".new-")
        part = "arriving" if path.name.startswith(".new-") else ""
        found.append(file_holding(path, HoldingKind.BASE, owner, part))
    for path in list_folder(directory / "work"):
        found.append(file_holding(path, HoldingKind.VOLUME, path.name, "arriving"))
    return found


def _file(path: Path) -> Holding:
    name, is_new = path.name, path.name.startswith(".") and path.name.endswith(".new")
    if is_new:
        name = name[1:].removesuffix(".new")
    kind = _KINDS.get(Path(name).suffix)
    if kind is None:
        return file_holding(path)
    size = seen_bytes(path) if kind is HoldingKind.VOLUME else None
    return file_holding(path, kind, Path(name).stem, "arriving" if is_new else "", size)


async def list_targets(client: TgtClient, owners: Mapping[str, str]) -> list[Holding]:
    """Every target of this tgtd and its sessions; `owners` names the volumes by target."""
    number, text = await client.ask(Request(Mode.TARGET, Operation.SHOW, ALL))
    found: list[Holding] = []
    if number != Reply.SUCCESS or len(text) >= REPLY_BYTES_MAX - 1:
        # Half a list would make the rest look lost.
        raise Unavailable("cannot list the iSCSI targets of this host: there are too many")
    for target, iqn in dict(_TARGET.findall(text)[:TARGETS_MAX]).items():
        reply, sessions = await client.ask(Request(Mode.CONNECTION, Operation.SHOW, int(target)))
        if reply != Reply.SUCCESS:
            continue
        owner = owners.get(iqn)
        found.append(Holding(kind=HoldingKind.TARGET, owner=owner, part=iqn, name=iqn))
        found += _sessions(sessions, owner, iqn)
    return found


def _sessions(text: str, owner: str | None, iqn: str) -> Iterator[Holding]:
    for session in _SESSION.findall(text):
        name = f"session {session} of {iqn}"
        yield Holding(kind=HoldingKind.SESSION, owner=owner, part=iqn, name=name)
