"""Flavors of routers and the profiles that say who provides them (Neutron API, "Flavors")."""

from dataclasses import dataclass
from typing import NewType

FlavorId = NewType("FlavorId", str)
ServiceProfileId = NewType("ServiceProfileId", str)

L3_SERVICE = "L3_ROUTER_NAT"
"""The one kind of service of which there are flavors: routers."""
L3_DRIVER = "single_node"
"""How routers are provided: each on one host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProfile:
    """Who provides a flavor; `metainfo` is for people and for the provider."""

    id: ServiceProfileId
    description: str
    driver: str
    is_enabled: bool
    metainfo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """What a router may be asked to be. It belongs to the cloud, and every project sees it."""

    id: FlavorId
    name: str
    description: str
    service_type: str
    is_enabled: bool
    profile_ids: tuple[str, ...]
    """Its profiles, oldest binding first: the first one counts."""
