"""What a real host holds of vms: looked for in /proc, in the folders and in the control groups."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pilvi.agent.files import file_holding, list_folder, seen_bytes
from pilvi.agent.vms.folder import CONSOLE_LOG, PROCESS_LOG, SOCKETS
from pilvi.agent.vms.guest_state import STATE
from pilvi.agent.vms.record import FILE_NAME, LOCK_NAME
from pilvi.host_api.holdings import Holding, HoldingKind
from pilvi.settings import Settings

_GUEST = "guest"
_OWN_FILES = {*SOCKETS, CONSOLE_LOG, PROCESS_LOG}
_RECORD_FILES = {_GUEST, FILE_NAME, LOCK_NAME, f"{FILE_NAME}.new"}
_DISK = re.compile(r"([A-Za-z0-9]+)\.([0-9]+)\.(qcow2|raw)")
_BASE = re.compile(r"([A-Za-z0-9]+)\.([0-9]+)\.base")
_COPY = re.compile(r"copy-(.+)\.part")


def list_holdings(
    settings: Settings, uids: Mapping[int, str], groups: Iterable[Path]
) -> list[Holding]:
    """Everything of vms and captures; `uids` names the vms by their uid. Blocking.

    `groups` are the folders of control groups that hold one for each vm.
    """
    home = settings.agent_dir
    found = list(_list_bases(home / "bases"))
    for path in list_folder(home / "captures"):
        owner = path.name.partition(".")[0]
        found.append(file_holding(path, HoldingKind.CAPTURE, owner, path.suffix))
    for path in list_folder(home / "vms"):
        found += _list_vm(path)
    for folder in groups:
        for path in list_folder(folder):
            if path.is_dir():
                found.append(Holding(kind=HoldingKind.CGROUP, owner=path.name, name=str(path)))
    guests = range(settings.uid_guest_first, settings.uid_guest_last + 1)
    return found + list(_list_processes(guests, uids, home / "vms"))


def _list_bases(folder: Path) -> Iterator[Holding]:
    for path in list_folder(folder):
        if path.name.startswith(".new-"):
            owner = path.name.removeprefix(".new-")
            yield file_holding(path, HoldingKind.BASE, owner, "arriving")
        elif path.is_file():
            part = "used" if path.stat().st_nlink > 1 else ""
            size = path.stat().st_size
            yield file_holding(path, HoldingKind.BASE, path.name, part, size)
        else:
            yield file_holding(path)


def _list_vm(folder: Path) -> Iterator[Holding]:
    if not folder.is_dir():
        yield file_holding(folder)
        return
    server_id = folder.name
    yield Holding(
        kind=HoldingKind.GUEST,
        owner=server_id,
        name=str(folder),
        since=folder.stat().st_ctime,
    )
    for path in list_folder(folder):
        if path.name not in _RECORD_FILES:
            yield file_holding(path)
    names = {path.name for path in list_folder(folder / _GUEST)}
    for path in list_folder(folder / _GUEST):
        yield from _list_guest_file(path, server_id, names)


def _list_guest_file(path: Path, server_id: str, names: set[str]) -> Iterator[Holding]:
    name = path.name
    if name in _OWN_FILES:
        return
    if match := _DISK.fullmatch(name):
        part = f"{match[1]}.{match[2]}"
        yield file_holding(path, HoldingKind.DISK, server_id, part, seen_bytes(path))
    elif match := _BASE.fullmatch(name):
        # A link to the cached image, which is listed there; alone it keeps that for nobody.
        if f"{match[1]}.{match[2]}.qcow2" not in names:
            yield file_holding(path)
    elif match := _COPY.fullmatch(name):
        yield file_holding(path, HoldingKind.CAPTURE, match[1], "part")
    elif name.startswith("config.") and name.endswith(".iso"):
        yield file_holding(path, HoldingKind.CONFIG_DRIVE, server_id)
    elif name == STATE:
        yield file_holding(path, HoldingKind.SAVED_STATE, server_id)
    else:
        yield file_holding(path)


def _list_processes(uids: range, known: Mapping[int, str], vms: Path) -> Iterator[Holding]:
    """Every living process of a guest's uid, told apart by where it works and what it is."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = entry.stat()
            if status.st_uid not in uids:
                continue
            name, state = (entry / "stat").read_text().partition("(")[2].rsplit(") ", 1)
            place = (entry / "cwd").readlink()
        except OSError:
            continue
        if state.startswith("Z"):
            continue
        owner = known.get(status.st_uid)
        is_guest = name.startswith("qemu-system") and owner and place == vms / owner / _GUEST
        yield Holding(
            kind=HoldingKind.PROCESS,
            owner=owner,
            part="" if is_guest else name,
            name=f"pid {entry.name} ({name}) of uid {status.st_uid}",
            since=status.st_ctime,
        )
