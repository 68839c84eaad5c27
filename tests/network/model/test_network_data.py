"""The document that guests set themselves up by."""

import dataclasses
from typing import Any

from network.rows import make_subnet
from pilvi.network.model.network_data import build_network_data
from pilvi.network.model.request import ServerPort

PORT = ServerPort(
    port_id="0a1b2c3d-0000-0000-0000-000000000000",
    network_id="network-1",
    network_name="private",
    mac="fa:16:3e:00:00:01",
    fixed_ips=(("subnet-1", "10.9.0.5"),),
    floating_ips=(),
    security_groups=(),
    status="DOWN",
    fault="",
    mtu=1450,
    host_id=None,
    created_for_server=True,
)


def test_dhcp_is_named_and_static_addresses_are_spelled_out() -> None:
    served = make_subnet(dns_nameservers=["9.9.9.9"])
    document = build_network_data([PORT], {"subnet-1": served})
    (link,) = document["links"]
    assert link["ethernet_mac_address"] == PORT.mac and link["mtu"] == 1450
    (network,) = document["networks"]
    assert network["type"] == "ipv4_dhcp" and network["link"] == link["id"]
    assert document["services"] == [{"type": "dns", "address": "9.9.9.9"}]
    bare = make_subnet(enable_dhcp=False, host_routes=[("10.7.0.0/16", "10.9.0.9")])
    (network,) = build_network_data([PORT], {"subnet-1": bare})["networks"]
    assert (network["ip_address"], network["netmask"]) == ("10.9.0.5", "255.255.255.0")
    assert network["routes"] == [
        {"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "10.9.0.1"},
        {"network": "10.7.0.0", "netmask": "255.255.0.0", "gateway": "10.9.0.9"},
    ]


def test_ipv6_is_named_by_how_guests_get_their_addresses() -> None:
    port = dataclasses.replace(PORT, fixed_ips=(("subnet-1", "2001:db8::5"),))

    def kind(**values: Any) -> Any:
        subnet = make_subnet("2001:db8::/64", **values)
        return build_network_data([port], {"subnet-1": subnet})["networks"][0]

    assert kind(address_mode="slaac")["type"] == "ipv6_slaac"
    assert kind(address_mode="dhcpv6-stateful")["type"] == "ipv6_dhcpv6-stateful"
    assert kind()["type"] == "ipv6_dhcp"
    bare = kind(enable_dhcp=False)
    assert (bare["type"], bare["ip_address"]) == ("ipv6", "2001:db8::5")
    assert bare["routes"][0]["gateway"] == "2001:db8::1"
