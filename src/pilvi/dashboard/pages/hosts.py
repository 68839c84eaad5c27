"""Hosts, with what runs where; for admins."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import (
    Action,
    Bar,
    Collection,
    Column,
    Done,
    Field,
    Form,
    Paging,
    Row,
    Section,
)
from pilvi.dashboard.render import code, link, print_amount, size, state

ROOT = "/compute/v2.1/os-hypervisors"
# The newest version that tells what is used; later ones leave that to placement.
_TELLS_USE = "compute 2.87"


async def load(client: Client, paging: Paging) -> Sequence[Row]:
    """Some of the hosts."""
    found = await client.get(f"{ROOT}/detail", paging.params(), version=_TELLS_USE)
    rows: Sequence[Row] = found["hypervisors"]
    return rows


async def find(client: Client, id: str) -> Row:
    """One host. Raises `Refused`."""
    found = await client.get(at(ROOT, id), version=_TELLS_USE)
    row: Row = found["hypervisor"]
    return row


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """How full the host is, and the instances on it."""
    query = {"all_tenants": "1", "host": row["service"]["host"], "limit": "1000"}
    servers = await asyncio.gather(client.get("/compute/v2.1/servers/detail", query))
    return [
        Section(
            title="In use",
            bars=[
                Bar("vCPUs", row["vcpus_used"], row["vcpus"]),
                Bar("Memory", row["memory_mb_used"] / 1024, row["memory_mb"] / 1024, "GiB"),
                Bar("Disk", row["local_gb_used"], row["local_gb"], "GiB"),
            ],
        ),
        Section(
            title="Instances on it",
            columns=_SERVERS,
            rows=servers[0]["servers"],
            empty="Nothing runs here.",
        ),
    ]


async def _service_id(client: Client, id: str) -> str:
    row = await find(client, id)
    return str(row["service"]["id"])


def _service_action(name: str, label: str, change: dict[str, Any], note: str) -> Action:
    async def send(client: Client, id: str, form: Form) -> Done:
        wanted = dict(change)
        if form.get("reason"):
            wanted["disabled_reason"] = form["reason"]
        path = at("/compute/v2.1/os-services", await _service_id(client, id))
        await client.put(path, wanted)
        return Done(note)

    closes = name == "close"
    fields = [Field(name="reason", label="Why", is_required=False)] if closes else []
    return Action(
        name=name,
        label=label,
        send=send,
        fields=fields,
        explain="Instances on it stay; no new ones come to it." if closes else "",
        when=lambda row: (row["status"] == "enabled") is closes,
    )


def _percent(used: float, limit: float) -> str:
    return f"{print_amount(round(100 * used / limit))} %" if limit else "–"


_SERVERS = [
    Column("Name", lambda row: link(row["name"], "instances", row["id"])),
    Column("State", lambda row: state(row["status"])),
    Column("Flavor", lambda row: row["flavor"]["original_name"]),
    Column("Project", lambda row: code(row["tenant_id"]), is_minor=True),
]

HOSTS = Collection(
    path="hosts",
    title="Hosts",
    noun="host",
    empty="No host has reported yet: start 'pilvi agent' on one.",
    load=load,
    find=find,
    name_of=lambda row: str(row["hypervisor_hostname"]),
    columns=[
        Column("Name", lambda row: link(row["hypervisor_hostname"], "hosts", row["id"])),
        Column("State", lambda row: state(row["state"])),
        Column("New instances", lambda row: state(row["status"])),
        Column("Instances", lambda row: row["running_vms"]),
        Column("vCPUs", lambda row: f"{row['vcpus_used']} of {row['vcpus']}"),
        Column("Memory", lambda row: _percent(row["memory_mb_used"], row["memory_mb"])),
        Column("Disk", lambda row: _percent(row["local_gb_used"], row["local_gb"]), is_minor=True),
    ],
    facts=lambda row: [
        ("State", state(row["state"])),
        ("New instances", state(row["status"])),
        ("Why not", row["service"].get("disabled_reason")),
        ("Hypervisor", f"{row['hypervisor_type']} {row['hypervisor_version']}"),
        ("Address", code(row["host_ip"])),
        ("Memory", size(row["memory_mb"] * 1024 * 1024)),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    actions=[
        _service_action("close", "Close for new ones", {"status": "disabled"}, "It is closed."),
        _service_action("open", "Open for new ones", {"status": "enabled"}, "It is open."),
    ],
    is_live=True,
)
