"""Limits and quotas of projects, of their users, and of classes."""

from typing import Annotated, Any

import msgspec

from pilvi.compute.api.links import check_query
from pilvi.compute.model.quota import DEFAULTS, ENFORCED, OF_FILES, OF_NETWORKS
from pilvi.compute.operations import quotas as operations
from pilvi.core.http import Call
from pilvi.errors import Forbidden, InvalidRequest

# -1 is no limit; the most is what Nova's column holds.
LIMIT_MAX = 2_147_483_647
Limit = (
    Annotated[int, msgspec.Meta(ge=-1, le=LIMIT_MAX)]
    | Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,10}$")]
)
_FORCE = ("true", "1", "yes", "on", "t", "y")
_NO_FORCE = ("false", "0", "no", "off", "f", "n")
_OF_GROUPS = ("server_groups", "server_group_members")


class ClassFields(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Limits to set; numbers may be texts, as some clients send them."""

    instances: Limit | None = None
    cores: Limit | None = None
    ram: Limit | None = None
    metadata_items: Limit | None = None
    key_pairs: Limit | None = None
    server_groups: Limit | None = None
    server_group_members: Limit | None = None
    fixed_ips: Limit | None = None
    floating_ips: Limit | None = None
    security_groups: Limit | None = None
    security_group_rules: Limit | None = None
    injected_files: Limit | None = None
    injected_file_content_bytes: Limit | None = None
    injected_file_path_bytes: Limit | None = None


class ClassUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT os-quota-class-sets/{name}."""

    quota_class_set: ClassFields


class QuotaFields(ClassFields, forbid_unknown_fields=True, omit_defaults=True):
    """Limits to set for a project or for one of its users."""

    force: bool | str = False
    tenant_id: str | None = None


class QuotaUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT os-quota-sets/{project_id}."""

    quota_set: QuotaFields


def _known(call: Call[Any]) -> tuple[str, ...]:
    """The resources that the version asked for names in a quota set."""
    networks = () if "no-network-quotas" in call.flags else tuple(OF_NETWORKS)
    return (*ENFORCED, *networks, *_files(call))


def _known_in_class(call: Call[Any]) -> tuple[str, ...]:
    """The resources that the version asked for names in a quota class."""
    if "new-quota-classes" in call.flags:
        return (*ENFORCED, *_files(call))
    own = tuple(name for name in ENFORCED if name not in _OF_GROUPS)
    return (*own, *OF_NETWORKS, *_files(call))


def _files(call: Call[Any]) -> tuple[str, ...]:
    return () if "no-file-quotas" in call.flags else tuple(OF_FILES)


def _read_limits(fields: ClassFields, known: tuple[str, ...]) -> dict[str, int]:
    """The limits in a body, as numbers. Raises `InvalidRequest`."""
    found: dict[str, int] = {}
    for name in DEFAULTS:
        value = getattr(fields, name)
        if value is None:
            continue
        if name not in known:
            raise InvalidRequest(f"cannot set {name}: it is no quota at this version")
        found[name] = int(value)
        if not -1 <= found[name] <= LIMIT_MAX:
            raise InvalidRequest(f"cannot set {name} to {value}: it is -1 to {LIMIT_MAX}")
    return found


async def show_limits(call: Call[None]) -> dict[str, Any]:
    """What the project may use, and uses."""
    check_query(call, frozenset({"reserved", "tenant_id"}))
    project_id = call.caller.project_id or ""
    if asked := call.query.get("tenant_id"):
        _check_project(call, asked)
        project_id = asked
    limits = await operations.list_limits(call.tx, project_id)
    used = await operations.sum_usage(call.tx, project_id)
    absolute = {
        "maxServerMeta": limits["metadata_items"],
        "maxTotalInstances": limits["instances"],
        "maxTotalCores": limits["cores"],
        "maxTotalRAMSize": limits["ram"],
        "maxTotalKeypairs": limits["key_pairs"],
        "maxServerGroups": limits["server_groups"],
        "maxServerGroupMembers": limits["server_group_members"],
        "totalInstancesUsed": used["instances"],
        "totalCoresUsed": used["cores"],
        "totalRAMUsed": used["ram"],
        "totalServerGroupsUsed": used["server_groups"],
    }
    return {"limits": {"rate": [], "absolute": absolute | _older_limits(call, limits)}}


def _older_limits(call: Call[Any], limits: dict[str, int]) -> dict[str, int]:
    """What older versions name besides: limits that this service only keeps."""
    found: dict[str, int] = {}
    if "no-network-quotas" not in call.flags:
        found |= {
            "maxSecurityGroupRules": limits["security_group_rules"],
            "maxSecurityGroups": limits["security_groups"],
            "maxTotalFloatingIps": limits["floating_ips"],
            "totalFloatingIpsUsed": 0,
            "totalSecurityGroupsUsed": 0,
        }
    if "no-file-quotas" not in call.flags:
        found |= {
            "maxPersonality": limits["injected_files"],
            "maxPersonalitySize": limits["injected_file_content_bytes"],
        }
    return found


def _check_project(call: Call[Any], project_id: str) -> None:
    if project_id != call.caller.project_id and not call.caller.is_admin:
        raise Forbidden("cannot see another project's quotas: that is for admins")


def _user(call: Call[Any]) -> str | None:
    """The user of the project whose quotas are meant; None is the project as a whole."""
    check_query(call, frozenset({"user_id"}))
    return call.query.get("user_id") or None


async def show_quotas(call: Call[None]) -> dict[str, Any]:
    """The limits of a project, or of one of its users."""
    project_id = call.path["project_id"]
    _check_project(call, project_id)
    limits = await operations.list_limits(call.tx, project_id, _user(call))
    return {"quota_set": {"id": project_id, **{name: limits[name] for name in _known(call)}}}


async def show_quota_defaults(call: Call[None]) -> dict[str, Any]:
    """The limits of a project for which none were set."""
    limits = await operations.list_defaults(call.tx)
    known = {name: limits[name] for name in _known(call)}
    return {"quota_set": {"id": call.path["project_id"], **known}}


async def show_quota_details(call: Call[None]) -> dict[str, Any]:
    """The limits of a project, or of one of its users, with what is used."""
    project_id, user_id = call.path["project_id"], _user(call)
    _check_project(call, project_id)
    limits = await operations.list_limits(call.tx, project_id, user_id)
    used = await operations.sum_usage(call.tx, project_id, user_id)
    details = {
        name: {"in_use": used[name], "limit": limits[name], "reserved": 0} for name in _known(call)
    }
    return {"quota_set": {"id": project_id, **details}}


async def update_quotas(call: Call[QuotaUpdate]) -> dict[str, Any]:
    """Set limits of a project, or of one of its users."""
    fields, known = call.payload.quota_set, _known(call)
    limits = await operations.set_limits(
        call.tx,
        call.path["project_id"],
        _read_limits(fields, known),
        user_id=_user(call),
        force=_read_force(fields.force),
    )
    return {"quota_set": {name: limits[name] for name in known}}


def _read_force(value: bool | str) -> bool:
    lowered = str(value).lower()
    if lowered not in _FORCE + _NO_FORCE:
        raise InvalidRequest("cannot read 'force': it is true or false")
    return lowered in _FORCE


async def delete_quotas(call: Call[None]) -> None:
    """Go back to the default limits of a project, or of one of its users."""
    await operations.delete_limits(call.tx, call.path["project_id"], _user(call))


async def show_quota_class(call: Call[None]) -> dict[str, Any]:
    """The limits of a class; those of `default` hold where a project has none of its own."""
    limits = await operations.list_class_limits(call.tx, call.path["name"])
    known = {name: limits[name] for name in _known_in_class(call)}
    return {"quota_class_set": {"id": call.path["name"], **known}}


async def update_quota_class(call: Call[ClassUpdate]) -> dict[str, Any]:
    """Set limits of a class."""
    name, known = call.path["name"], _known_in_class(call)
    if len(name) > 255:
        raise InvalidRequest("cannot use a class name of more than 255 characters")
    given = _read_limits(call.payload.quota_class_set, known)
    limits = await operations.set_class_limits(call.tx, name, given)
    return {"quota_class_set": {one: limits[one] for one in known}}
