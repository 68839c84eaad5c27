"""How an error of a step on this host looks to the control plane."""

from pilvi.core.reconcile import Terminal
from pilvi.errors import KINDS, PilviError
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


def fault_of(error: Exception) -> HostFault:
    """The public side of an error: what is not expected says nothing of its inside. Pure."""
    if not isinstance(error, PilviError):
        message = "cannot finish a step on the host: an internal error, which its log explains"
        return HostFault(kind="Internal", message=message)
    kind = error.kind if error.kind in KINDS else "Internal"
    return HostFault(kind=kind, message=error.message, terminal=isinstance(error, Terminal))
