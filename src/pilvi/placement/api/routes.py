"""THE SURFACE of placement: one row per method and path."""

from pilvi.core.http import Route
from pilvi.placement.api import allocations, claims, discovery, providers, words
from pilvi.placement.api import provider_changes as changes

_READ, _CHANGE = "placement:read", "placement:change"
_PROVIDER = "/resource_providers/{provider_id}"
_INVENTORY = _PROVIDER + "/inventories/{resource_class}"

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "placement:discover"),
    Route("GET", "/", discovery.list_versions, "placement:discover"),
]

_CLASS, _TRAIT = "/resource_classes/{name}", "/traits/{name}"
_ALLOCATIONS = "/allocations/{consumer_id}"

_WRITES = [
    Route("POST", "/resource_providers", changes.create_resource_provider, _CHANGE,
          body=changes.ProviderCreate),
    Route("PUT", _PROVIDER, changes.update_resource_provider, _CHANGE,
          body=changes.ProviderUpdate),
    Route("DELETE", _PROVIDER, changes.delete_resource_provider, _CHANGE, status=204),
    Route("POST", _PROVIDER + "/inventories", changes.create_provider_inventory, _CHANGE,
          body=changes.InventoryCreate),
    Route("PUT", _PROVIDER + "/inventories", changes.replace_provider_inventories, _CHANGE,
          body=changes.InventoriesReplace),
    Route("DELETE", _PROVIDER + "/inventories", changes.delete_provider_inventories, _CHANGE,
          status=204, since=(1, 5)),
    Route("PUT", _INVENTORY, changes.update_provider_inventory, _CHANGE,
          body=changes.InventoryUpdate),
    Route("DELETE", _INVENTORY, changes.delete_provider_inventory, _CHANGE, status=204),
    Route("PUT", _PROVIDER + "/aggregates", changes.replace_provider_aggregates, _CHANGE,
          body=changes.AggregatesBody, since=(1, 1)),
    Route("PUT", _PROVIDER + "/traits", changes.replace_provider_traits, _CHANGE,
          body=changes.TraitsReplace, since=(1, 6)),
    Route("DELETE", _PROVIDER + "/traits", changes.delete_provider_traits, _CHANGE, status=204,
          since=(1, 6)),
    Route("PUT", _TRAIT, words.ensure_trait, _CHANGE, since=(1, 6)),
    Route("DELETE", _TRAIT, words.delete_trait, _CHANGE, status=204, since=(1, 6)),
    Route("POST", "/resource_classes", words.create_resource_class, _CHANGE,
          body=words.ClassName, since=(1, 2)),
    Route("PUT", _CLASS, words.rename_resource_class, _CHANGE, body=words.ClassName,
          since=(1, 2), until=(1, 6)),
    Route("PUT", _CLASS, words.ensure_resource_class, _CHANGE, since=(1, 7)),
    Route("DELETE", _CLASS, words.delete_resource_class, _CHANGE, status=204, since=(1, 2)),
    Route("POST", "/allocations", claims.manage_allocations, _CHANGE, status=204,
          body=dict[str, claims.ClaimBody], since=(1, 13)),
    Route("PUT", _ALLOCATIONS, claims.replace_allocations, _CHANGE, status=204,
          body=claims.ClaimBody),
    Route("DELETE", _ALLOCATIONS, claims.delete_allocations, _CHANGE, status=204),
    Route("POST", "/reshaper", claims.reshape, _CHANGE, status=204, body=claims.Reshape,
          since=(1, 30)),
]  # fmt: skip

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
    Route("GET", "/pilvi-usages", providers.list_all_usages, _READ),
    Route("GET", "/usages", allocations.list_usages, "placement:list_usages", since=(1, 9)),
    Route(
        "GET",
        "/allocation_candidates",
        allocations.list_allocation_candidates,
        _READ,
        since=(1, 10),
    ),
    *_WRITES,
]
