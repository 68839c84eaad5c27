"""What the owner of a port can do next."""

import pytest

from network.rows import make_port
from pilvi.core.story import Wait
from pilvi.hosts.model.advice import TRIED_AGAIN
from pilvi.hosts.model.host import HostId
from pilvi.network.model.advice import list_port_steps, tell_who_has
from pilvi.network.model.port import COMPUTE, FLOATING_IP, ROUTER_GATEWAY, ROUTER_INTERFACE

CALM = Wait(words="its host to take up the wish")
FAILING = Wait(words="its host, which says: cannot staple it", tries=2)


@pytest.mark.parametrize(
    ("owner", "server_id", "holder", "command"),
    [
        (ROUTER_INTERFACE, None, "router d", "router remove port d p"),
        (ROUTER_GATEWAY, None, "router d", "router unset --external-gateway d"),
        (FLOATING_IP, None, "floating IP d", "floating ip delete d"),
        (COMPUTE, "d", "server d", "server remove port d p"),
    ],
)
def test_who_has_a_port_and_what_takes_it_away(
    owner: str, server_id: str | None, holder: str, command: str
) -> None:
    port = make_port(id="p", device_id="d", device_owner=owner, server_id=server_id)
    assert tell_who_has(port) == f"port p, of the {holder}: 'openstack {command}' takes it away"


def test_a_port_that_nobody_has_is_deleted() -> None:
    assert tell_who_has(make_port(id="p")) == "port p: 'openstack port delete p' takes it away"


def test_waiting_is_advised_only_while_nothing_is_wrong() -> None:
    port = make_port(host_id=HostId("host"))
    (step,) = list_port_steps(port, [CALM], [])
    assert step.startswith("wait: nothing is wrong")
    assert list_port_steps(port, [CALM, FAILING], []) == (TRIED_AGAIN,)
    assert list_port_steps(port, [], []) == ()
