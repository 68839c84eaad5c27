"""What dnsmasq is told, as values."""

import msgspec
import pytest

from agent.ports.small_host import mac, network, uuid
from pilvi.agent.ports.dhcp import (
    dhcp_addresses,
    dhcp_config,
    dhcp_leases,
    released,
)
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import Lease


def test_a_subnet_is_served_with_its_router_routes_and_name_servers() -> None:
    lines = dhcp_config(network()).text.splitlines()
    routes = "169.254.169.254/32,10.0.1.2,10.77.0.0/16,10.0.1.9,0.0.0.0/0,10.0.1.1"
    assert "dhcp-range=set:s0,10.0.1.0,static,255.255.255.0,86400" in lines
    assert "dhcp-option=tag:s0,option:router,10.0.1.1" in lines
    assert f"dhcp-option=tag:s0,option:classless-static-route,{routes}" in lines
    assert f"dhcp-option=tag:s0,249,{routes}" in lines
    assert "dhcp-option=tag:s0,option:dns-server,9.9.9.9" in lines
    assert "dhcp-option-force=option:mtu,1450" in lines
    assert "port=0" in lines


def test_a_subnet_without_a_gateway_says_that_there_is_none() -> None:
    subnet = msgspec.structs.replace(network().subnets[0], gateway=None, host_routes=[])
    lines = dhcp_config(network(subnets=[subnet])).text.splitlines()
    assert "dhcp-option=tag:s0,option:router" in lines
    assert "dhcp-option=tag:s0,option:classless-static-route,169.254.169.254/32,10.0.1.2" in lines


def test_a_host_route_for_everything_takes_the_place_of_the_gateway() -> None:
    subnet = msgspec.structs.replace(
        network().subnets[0], host_routes=[("0.0.0.0/0", "10.0.1.254")]
    )
    assert "0.0.0.0/0,10.0.1.254\n" in dhcp_config(network(subnets=[subnet])).text
    assert "0.0.0.0/0,10.0.1.1\n" not in dhcp_config(network(subnets=[subnet])).text


def test_only_subnets_that_ask_for_dhcp_are_served() -> None:
    off = msgspec.structs.replace(network().subnets[0], dhcp_enabled=False, dhcp_address=None)
    assert dhcp_addresses(network(subnets=[off])) == frozenset()
    assert dhcp_addresses(network()) == {"10.0.1.2/24", "169.254.169.254/32"}
    assert "dhcp-range" not in dhcp_config(network(subnets=[off])).text


def test_entries_are_sorted_so_that_the_same_wish_has_the_same_digest() -> None:
    one, other = network(ports=[11, 12]), network(ports=[12, 11])
    assert dhcp_leases(one).digest == dhcp_leases(other).digest
    assert dhcp_leases(one).text.splitlines()[0] == f"{mac(11)},10.0.1.11,vm-11"


@pytest.mark.parametrize("name", ["x\ndhcp-script=/bin/sh", "a,b", "", "-x", "ä", "x" * 64])
def test_a_host_name_that_is_none_is_left_out(name: str) -> None:
    lease = Lease(port_id=uuid(11), mac=mac(11), address="10.0.1.11", hostname=name)
    assert dhcp_leases(network(leases=[lease])).text == f"{mac(11)},10.0.1.11\n"


@pytest.mark.parametrize(
    "change",
    [
        {"dns_servers": ["9.9.9.9\ndhcp-script=/bin/sh"]},
        {"dns_servers": ["fe80::1%x]\ndhcp-script=/bin/sh"]},
        {"cidr": "fe80::%x\ndhcp-script=/bin/sh #/64"},
        {"host_routes": [("10.0.0.0/8", "x")]},
        {"host_routes": [("10.0.0.0/99", "10.0.1.1")]},
        {"gateway": "10.0.1.1,option:router"},
        {"dhcp_address": "me"},
        {"cidr": "10.0.1.0/24,set:x"},
    ],
)
def test_a_value_that_is_none_is_refused(change: dict[str, object]) -> None:
    subnet = msgspec.structs.replace(network().subnets[0], **change)
    with pytest.raises(InvalidRequest):
        dhcp_config(network(subnets=[subnet]))
        dhcp_addresses(network(subnets=[subnet]))


def test_what_is_released_is_what_is_gone_or_has_another_owner() -> None:
    before = dhcp_leases(network(ports=[11, 12])).text
    after = dhcp_leases(network(ports=[12, 13])).text
    assert released(before, after) == [(mac(11), "10.0.1.11")]
    assert released(before, before) == []
