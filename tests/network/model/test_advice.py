"""What the owner of a port can do next while it is waited for."""

from network.rows import make_port
from pilvi.core.story import Wait
from pilvi.hosts.model.advice import TRIED_AGAIN
from pilvi.hosts.model.host import HostId
from pilvi.network.model.advice import list_port_steps

CALM = Wait(words="its host to take up the wish")
FAILING = Wait(words="its host, which says: cannot staple it", tries=2)


def test_waiting_is_advised_only_while_nothing_is_wrong() -> None:
    port = make_port(host_id=HostId("host"))
    (step,) = list_port_steps(port, [CALM], [])
    assert step.startswith("wait: nothing is wrong")
    assert list_port_steps(port, [CALM, FAILING], []) == (TRIED_AGAIN,)
    assert list_port_steps(port, [], []) == ()
