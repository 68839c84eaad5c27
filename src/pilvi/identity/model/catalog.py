"""Services and endpoints, and how the catalog shows them."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from pilvi.errors import InvalidRequest

_NAMESPACE = uuid.UUID("2b7f3c1e-5a6d-4c7b-9b60-1d6f0c9e7a11")
_PLACE = re.compile(r"[$%]\(([^()]*)\)s")

PLACES = frozenset({"project_id", "tenant_id", "user_id"})
"""All that an endpoint's URL may ask to be filled in; nothing of the cloud's settings."""


@dataclass(frozen=True, slots=True)
class CatalogService:
    """One service of this cloud: its type, its name, and the path of its endpoint."""

    type: str
    name: str
    path: str

    @property
    def id(self) -> str:
        """The same in every cloud and at every start."""
        return uuid.uuid5(_NAMESPACE, self.type).hex

    def endpoint_id(self, interface: str) -> str:
        """The same in every cloud and at every start."""
        return uuid.uuid5(_NAMESPACE, f"{self.type} {interface}").hex


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


def check_url(url: str) -> None:
    """Raise `InvalidRequest` for an endpoint's URL that asks for what is not filled in. Pure."""
    unknown = set(_PLACE.findall(url)) - PLACES
    rest = _PLACE.sub("", url)
    if unknown or "$(" in rest or "%(" in rest:
        known = ", ".join(sorted(PLACES))
        raise InvalidRequest(f"cannot use the url '{url}': only these are filled in: {known}")


def fill_url(url: str, base_url: str, places: Mapping[str, str | None]) -> str | None:
    """An endpoint's URL for a token, or None when the token lacks what it asks for. Pure."""
    if any(not places.get(name) for name in _PLACE.findall(url)):
        return None
    filled = _PLACE.sub(lambda found: str(places[found[1]]), url)
    return base_url + filled if filled.startswith("/") else filled
