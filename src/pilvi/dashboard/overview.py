"""The first page: how much of the project's quota is used, and what needs a look."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from pilvi.dashboard.client import at
from pilvi.dashboard.describe import Bar, Column, Section
from pilvi.dashboard.render import link, moment, state
from pilvi.dashboard.visit import Visit

_NEWEST = 5


async def show_overview(visit: Visit) -> Response:
    """Quota bars of the three services that have quotas, and the newest instances."""
    client = visit.client
    quotas = at("/network/v2.0/quotas", client.project_id, "details")
    newest = {"limit": str(_NEWEST), "sort_key": "created_at", "sort_dir": "desc"}
    compute, storage, network, servers, broken = await asyncio.gather(
        client.get("/compute/v2.1/limits"),
        client.get("/volume/v3/limits"),
        client.get(quotas),
        client.get("/compute/v2.1/servers/detail", newest),
        client.get("/compute/v2.1/servers/detail", {"status": "ERROR", "limit": str(_NEWEST)}),
    )
    sections = [
        Section(title="Compute", bars=compute_bars(compute["limits"]["absolute"])),
        Section(title="Storage", bars=storage_bars(storage["limits"]["absolute"])),
        Section(title="Network", bars=network_bars(network["quota"])),
    ]
    return visit.page(
        "overview.html",
        sections=sections,
        newest=_table("Newest instances", servers["servers"]),
        broken=_table("Instances that need a look", broken["servers"]),
    )


def _table(title: str, servers: Sequence[Mapping[str, Any]]) -> Section:
    columns = [
        Column("Name", lambda row: link(row["name"], "instances", row["id"])),
        Column("State", lambda row: state(row["status"])),
        Column("Made", lambda row: moment(row["created"])),
    ]
    return Section(title=title, columns=columns, rows=servers)


def compute_bars(limits: Mapping[str, float]) -> list[Bar]:
    """Quotas of compute. Pure."""
    memory = limits["maxTotalRAMSize"]
    return [
        Bar("Instances", limits["totalInstancesUsed"], limits["maxTotalInstances"]),
        Bar("vCPUs", limits["totalCoresUsed"], limits["maxTotalCores"]),
        Bar("Memory", limits["totalRAMUsed"] / 1024, memory / 1024 if memory > 0 else -1, "GiB"),
    ]


def storage_bars(limits: Mapping[str, float]) -> list[Bar]:
    """Quotas of volumes. Pure."""
    return [
        Bar("Volumes", limits["totalVolumesUsed"], limits["maxTotalVolumes"]),
        Bar("Size", limits["totalGigabytesUsed"], limits["maxTotalVolumeGigabytes"], "GiB"),
        Bar("Snapshots", limits["totalSnapshotsUsed"], limits["maxTotalSnapshots"]),
        Bar("Backups", limits["totalBackupsUsed"], limits["maxTotalBackups"]),
    ]


def network_bars(quota: Mapping[str, Mapping[str, float]]) -> list[Bar]:
    """Quotas of networks. Pure."""
    names = {
        "network": "Networks",
        "port": "Ports",
        "router": "Routers",
        "floatingip": "Floating IPs",
        "security_group": "Security groups",
    }
    return [Bar(label, quota[name]["used"], quota[name]["limit"]) for name, label in names.items()]
