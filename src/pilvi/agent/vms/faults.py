"""How a failure on the host is told to the control plane."""

import errno

from pilvi.agent.faults import HostTerminal, fault_of
from pilvi.errors import NoCapacity, PilviError, Unavailable
from pilvi.host_api.contract import HostFault


def no_space(doing: str) -> HostTerminal:
    """The host's disk is full: trying again cannot help until the wish changes. Pure."""
    return HostTerminal(NoCapacity(f"cannot {doing}: no space left on the host's disk"))


def fault(error: Exception, doing: str) -> HostFault:
    """A failure as it may be shown to the owner of the object. Pure.

    The words of an error that is not one of ours stay in the log: they may name files and hosts.
    """
    if isinstance(error, TimeoutError):
        return HostFault(kind="Internal", message=f"cannot {doing}: it takes too long")
    if not isinstance(error, PilviError):
        message = f"cannot {doing}: an internal error, which the host's log explains"
        return HostFault(kind="Internal", message=message)
    return fault_of(error)


def launch_error(words: str, error: Exception) -> Exception:
    """What the end of a process that just started means. Pure."""
    if "No space left on device" in words:
        return OSError(errno.ENOSPC, "No space left on device")
    if "Cannot allocate memory" in words or "cannot set up guest memory" in words:
        message = "cannot start the guest: the host has not enough memory"
        return HostTerminal(NoCapacity(message, detail=words))
    if isinstance(error, OSError):
        return error
    return Unavailable("cannot start the guest: its process ended at once", detail=words)
