"""What the owner of a server can do next, from its state and from what went wrong. Pure."""

from collections.abc import Sequence

from pilvi.compute.model.server import Server
from pilvi.compute.model.state import Status
from pilvi.core.story import Event, Wait, with_step, without_doubles
from pilvi.hosts.model.advice import advise, advise_waiting

_BY_STATUS = {
    Status.SHUTOFF: "it is off, as was asked: 'openstack server start {id}' starts it",
    Status.PAUSED: "it is paused: 'openstack server unpause {id}' lets it go on",
    Status.SUSPENDED: "it is suspended: 'openstack server resume {id}' lets it go on",
    Status.RESCUE: "it runs a rescue disk: 'openstack server unrescue {id}' ends that",
    Status.VERIFY_RESIZE: (
        "say whether the new size is good: 'openstack server resize confirm {id}' or "
        "'openstack server resize revert {id}'"
    ),
    Status.SHELVED: "it is shelved: 'openstack server unshelve {id}' brings it back",
    Status.SHELVED_OFFLOADED: "it is shelved: 'openstack server unshelve {id}' brings it back",
}


def end_of_error(server: Server) -> str:
    """What ends a server's ERROR. Pure."""
    if server.given_up or not server.observed.is_launched:
        return f"delete it ('openstack server delete {server.id}') and create it anew"
    return f"start it anew: 'openstack server reboot --hard {server.id}'"


def list_server_steps(
    server: Server, waits: Sequence[Wait], failed: Sequence[Event]
) -> tuple[str, ...]:
    """What to do about a server as it is. Pure."""
    status = server.condition.status
    troubles = [word for wait in waits for word in (wait.last_error, wait.words)]
    if status is Status.ERROR:
        last = failed[-1].words if failed else ""
        return without_doubles([advise(last), end_of_error(server)])
    steps = [advise(words) for words in troubles]
    if not any(steps):
        steps.append(advise_waiting(waits))
    if not waits and status in _BY_STATUS:
        steps.append(_BY_STATUS[status].format(id=server.id))
    return without_doubles(steps)


def fault_words(server: Server, message: str, *, is_over: bool) -> str:
    """A fault's message with the next step at its end, where one is known. Pure.

    `is_over` when the server is in ERROR; else it is still tried.
    """
    step = advise(message)
    if is_over and step:
        step = f"{step}; and {end_of_error(server)}"
    return with_step(message, step)
