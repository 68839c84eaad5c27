"""Which services this cloud has, as the catalog lists them."""

import uuid
from dataclasses import dataclass
from typing import Any

_NAMESPACE = uuid.UUID("2b7f3c1e-5a6d-4c7b-9b60-1d6f0c9e7a11")


@dataclass(frozen=True, slots=True)
class CatalogService:
    """One service: its type, its name, and the path of its endpoint."""

    type: str
    name: str
    path: str

    @property
    def id(self) -> str:
        """The same in every cloud and at every start."""
        return uuid.uuid5(_NAMESPACE, self.type).hex


SERVICES = (
    CatalogService("identity", "keystone", "/identity"),
    CatalogService("image", "glance", "/image"),
    CatalogService("compute", "nova", "/compute/v2.1"),
    CatalogService("block-storage", "cinder", "/volume/v3"),
    CatalogService("volumev3", "cinderv3", "/volume/v3"),
    CatalogService("network", "neutron", "/network"),
    CatalogService("placement", "placement", "/placement"),
)
INTERFACES = ("public", "internal", "admin")


def catalog(base_url: str, region: str) -> list[dict[str, Any]]:
    """The service catalog as a token's body holds it. Pure."""
    return [
        {
            "id": service.id,
            "type": service.type,
            "name": service.name,
            "endpoints": [
                {
                    "id": uuid.uuid5(_NAMESPACE, f"{service.type} {interface}").hex,
                    "interface": interface,
                    "region": region,
                    "region_id": region,
                    "url": base_url + service.path,
                }
                for interface in INTERFACES
            ],
        }
        for service in SERVICES
    ]
