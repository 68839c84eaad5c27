"""What runs on the hosts for compute, volumes and networks; for admins."""

import asyncio
from collections.abc import Sequence

from pilvi.dashboard.client import Client
from pilvi.dashboard.describe import Collection, Column, Paging, Row
from pilvi.dashboard.render import moment, state


async def load(client: Client, paging: Paging) -> Sequence[Row]:
    """The services of all three, in one shape."""
    compute, storage, network = await asyncio.gather(
        client.get("/compute/v2.1/os-services"),
        client.get("/volume/v3/os-services"),
        client.get("/network/v2.0/agents"),
    )
    rows: list[Row] = [*compute["services"], *storage["services"]]
    for agent in network["agents"]:
        rows.append(
            {
                "binary": agent["agent_type"],
                "host": agent["host"],
                "state": "up" if agent["alive"] else "down",
                "status": "enabled" if agent["admin_state_up"] else "disabled",
                "updated_at": agent["heartbeat_timestamp"],
            }
        )
    return rows


SERVICES = Collection(
    path="services",
    title="Services",
    noun="service",
    empty="No host has reported yet: start 'pilvi agent' on one.",
    load=load,
    is_paged=False,
    columns=[
        Column("Service", lambda row: row["binary"]),
        Column("Host", lambda row: row["host"]),
        Column("State", lambda row: state(row["state"])),
        Column("Enabled", lambda row: state(row["status"])),
        Column("Heard of", lambda row: moment(row["updated_at"])),
    ],
    id_of=lambda row: f"{row['binary']} {row['host']}",
    name_of=lambda row: f"{row['binary']} on {row['host']}",
)
