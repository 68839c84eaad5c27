"""Server groups: servers that are to share a host, or not to."""

from typing import Annotated, Any

import msgspec

from pilvi.compute.api.links import actor, check_query
from pilvi.compute.model.server_group import Policy, ServerGroup
from pilvi.compute.operations import server_groups as operations
from pilvi.compute.store import server_groups as store
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest

# Groups in one reply at most. Lower: more requests; higher: a slow, large reply.
LIST_MAX = 1000
PER_HOST_MAX = 2_147_483_647
_QUERY = frozenset({"all_projects", "limit", "offset"})


class GroupRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rules of the policy anti-affinity."""

    max_server_per_host: int | str | None = None


class GroupFields(msgspec.Struct, forbid_unknown_fields=True):
    """A new server group."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    policy: Policy
    rules: GroupRules = GroupRules()


class GroupCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /os-server-groups."""

    server_group: GroupFields


def _render(group: ServerGroup, members: list[tuple[str, str | None]]) -> dict[str, Any]:
    most = group.max_server_per_host
    return {
        "id": group.id,
        "name": group.name,
        "policy": group.policy,
        "rules": {} if most is None else {"max_server_per_host": most},
        "members": [server_id for server_id, _ in members],
        "project_id": group.project_id,
        "user_id": group.user_id,
    }


async def list_server_groups(call: Call[None]) -> dict[str, Any]:
    """The project's server groups; admins may ask for those of all projects."""
    check_query(call, _QUERY)
    project_id: str | None = call.caller.own_project_id
    if "all_projects" in call.query and call.caller.is_admin:
        project_id = None
    found = await store.list_server_groups(
        call.tx, project_id, offset=_whole(call, "offset", 0), limit=_whole(call, "limit", LIST_MAX)
    )
    members = await store.list_members(call.tx, [group.id for group in found])
    return {"server_groups": [_render(group, members[group.id]) for group in found]}


def _whole(call: Call[None], name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    number = parse_whole(text, digits_max=9)
    if number is None:
        raise InvalidRequest(f"cannot read '{name}': it is a whole number")
    return min(number, LIST_MAX) if name == "limit" and number else number or default


async def show_server_group(call: Call[None]) -> dict[str, Any]:
    """One server group."""
    project_id = call.caller.visible_project_id
    group = await store.get_server_group(call.tx, call.path["server_group_id"], project_id)
    members = await store.list_members(call.tx, [group.id])
    return {"server_group": _render(group, members[group.id])}


async def create_server_group(call: Call[GroupCreate]) -> dict[str, Any]:
    """A new server group; servers join it when they are created."""
    fields = call.payload.server_group
    if not fields.name.strip() or fields.name != fields.name.strip():
        raise InvalidRequest("cannot use this name for a server group: no spaces at either end")
    call.caller.own_project_id  # noqa: B018  # an unscoped caller has nowhere to put a group
    most = _read_most(fields)
    group = await operations.create_server_group(
        call.tx, actor(call), fields.name, fields.policy, most
    )
    return {"server_group": _render(group, [])}


def _read_most(fields: GroupFields) -> int | None:
    """How many servers of the group one host may have. Raises `InvalidRequest`."""
    given = fields.rules.max_server_per_host
    if given is None:
        return None
    if fields.policy is not Policy.ANTI_AFFINITY:
        raise InvalidRequest(
            f"cannot use rules with the policy {fields.policy}: max_server_per_host is for "
            "anti-affinity"
        )
    number = given if isinstance(given, int) else parse_whole(given, digits_max=10)
    if number is None or isinstance(given, bool) or not 1 <= number <= PER_HOST_MAX:
        raise InvalidRequest("cannot use max_server_per_host: it is a whole number, 1 or more")
    return number


async def delete_server_group(call: Call[None]) -> None:
    """Remove a server group; its servers stay."""
    project_id = call.caller.visible_project_id
    await operations.delete_server_group(call.tx, call.path["server_group_id"], project_id)
