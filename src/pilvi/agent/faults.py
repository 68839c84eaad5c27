"""How an error of a step on this host looks to the control plane."""

from pilvi.core.reconcile import Terminal
from pilvi.errors import KINDS, PilviError
from pilvi.host_api.contract import HostFault


def fault_of(error: Exception) -> HostFault:
    """The public side of an error: what is not expected says nothing of its inside. Pure."""
    if not isinstance(error, PilviError):
        message = "cannot finish a step on the host: an internal error, which its log explains"
        return HostFault(kind="Internal", message=message)
    kind = error.kind if error.kind in KINDS else "Internal"
    return HostFault(kind=kind, message=error.message, terminal=isinstance(error, Terminal))
