"""The last desired state of this host, kept on disk.

With it a rebooted host brings back its guests, networks and volumes without any control plane.
One file per assignment, named KIND-ID.json, made durable and then put in place by rename: a kill or
a power cut between any two lines leaves the older or the newer wish, never half of one. The cursor
moves only over what is kept. The files hold secrets (CHAP passwords) and are readable by their
owner only.

What is withdrawn while the disk is full cannot be written, and must not come back after a restart
either: by then the control plane may have forgotten it. Its former wish is renamed to KIND-ID.gone,
which takes no room.
"""

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from pilvi.agent.files import file_holding, list_folder
from pilvi.host_api.contract import Assignment, Desired, Kind
from pilvi.host_api.holdings import Holding, HoldingKind

log = structlog.get_logger()

Spec = TypeVar("Spec")

CURSOR_NAME = "cursor.json"
ID_SHAPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,127}")
"""Ids become names of files, interfaces and processes: nothing else is taken."""


class _Cursor(msgspec.Struct, frozen=True):
    host_id: str = ""
    revision: int = 0


class DesiredState:
    """Every assignment this host was given and has not yet given up."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        """`durable=False` does not wait for the disk: for hosts that hold nothing real."""
        self._directory = directory
        self._durable = durable
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._assignments: dict[tuple[Kind, str], Assignment] = {}
        self._unkept: set[tuple[Kind, str]] = set()
        self._cursor = _Cursor()
        self._kept_cursor = _Cursor()
        self._load()

    @property
    def revision(self) -> int:
        """Newest revision whose changes are all known here."""
        return self._cursor.revision

    @property
    def host_id(self) -> str:
        """Id of this host, as the control plane knows it; empty before the first answer."""
        return self._cursor.host_id

    def find(self, kind: Kind, id: str) -> Assignment | None:
        """The assignment of one object, or None when this host has none."""
        return self._assignments.get((kind, id))

    def find_spec(self, kind: Kind, id: str, spec_type: type[Spec]) -> Spec | None:
        """The decoded wish of one object; None when there is none or it is to be absent."""
        assignment = self.find(kind, id)
        if assignment is None or not assignment.present:
            return None
        return msgspec.json.decode(assignment.spec, type=spec_type)

    def list_keys(self) -> Sequence[tuple[Kind, str]]:
        """Kind and id of every assignment."""
        return list(self._assignments)

    def list(self, kind: Kind) -> list[Assignment]:
        """All assignments of one kind, the ones to be absent too."""
        return [a for (k, _), a in self._assignments.items() if k == kind]

    def apply(self, desired: Desired) -> Sequence[tuple[Kind, str]]:
        """Take what changed, keep it, and name the objects that did. Repeatable.

        A revision older than the one known, or another host's, means that the control plane's state
        was put back or replaced: the cursor goes back to 0, and the next fetch asks for everything.
        A full disk does not stop a wish from being acted on: it may be the one that frees the disk.
        """
        is_other_host = self._cursor.revision > 0 and desired.host_id != self._cursor.host_id
        if desired.revision < self._cursor.revision or is_other_host:
            self._cursor = _Cursor(desired.host_id, 0)
            self._keep()
            return []
        changed = []
        for assignment in desired.assignments:
            key = (assignment.kind, assignment.id)
            if not ID_SHAPE.fullmatch(assignment.id):
                log.error("cannot take an assignment: its id has a strange shape", kind=key[0])
                continue
            if self._assignments.get(key) == assignment:
                continue
            # A copy, because a Raw keeps the whole reply alive that it was cut from.
            self._assignments[key] = msgspec.structs.replace(
                assignment, spec=assignment.spec.copy()
            )
            self._unkept.add(key)
            changed.append(key)
        self._cursor = _Cursor(desired.host_id, desired.revision)
        self._keep()
        return changed

    def list_files(self) -> Sequence[Holding]:
        """What is really in the folder, for an audit: wishes, and what is nothing of ours."""
        found = []
        for path in list_folder(self._directory):
            kind, _, id = path.stem.partition("-")
            if path.suffix == ".json" and kind in set(Kind) and id:
                found.append(file_holding(path, HoldingKind.WISH, id, kind))
            elif path.name != CURSOR_NAME and path.suffix != ".new":
                found.append(file_holding(path))
        return found

    def forget(self, kind: Kind, id: str, generation: int) -> None:
        """Drop an assignment to be absent, once it is. A newer wish stays. Repeatable."""
        assignment = self.find(kind, id)
        if assignment is None or assignment.present or assignment.generation != generation:
            return
        del self._assignments[(kind, id)]
        self._unkept.discard((kind, id))
        for path in (self._path(kind, id), self._gone_path(kind, id)):
            path.unlink(missing_ok=True)

    def _gone_path(self, kind: Kind, id: str) -> Path:
        return self._path(kind, id).with_suffix(".gone")

    def _path(self, kind: Kind, id: str) -> Path:
        return self._directory / f"{kind}-{id}.json"

    def _keep(self) -> None:
        """Write what is not on disk yet, the cursor last; what fails is tried again next time."""
        try:
            for key in sorted(self._unkept):
                self._write(self._path(*key), self._assignments[key], durable=self._durable)
                self._gone_path(*key).unlink(missing_ok=True)
                self._unkept.discard(key)
            if self._cursor != self._kept_cursor:
                # Not durable by itself: an older or unreadable cursor only asks for more.
                self._write(self._directory / CURSOR_NAME, self._cursor, durable=False)
                self._kept_cursor = self._cursor
        except OSError as error:
            log.error("cannot keep the desired state", error=str(error), unkept=len(self._unkept))
            self._mark_gone()

    def _mark_gone(self) -> None:
        """Let no former wish of what is withdrawn be read again."""
        for key in self._unkept:
            if not self._assignments[key].present:
                with contextlib.suppress(OSError):
                    self._path(*key).rename(self._gone_path(*key))

    def _write(self, path: Path, value: msgspec.Struct, *, durable: bool) -> None:
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(value))
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)

    def _load(self) -> None:
        is_whole = True
        marked = self._directory.glob("*-*.gone")
        for path in [*marked, *self._directory.glob("*-*.json")]:
            try:
                assignment = msgspec.json.decode(path.read_bytes(), type=Assignment)
            except msgspec.DecodeError as error:
                log.error("cannot read a kept wish", file=path.name, error=str(error))
                path.rename(path.with_suffix(".unreadable"))
                is_whole = False
                continue
            self._assignments[(assignment.kind, assignment.id)] = msgspec.structs.replace(
                assignment,
                spec=assignment.spec.copy(),
                present=assignment.present and path.suffix != ".gone",
            )
        # Without a cursor everything is asked for again.
        path = self._directory / CURSOR_NAME
        if not is_whole:
            path.unlink(missing_ok=True)
        elif path.exists():
            self._cursor = self._kept_cursor = _read_cursor(path)


def _read_cursor(path: Path) -> _Cursor:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Cursor)
    except msgspec.DecodeError:
        return _Cursor()
