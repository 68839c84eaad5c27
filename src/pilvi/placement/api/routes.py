"""THE SURFACE of placement: one row per method and path."""

from pilvi.core.http import Route
from pilvi.placement.api import allocations, discovery, providers, words

_READ = "placement:read"
_PROVIDER = "/resource_providers/{provider_id}"
_INVENTORY = _PROVIDER + "/inventories/{resource_class}"

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "placement:discover"),
    Route("GET", "/", discovery.list_versions, "placement:discover"),
]

# Requests to write, each from the version that brought it.
_WRITES: list[tuple[str, str, tuple[int, int] | None]] = [
    ("POST", "/resource_providers", None),
    ("PUT", _PROVIDER, None),
    ("DELETE", _PROVIDER, None),
    ("POST", _PROVIDER + "/inventories", None),
    ("PUT", _PROVIDER + "/inventories", None),
    ("DELETE", _PROVIDER + "/inventories", (1, 5)),
    ("PUT", _INVENTORY, None),
    ("DELETE", _INVENTORY, None),
    ("PUT", _PROVIDER + "/aggregates", (1, 1)),
    ("PUT", _PROVIDER + "/traits", (1, 6)),
    ("DELETE", _PROVIDER + "/traits", (1, 6)),
    ("PUT", "/traits/{name}", (1, 6)),
    ("DELETE", "/traits/{name}", (1, 6)),
    ("POST", "/resource_classes", (1, 2)),
    ("PUT", "/resource_classes/{name}", (1, 2)),
    ("DELETE", "/resource_classes/{name}", (1, 2)),
    ("POST", "/allocations", (1, 13)),
    ("PUT", "/allocations/{consumer_id}", None),
    ("DELETE", "/allocations/{consumer_id}", None),
    ("POST", "/reshaper", (1, 30)),
]

ROUTES = [
    Route("GET", "/resource_providers", providers.list_resource_providers, _READ),
    Route("GET", _PROVIDER, providers.show_resource_provider, _READ),
    Route("GET", _PROVIDER + "/inventories", providers.list_provider_inventories, _READ),
    Route("GET", _INVENTORY, providers.show_provider_inventory, _READ),
    Route("GET", _PROVIDER + "/usages", providers.list_provider_usages, _READ),
    Route("GET", _PROVIDER + "/allocations", providers.list_provider_allocations, _READ),
    Route(
        "GET", _PROVIDER + "/aggregates", providers.list_provider_aggregates, _READ, since=(1, 1)
    ),
    Route("GET", _PROVIDER + "/traits", providers.list_provider_traits, _READ, since=(1, 6)),
    Route("GET", "/resource_classes", words.list_resource_classes, _READ, since=(1, 2)),
    Route("GET", "/resource_classes/{name}", words.show_resource_class, _READ, since=(1, 2)),
    Route("GET", "/traits", words.list_traits, _READ, since=(1, 6)),
    Route("GET", "/traits/{name}", words.show_trait, _READ, since=(1, 6), status=204),
    Route("GET", "/allocations/{consumer_id}", allocations.show_allocations, _READ),
    Route("GET", "/usages", allocations.list_usages, "placement:list_usages", since=(1, 9)),
    Route(
        "GET",
        "/allocation_candidates",
        allocations.list_allocation_candidates,
        _READ,
        since=(1, 10),
    ),
    *(
        Route(method, path, providers.refuse_change, "placement:change", since=since, access="none")
        for method, path, since in _WRITES
    ),
]
