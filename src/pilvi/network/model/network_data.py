"""The network_data.json of a server. Pure."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.network.model.network import Subnet
from pilvi.network.model.request import ServerPort


def build_network_data(
    ports: Sequence[ServerPort], subnets: Mapping[str, Subnet]
) -> dict[str, Any]:
    """Links, networks and services as cloud-init reads them (OpenStack metadata, 2018-08-27)."""
    links: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    servers: dict[str, None] = {}
    for port in ports:
        link = f"tap{port.port_id[:11]}"
        links.append(
            {
                "id": link,
                "vif_id": port.port_id,
                "type": "bridge",
                "mtu": port.mtu,
                "ethernet_mac_address": port.mac,
            }
        )
        for subnet_id, address in port.fixed_ips:
            subnet = subnets[subnet_id]
            place = {"id": f"network{len(networks)}", "link": link, "network_id": port.network_id}
            networks.append({**place, **_describe(subnet, address)})
            servers.update(dict.fromkeys(subnet.dns_nameservers))
    services = [{"type": "dns", "address": address} for address in servers]
    return {"links": links, "networks": networks, "services": services}


def _describe(subnet: Subnet, address: str) -> dict[str, Any]:
    version = subnet.ip_version
    if version == 6 and subnet.enable_dhcp:
        return {"type": f"ipv6_{subnet.address_mode}" if subnet.address_mode else "ipv6_dhcp"}
    if subnet.enable_dhcp:
        return {"type": "ipv4_dhcp"}
    routes = [
        {
            "network": destination.partition("/")[0],
            "netmask": _netmask(destination),
            "gateway": via,
        }
        for destination, via in subnet.host_routes
    ]
    if subnet.gateway_ip is not None:
        everything = "0.0.0.0" if version == 4 else "::"
        default = {"network": everything, "netmask": everything, "gateway": subnet.gateway_ip}
        routes.insert(0, default)
    return {
        "type": f"ipv{version}",
        "ip_address": address,
        "netmask": str(subnet.network.netmask),
        "routes": routes,
        "services": [{"type": "dns", "address": server} for server in subnet.dns_nameservers],
    }


def _netmask(cidr: str) -> str:
    return str(ipaddress.ip_network(cidr).netmask)
