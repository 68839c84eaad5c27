"""A router whose inner and outer IPv6 networks are cut from pools of one address scope."""

from dataclasses import dataclass

from network.neutron import Neutron


@dataclass
class Proxied:
    """What is needed for an NDP proxy of project demo."""

    router_id: str
    network_id: str
    subnet_id: str
    outer_id: str
    """The external network."""


async def make_proxied(neutron: Neutron, **fields: object) -> Proxied:
    """A router of demo between two such networks; its fields change the router."""
    scope = await neutron.make("address-scopes", "admin", name="six", ip_version=6, shared=True)
    pool = await neutron.make(
        "subnetpools",
        "admin",
        name="six",
        prefixes=["2001:db8:66::/48"],
        default_prefixlen=64,
        address_scope_id=scope["id"],
        shared=True,
    )
    outer = await neutron.make("networks", "admin", name="outer", router__external=True)
    inner = await neutron.make("networks", name="inner")
    cut = {"ip_version": 6, "subnetpool_id": pool["id"]}
    await neutron.make("subnets", "admin", network_id=outer["id"], **cut)
    subnet = await neutron.make("subnets", network_id=inner["id"], **cut)
    gateway = {"network_id": outer["id"]}
    wish = {"external_gateway_info": gateway, "enable_ndp_proxy": True, **fields}
    router = await neutron.make("routers", name="proxying", **wish)
    added = await neutron.interface("add", router["id"], subnet_id=subnet["id"])
    assert added.status_code == 200, added.text
    return Proxied(router["id"], inner["id"], subnet["id"], outer["id"])
