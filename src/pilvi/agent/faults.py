"""How an error of a step on this host looks to the control plane."""

import errno

from pilvi.core.reconcile import Terminal
from pilvi.errors import KINDS, NoCapacity, PilviError
from pilvi.host_api.contract import HostFault


class HostTerminal(Terminal):
    """A failure of a known kind that trying again cannot mend until the wish changes."""

    def __init__(self, reason: PilviError) -> None:
        super().__init__(reason.message, detail=reason.detail)
        self._kind = reason.kind

    @property
    def kind(self) -> str:
        """The kind of the reason."""
        return self._kind


def no_space(doing: str) -> HostTerminal:
    """The host's disk is full: trying again cannot help until the wish changes. Pure."""
    return HostTerminal(NoCapacity(f"cannot {doing}: no space left on the host's disk"))


def fault_of(error: Exception, doing: str) -> HostFault:
    """A failure as it may be shown to the owner of the object. Pure.

    The words of an error that is not one of ours stay in the log: they may name files and hosts.
    """
    if isinstance(error, TimeoutError):
        return HostFault(kind="Internal", message=f"cannot {doing}: it takes too long")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        message = f"cannot {doing}: no space left on the host's disk"
        return HostFault(kind="NoCapacity", message=message)
    if not isinstance(error, PilviError):
        message = f"cannot {doing}: an internal error, which the host's log explains"
        return HostFault(kind="Internal", message=message)
    kind = error.kind if error.kind in KINDS else "Internal"
    return HostFault(kind=kind, message=error.message, terminal=isinstance(error, Terminal))
