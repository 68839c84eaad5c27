"""What hosts are told."""

from network.rows import MOMENT, make_network, make_port, make_router, make_subnet
from pilvi.network.model.network import NetworkType
from pilvi.network.model.port import DHCP, ROUTER_GATEWAY, ROUTER_INTERFACE, FixedIp
from pilvi.network.model.router import FloatingIp, FloatingIpId
from pilvi.network.reconcilers.specs import network_spec, port_spec, router_spec


def test_a_subnet_without_a_dhcp_address_has_no_dhcp() -> None:
    subnet, port = make_subnet(), make_port()
    bare = network_spec(make_network(), [subnet], [port])
    assert not bare.subnets[0].dhcp_enabled and bare.leases == []
    server = make_port(id="dhcp", device_owner=DHCP, fixed_ips=(FixedIp("subnet-1", "10.9.0.2"),))
    served = network_spec(make_network(), [subnet], [port, server])
    assert served.subnets[0].dhcp_address == "10.9.0.2"
    assert [(lease.address, lease.hostname) for lease in served.leases] == [
        ("10.9.0.5", "host-10-9-0-5")
    ]


def test_a_mac_has_one_lease_in_a_subnet() -> None:
    two = (FixedIp("subnet-1", "10.9.0.5"), FixedIp("subnet-1", "10.9.0.6"))
    server = make_port(id="dhcp", device_owner=DHCP, fixed_ips=(FixedIp("subnet-1", "10.9.0.2"),))
    spec = network_spec(make_network(), [make_subnet()], [make_port(fixed_ips=two), server])
    assert [lease.address for lease in spec.leases] == ["10.9.0.5"]


def test_only_the_flat_network_is_the_uplink() -> None:
    outside = make_network(is_external=True)
    assert not network_spec(outside, [], []).is_external
    uplink = make_network(is_external=True, network_type=NetworkType.FLAT)
    assert network_spec(uplink, [], []).is_external


def test_a_port_without_security_has_neither_rules_nor_pairs() -> None:
    pairs = [("", "10.9.0.77"), ("fa:16:3e:00:00:09", "10.8.0.0/16")]
    secure = port_spec(make_port(address_pairs=pairs), make_network(), [])
    assert secure.allowed_pairs == [
        ("fa:16:3e:00:00:01", "10.9.0.77/32"),
        ("fa:16:3e:00:00:09", "10.8.0.0/16"),
    ]
    open_port = make_port(address_pairs=pairs, port_security_enabled=False)
    spec = port_spec(open_port, make_network(admin_state_up=False), [])
    assert spec.allowed_pairs == [] and not spec.port_security and not spec.admin_state_up


def test_a_router_has_the_legs_that_are_not_going() -> None:
    inside = make_port(id="in", device_owner=ROUTER_INTERFACE)
    going = make_port(id="old", device_owner=ROUTER_INTERFACE, is_deleting=True, fixed_ips=())
    outside = make_port(
        id="out",
        network_id="public",
        device_owner=ROUTER_GATEWAY,
        fixed_ips=(FixedIp("subnet-2", "172.24.4.9"),),
    )
    subnets = {
        "subnet-1": make_subnet(),
        "subnet-2": make_subnet("172.24.4.0/24", id="subnet-2", network_id="public"),
    }
    floating = FloatingIp(
        id=FloatingIpId("f"),
        project_id="p",
        description="",
        floating_network_id="public",
        floating_port_id="fp",
        address="172.24.4.20",
        port_id="port-1",
        fixed_address="10.9.0.5",
        router_id="router-1",
        status="DOWN",
        generation=1,
        created_at=MOMENT,
        updated_at=MOMENT,
    )
    spec = router_spec(make_router(), [inside, going, outside], subnets, [floating])
    assert [leg.address for leg in spec.interfaces] == ["10.9.0.5/24"]
    assert spec.gateway is not None and spec.gateway.address == "172.24.4.9/24"
    assert spec.gateway_next_hop == "172.24.4.1"
    assert [(f.floating_address, f.fixed_address) for f in spec.floating_ips] == [
        ("172.24.4.20", "10.9.0.5")
    ]
    inner = router_spec(make_router(), [inside], subnets, [floating])
    assert inner.gateway is None and inner.floating_ips == []
