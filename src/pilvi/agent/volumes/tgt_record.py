"""What this cloud's tgtd was given, written down before it is given.

tgtd can be asked for its targets, but its answer is text that holds what initiators say of
themselves, unescaped: a guest that broke out of its QEMU could write whole targets into it. So what
is there is known from this record, which holds for one run of tgtd and is empty for the next.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec


class TargetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One target; `fingerprint` is empty from before its making until it is whole."""

    volume_id: str
    iqn: str
    number: int
    username: str
    unit: int
    fingerprint: str = ""
    size_bytes: int = 0
    content_generation: int = 1


class _Content(msgspec.Struct, frozen=True):
    identity: str = ""
    targets: list[TargetRecord] = []


class TgtRecord:
    """The record of one tgtd, in a file that is replaced by rename.

    It need not survive a power cut, because tgtd does not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = ""
        self._targets: dict[str, TargetRecord] = {}
        try:
            content = msgspec.json.decode(path.read_bytes(), type=_Content)
        except (FileNotFoundError, msgspec.DecodeError):
            return
        self._identity = content.identity
        self._targets = {target.iqn: target for target in content.targets}

    def is_of(self, identity: str) -> bool:
        """Whether this is the record of that run of tgtd."""
        return bool(identity) and identity == self._identity

    def begin(self, identity: str) -> None:
        """Begin the record of a new run of tgtd, which has no target yet."""
        self._identity = identity
        self._targets.clear()
        self._write()

    def find(self, iqn: str) -> TargetRecord | None:
        """The record of one target."""
        return self._targets.get(iqn)

    def list(self, volume_id: str) -> list[TargetRecord]:
        """The records of one volume's targets."""
        return [target for target in self._targets.values() if target.volume_id == volume_id]

    def list_all(self) -> Sequence[TargetRecord]:
        """The records of all targets."""
        return [*self._targets.values()]

    def free_number(self) -> int:
        """A target number that no record has; the lowest, from 1."""
        taken = {target.number for target in self._targets.values()}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    def keep(self, target: TargetRecord) -> None:
        """Write down a target, or what changed of it. Repeatable."""
        self._targets[target.iqn] = target
        self._write()

    def drop(self, iqn: str) -> None:
        """Strike a target out. Repeatable."""
        if self._targets.pop(iqn, None) is not None:
            self._write()

    def _write(self) -> None:
        temporary = self._path.with_suffix(".new")
        content = _Content(self._identity, list(self._targets.values()))
        temporary.write_bytes(msgspec.json.encode(content))
        temporary.replace(self._path)
