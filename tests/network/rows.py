"""Rows with middling values, for what is pure."""

import dataclasses
from typing import Any

from pilvi.core.db import now
from pilvi.host_api.contract import Kind
from pilvi.hosts.model.host import Held, HostId
from pilvi.network.model.address import default_pools, parse_subnet
from pilvi.network.model.network import Network, NetworkId, NetworkType, Subnet, SubnetId
from pilvi.network.model.port import FixedIp, Port, PortId, PortStatus
from pilvi.network.model.router import Router, RouterId

MOMENT = now()


def make_network(**values: Any) -> Network:
    """A tenant's network."""
    network = Network(
        id=NetworkId("network-1"),
        project_id="project",
        name="",
        description="",
        admin_state_up=True,
        is_shared=False,
        is_external=False,
        is_default=False,
        mtu=1450,
        port_security_enabled=True,
        network_type=NetworkType.VXLAN,
        segment=7,
        availability_zone_hints=[],
        qos_policy_id=None,
        segment_name="",
        segment_description="",
        is_deleting=False,
        generation=1,
        applied_generation=0,
        created_at=MOMENT,
        updated_at=MOMENT,
    )
    return dataclasses.replace(network, **values)


def make_subnet(cidr: str = "10.9.0.0/24", **values: Any) -> Subnet:
    """A subnet with DHCP and a gateway."""
    network = parse_subnet(cidr)
    gateway = str(network[1])
    subnet = Subnet(
        id=SubnetId("subnet-1"),
        project_id="project",
        network_id=NetworkId("network-1"),
        name="",
        description="",
        cidr=cidr,
        gateway_ip=gateway,
        enable_dhcp=True,
        pools=default_pools(network, gateway),
        dns_nameservers=[],
        host_routes=[],
        next_number=0,
        ra_mode=None,
        address_mode=None,
        subnetpool_id=None,
        generation=1,
        created_at=MOMENT,
        updated_at=MOMENT,
    )
    return dataclasses.replace(subnet, **values)


def make_port(**values: Any) -> Port:
    """A guest's port with one address."""
    port = Port(
        id=PortId("port-1"),
        project_id="project",
        network_id="network-1",
        name="",
        description="",
        mac="fa:16:3e:00:00:01",
        admin_state_up=True,
        device_id="",
        device_owner="",
        port_security_enabled=True,
        address_pairs=[],
        hostname="",
        dns_name="",
        dhcp_options=[],
        qos_policy_id=None,
        host_id=None,
        host_name="",
        held_host_id=None,
        server_id=None,
        claim_order=None,
        is_claimed=False,
        router_id=None,
        is_deleting=False,
        status=PortStatus.DOWN,
        fault="",
        generation=1,
        applied_generation=0,
        created_at=MOMENT,
        updated_at=MOMENT,
        fixed_ips=(FixedIp("subnet-1", "10.9.0.5"),),
    )
    return dataclasses.replace(port, **values)


def make_router(**values: Any) -> Router:
    """A router without a gateway."""
    router = Router(
        id=RouterId("router-1"),
        project_id="project",
        name="",
        description="",
        admin_state_up=True,
        external_network_id=None,
        enable_snat=True,
        enable_ndp_proxy=False,
        routes=[],
        availability_zone_hints=[],
        flavor_id=None,
        pinned_host_id=None,
        is_parked=False,
        host_id=None,
        is_deleting=False,
        generation=1,
        applied_generation=0,
        created_at=MOMENT,
        updated_at=MOMENT,
    )
    return dataclasses.replace(router, **values)


def make_held(host_id: str, kind: Kind = Kind.PORT, **values: Any) -> Held:
    """A wish that its host has fulfilled."""
    held = Held(
        host_id=HostId(host_id),
        kind=kind,
        id="any",
        generation=1,
        present=True,
        spec=b"{}",
        seen_generation=1,
        seen_present=True,
        settled=True,
        waiting="",
        fault=None,
        seen=b"null",
    )
    return dataclasses.replace(held, **values)
