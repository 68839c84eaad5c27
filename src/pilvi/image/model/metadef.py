"""Definitions of metadata: which names properties may have, what they mean, on what they go.

A namespace belongs to a project and holds, by name: objects (several properties that belong
together), properties, tags, and the types of resources that its properties are meant for.
"""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pilvi.errors import Forbidden


class NamespaceVisibility(StrEnum):
    """Who besides its owner sees a namespace."""

    PUBLIC = "public"
    PRIVATE = "private"


class ItemKind(StrEnum):
    """What a namespace holds."""

    OBJECT = "object"
    PROPERTY = "property"
    TAG = "tag"
    RESOURCE_TYPE = "resource_type"


RESOURCE_TYPES = (
    "OS::Glance::Image",
    "OS::Cinder::Volume",
    "OS::Nova::Flavor",
    "OS::Nova::Aggregate",
    "OS::Nova::Server",
)
"""The types that every cloud has; others are known once somebody names them."""
# Namespaces of one cloud, and things in each. Lower: large catalogues are refused; higher: tables
# that nobody can page through.
NAMESPACES_MAX = 1000
ITEMS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """One namespace; its name is the only one of its kind in the cloud."""

    id: str
    name: str
    owner: str
    display_name: str | None
    description: str | None
    visibility: NamespaceVisibility
    protected: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a namespace holds."""

    id: str
    namespace_id: str
    kind: ItemKind
    name: str
    body: dict[str, Any] = field(default_factory=dict)
    """What the kind has besides the name, as on the wire."""
    created_at: datetime.datetime
    updated_at: datetime.datetime


def check_deletable(namespace: Namespace) -> None:
    """Raise `Forbidden` while a namespace and what it holds may not be deleted. Pure."""
    if namespace.protected:
        raise Forbidden(
            f"cannot delete from the namespace '{namespace.name}': it is protected; set "
            "'protected' to false first"
        )


def add_prefix(names: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Names of properties as a type of resource has them. Pure."""
    return {prefix + name: value for name, value in names.items()}
