"""Where volumes are kept, and what stands around them."""

from typing import Any

from pilvi.block_storage.api.backups import BACKUP_FILTERS
from pilvi.block_storage.api.snapshots import SNAPSHOT_FILTERS
from pilvi.block_storage.api.views import print_time, read_word
from pilvi.block_storage.api.volume_filters import VOLUME_FILTERS
from pilvi.block_storage.operations.pools import BACKEND, Pool, list_pools
from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.scheduler import AVAILABILITY_ZONE

VENDOR = "Pilvi"
DRIVER_VERSION = "1.0.0"
PROTOCOL = "iSCSI"


async def read_pools(call: Call[Any]) -> list[Pool]:
    """Every host's room for volumes."""
    return await list_pools(call.tx, call.settings.host_lease_s)


async def list_backend_pools(call: Call[None]) -> dict[str, Any]:
    """Every host's room for volumes."""
    pools = [pool for pool in await read_pools(call) if pool.host.facts is not None]
    wanted = call.query.get("name") if "pool_filters" in call.flags else None
    pools = [pool for pool in pools if wanted in (None, pool.name)]
    if not read_word(call, "detail"):
        return {"pools": [{"name": pool.name} for pool in pools]}
    return {"pools": [{"name": p.name, "capabilities": _render_room(p)} for p in pools]}


def _render_room(pool: Pool) -> dict[str, Any]:
    facts = pool.host.facts
    assert facts is not None
    return {
        "pool_name": BACKEND,
        "volume_backend_name": BACKEND,
        "vendor_name": VENDOR,
        "driver_version": DRIVER_VERSION,
        "storage_protocol": PROTOCOL,
        "total_capacity_gb": facts.disk_gib,
        "free_capacity_gb": facts.disk_free_gib,
        "allocated_capacity_gb": pool.provisioned_gib,
        "provisioned_capacity_gb": pool.provisioned_gib,
        "reserved_percentage": 0,
        "max_over_subscription_ratio": "auto",
        "thin_provisioning_support": True,
        "thick_provisioning_support": False,
        "multiattach": True,
        "QoS_support": False,
        "backend_state": "up" if pool.is_alive else "down",
        "updated": print_time(pool.host.seen_at),
    }


async def show_capabilities(call: Call[None]) -> dict[str, Any]:
    """What one host's driver can do."""
    name = call.path["host"]
    pool = next(
        (p for p in await read_pools(call) if name in (p.host.name, p.service, p.name)), None
    )
    if pool is None:
        raise NotFound(f"cannot find the host '{name}'; it looks like HOST@{BACKEND}")
    return {
        "namespace": f"OS::Storage::Capabilities::{pool.service}",
        "vendor_name": VENDOR,
        "volume_backend_name": BACKEND,
        "pool_name": BACKEND,
        "driver_version": DRIVER_VERSION,
        "storage_protocol": PROTOCOL,
        "display_name": "Sparse files through iSCSI",
        "description": "Thin volumes of zeros, one target and account for each attachment.",
        "visibility": "public",
        "replication_targets": [],
        "properties": {
            "thin_provisioning": {
                "title": "Thin provisioning",
                "description": "Space is taken when it is written.",
                "type": "boolean",
            }
        },
    }


async def list_availability_zones(call: Call[None]) -> dict[str, Any]:
    """The one availability zone."""
    zone = {"zoneName": AVAILABILITY_ZONE, "zoneState": {"available": True}}
    return {"availabilityZoneInfo": [zone]}


_EXTENSIONS = {
    "os-availability-zone": "AvailabilityZones",
    "os-quota-sets": "Quotas",
    "os-services": "Services",
    "os-types-extra-specs": "TypesExtraSpecs",
    "os-types-manage": "TypesManage",
    "os-volume-type-access": "VolumeTypeAccess",
    "os-extended-volumes": "ExtendedVolumes",
    "os-volume-actions": "VolumeActions",
    "os-admin-actions": "AdminActions",
    "backups": "Backups",
    "os-hosts": "Hosts",
    "os-quota-class-sets": "QuotaClasses",
    "os-extended-snapshot-attributes": "ExtendedSnapshotAttributes",
    "os-snapshot-actions": "SnapshotActions",
    "os-volume-encryption-metadata": "VolumeEncryptionMetadata",
    "os-volume-transfer": "VolumeTransfer",
    "encryption": "VolumeTypeEncryption",
    "qos-specs": "Qos_specs_manage",
    "capabilities": "Capabilities",
    "scheduler-stats": "Scheduler_stats",
}


async def list_extensions(call: Call[None]) -> dict[str, Any]:
    """What is served beyond the first API."""
    updated = "2026-11-22T00:00:00+00:00"
    rows = [
        {"alias": alias, "name": name, "description": "", "updated": updated, "links": []}
        for alias, name in _EXTENSIONS.items()
    ]
    return {"extensions": rows}


async def list_resource_filters(call: Call[None]) -> dict[str, Any]:
    """What lists can be filtered by."""
    known = {
        "volume": [*VOLUME_FILTERS, "name~"],
        "snapshot": [*SNAPSHOT_FILTERS, "name~"],
        "backup": [*BACKUP_FILTERS, "name~"],
        "group": [],
        "group_snapshot": ["name", "group_id"],
        "attachment": ["id", "volume_id", "instance_id", "status"],
        "pool": ["name"],
    }
    wanted = call.query.get("resource")
    rows = [{"resource": name, "filters": filters} for name, filters in known.items()]
    return {"resource_filters": [row for row in rows if wanted in (None, row["resource"])]}
