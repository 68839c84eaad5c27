"""Quotas of each project over the three services that have them; for admins."""

import asyncio

from pilvi.dashboard.client import Client, Refused, at
from pilvi.dashboard.describe import Action, Collection, Column, Done, Field, FieldKind, Form, Row
from pilvi.dashboard.pages.projects import RESOURCE
from pilvi.dashboard.render import code, link

_COMPUTE = {"instances": "Instances", "cores": "vCPUs", "ram": "Memory (MiB)"}
_STORAGE = {
    "volumes": "Volumes",
    "gigabytes": "Size of volumes (GiB)",
    "snapshots": "Snapshots",
    "backups": "Backups",
    "backup_gigabytes": "Size of backups (GiB)",
}
_NETWORK = {
    "network": "Networks",
    "subnet": "Subnets",
    "port": "Ports",
    "router": "Routers",
    "floatingip": "Floating IPs",
    "security_group": "Security groups",
    "security_group_rule": "Rules",
}
_GROUPS = {"Compute": _COMPUTE, "Storage": _STORAGE, "Network": _NETWORK}


def _paths(id: str) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (at("/compute/v2.1/os-quota-sets", id), "quota_set", _COMPUTE),
        (at("/volume/v3/os-quota-sets", id), "quota_set", _STORAGE),
        (at("/network/v2.0/quotas", id), "quota", _NETWORK),
    ]


async def find(client: Client, id: str) -> Row:
    """A project with all its limits. Raises `Refused`."""
    project = await RESOURCE.find(client, id)
    paths = _paths(id)
    found = await asyncio.gather(*(client.get(path) for path, _, _ in paths))
    limits: dict[str, int] = {}
    for (_, one, names), reply in zip(paths, found, strict=True):
        limits |= {name: reply[one][name] for name in names}
    return {**project, "limits": limits}


async def _edit(client: Client, id: str, form: Form) -> Done:
    limits = {name: int(form[name]) for name in _labels()}
    for name, limit in limits.items():
        if limit < -1:
            raise Refused(400, f"cannot limit {_labels()[name]} to {limit}: -1 is without a limit")
    for path, one, names in _paths(id):
        # What is used already stays: compute wants to be told so.
        forced = {"force": True} if names is _COMPUTE else {}
        await client.put(path, {one: {**{name: limits[name] for name in names}, **forced}})
    return Done("The quotas were changed.")


def _labels() -> dict[str, str]:
    return {name: label for names in _GROUPS.values() for name, label in names.items()}


QUOTAS = Collection(
    path="quotas",
    title="Quotas",
    noun="project",
    empty="No projects yet.",
    load=RESOURCE.load,
    find=find,
    columns=[
        Column("Project", lambda row: link(row["name"], "quotas", row["id"])),
        Column("Description", lambda row: row["description"]),
        Column("Id", lambda row: code(row["id"]), is_minor=True),
    ],
    facts=lambda row: [
        (label, "no limit" if row["limits"][name] < 0 else row["limits"][name])
        for name, label in _labels().items()
    ],
    actions=[
        Action(
            name="edit",
            label="Change",
            send=_edit,
            explain="-1 is no limit. What is used already stays, whatever the limit.",
            fields=[
                Field(name=name, label=label, kind=FieldKind.NUMBER, group=title)
                for title, names in _GROUPS.items()
                for name, label in names.items()
            ],
            first_values=lambda row: {name: str(limit) for name, limit in row["limits"].items()},
        )
    ],
)
