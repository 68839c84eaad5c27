"""What projects may have."""

from typing import Any

import msgspec

from pilvi.block_storage.api.views import read_word
from pilvi.block_storage.operations import quotas as operations
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.errors import Forbidden, InvalidRequest

_IGNORED = frozenset({"tenant_id", "project_id", "id", "skip_validation", "class_name"})
"""What clients send along with the figures."""


class QuotaUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /os-quota-sets/{project_id}."""

    quota_set: dict[str, Any]


class QuotaClassUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /os-quota-class-sets/{name}."""

    quota_class_set: dict[str, Any]


def _project(call: Call[Any]) -> str:
    """The project of the path, where the caller may see it. Raises `Forbidden`."""
    id = call.path["project_id"]
    if call.caller.visible_project_id not in (None, id):
        raise Forbidden("cannot see the quotas of another project")
    return id


async def show_quota_set(call: Call[None]) -> dict[str, Any]:
    """What a project may have, and with usage=true what it has."""
    id = _project(call)
    limits = await operations.list_limits(call.tx, id)
    if not read_word(call, "usage"):
        return {"quota_set": {"id": id, **limits}}
    used = (await operations.find_used(call.tx, id)).by_name
    used |= await operations.find_used_of_types(call.tx, id)
    rows = {
        name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0}
        for name, limit in limits.items()
    }
    return {"quota_set": {"id": id, **rows}}


async def show_quota_defaults(call: Call[None]) -> dict[str, Any]:
    """What a project may have of which nobody said otherwise."""
    return {"quota_set": {"id": _project(call), **await operations.list_defaults(call.tx)}}


async def update_quota_set(call: Call[QuotaUpdate]) -> dict[str, Any]:
    """Say what a project may have."""
    id = _project(call)
    await operations.set_limits(call.tx, id, _read_figures(call.payload.quota_set))
    return {"quota_set": await operations.list_limits(call.tx, id)}


async def delete_quota_set(call: Call[None]) -> None:
    """Give a project the defaults again."""
    await operations.reset_limits(call.tx, _project(call))


async def show_quota_class_set(call: Call[None]) -> dict[str, Any]:
    """The quotas of a class; those of `default` are what counts."""
    name = call.path["name"]
    row = await operations.list_defaults(call.tx)
    if name != operations.DEFAULT_CLASS:
        row |= await operations.list_class(call.tx, name)
    return {"quota_class_set": {"id": name, **row}}


async def update_quota_class_set(call: Call[QuotaClassUpdate]) -> dict[str, Any]:
    """Say what projects may have of which nobody said otherwise."""
    wanted = _read_figures(call.payload.quota_class_set)
    row = await operations.set_class(call.tx, call.path["name"], wanted)
    return {"quota_class_set": row}


async def show_limits(call: Call[None]) -> dict[str, Any]:
    """What the caller's project may have and has."""
    id = call.caller.own_project_id
    if "limits_of_project" in call.flags and call.caller.is_admin:
        id = call.query.get("project_id") or id
    limits = await operations.list_limits(call.tx, id)
    used = await operations.find_used(call.tx, id)
    absolute = {
        "maxTotalVolumes": limits["volumes"],
        "maxTotalVolumeGigabytes": limits["gigabytes"],
        "maxTotalSnapshots": limits["snapshots"],
        "maxTotalBackups": limits["backups"],
        "maxTotalBackupGigabytes": limits["backup_gigabytes"],
        "totalVolumesUsed": used.volumes,
        "totalGigabytesUsed": used.gigabytes,
        "totalSnapshotsUsed": used.snapshots,
        "totalBackupsUsed": used.backups,
        "totalBackupGigabytesUsed": used.backup_gigabytes,
    }
    return {"limits": {"rate": [], "absolute": absolute}}


def _read_figures(given: dict[str, Any]) -> dict[str, int]:
    figures = {}
    for name, value in given.items():
        if name in _IGNORED:
            continue
        if isinstance(value, str):
            whole = parse_whole(value.removeprefix("-"), digits_max=9)
            value = value if whole is None else -whole if value.startswith("-") else whole
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidRequest(f"cannot set {name} to {value!r}: it is a whole number")
        figures[name] = value
    return figures
