"""What a fake host holds of networks, as a real one would list it. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pilvi.agent.ports.dhcp import list_entries
from pilvi.agent.ports.names import tap_name
from pilvi.host_api.holdings import Holding, HoldingKind

if TYPE_CHECKING:
    from pilvi.agent.ports.fake import FakeNetwork, FakePortDriver


def list_holdings(driver: "FakePortDriver") -> Iterator[Holding]:
    """Everything that the driver's values stand for."""
    for network_id, network in driver.networks.items():
        yield from _list_network(network_id, network)
    if driver.uplink is not None:
        plug = driver.uplink.plugged_into
        owner = next((id for id, one in driver.networks.items() if one.bridge == plug), None)
        yield Holding(kind=HoldingKind.UPLINK, owner=owner, name=f"uplink in {plug}")
    for port_id, port in driver.ports.items():
        yield Holding(kind=HoldingKind.TAP, owner=port_id, name=tap_name(port_id))
        if port.filter_digest is not None:
            yield Holding(kind=HoldingKind.FILTER, owner=port_id, name=tap_name(port_id))
    for router_id, router in driver.routers.items():
        yield Holding(kind=HoldingKind.ROUTER, owner=router_id, name=f"router-{router_id}")
        for name in router.legs:
            yield Holding(kind=HoldingKind.LEG, owner=router_id, part=name, name=name)
        if router.adverts_digest is not None:
            yield Holding(kind=HoldingKind.SERVICE, owner=router_id, part="adverts")
    for set_id in driver.sets:
        yield Holding(kind=HoldingKind.ADDRESS_SET, owner=set_id, name=set_id)


def _list_network(network_id: str, network: "FakeNetwork") -> Iterator[Holding]:
    if network.seen is not None:
        yield Holding(kind=HoldingKind.BRIDGE, owner=network_id, name=network.bridge)
    dhcp = network.dhcp
    if dhcp is not None:
        yield Holding(kind=HoldingKind.DHCP, owner=network_id, name=f"dhcp-{network_id}")
        if dhcp.config_digest is not None:
            yield Holding(kind=HoldingKind.SERVICE, owner=network_id, part="dnsmasq")
        if dhcp.metadata_runs:
            yield Holding(kind=HoldingKind.SERVICE, owner=network_id, part="metadata")
    for mac, address in list_entries(network.leases):
        part = f"{mac} {address}"
        yield Holding(kind=HoldingKind.LEASE, owner=network_id, part=part, name=part)
    for address in network.documents:
        yield Holding(kind=HoldingKind.DOCUMENT, owner=network_id, part=address, name=address)
