"""Groups and who is in them."""

from typing import Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest
from pilvi.identity.api.reach import check_domain, check_managed_group, check_own_domain
from pilvi.identity.api.users import limit_to_domain, render_group, render_user
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Id,
    Name,
    Text,
    Unset,
    merge_extra,
    page,
    read_fields,
    read_wanted,
    require,
    set_fields,
)
from pilvi.identity.model.identity import Group
from pilvi.identity.operations import users as operations
from pilvi.identity.store import users


class GroupFields(msgspec.Struct):
    """What a group is made of."""

    name: Name | Unset = UNSET
    domain_id: Id | None | Unset = UNSET
    description: Text | None | Unset = UNSET


class GroupBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/groups."""

    group: Free


async def list_groups(call: Call[None]) -> dict[str, Any]:
    """The groups; a domain's reader sees those of the domain."""
    wanted = limit_to_domain(call, read_wanted(call, "name", "domain_id", paged=True))
    found, more = await users.list_group_page(call.tx, wanted)
    return page(call, "groups", [render_group(call, group) for group in found], more)


async def _get(call: Call[Any]) -> Group:
    id = call.path["group_id"]
    group = await users.get_group(call.tx, id)
    check_domain(call, group.domain_id, "group", id)
    return group


async def _get_managed(call: Call[Any]) -> Group:
    group = await _get(call)
    await check_managed_group(call, group.id)
    return group


async def show_group(call: Call[None]) -> dict[str, Any]:
    """One group."""
    return {"group": render_group(call, await _get(call))}


async def create_group(call: Call[GroupBody]) -> dict[str, Any]:
    """A new group."""
    fields, extra = read_fields(call.payload.group, GroupFields)
    name = require(fields.name, "group")
    domain_id = fields.domain_id or call.caller.domain_id or call.caller.user_domain_id
    check_own_domain(call, domain_id)
    given = set_fields(fields, "description")
    group = await operations.create_group(call.tx, name, domain_id=domain_id, extra=extra, **given)
    return {"group": render_group(call, group)}


async def update_group(call: Call[GroupBody]) -> dict[str, Any]:
    """Change a group."""
    kept = await _get_managed(call)
    fields, extra = read_fields(call.payload.group, GroupFields)
    if fields.domain_id not in (UNSET, kept.domain_id):
        raise InvalidRequest("cannot change the domain_id of a group")
    values = set_fields(fields, "name", "description")
    if values.get("description", "") is None:
        values["description"] = ""
    if extra:
        values["extra"] = merge_extra(kept.extra, extra)
    group = await operations.update_group(call.tx, kept.id, **values)
    return {"group": render_group(call, group)}


async def delete_group(call: Call[None]) -> None:
    """Remove a group."""
    await operations.delete_group(call.tx, (await _get_managed(call)).id)


async def list_group_users(call: Call[None]) -> dict[str, Any]:
    """The users of a group."""
    group = await _get(call)
    wanted = read_wanted(call, "name", flags=["enabled"])
    found = await users.list_members(call.tx, group.id, wanted)
    return page(call, "users", [render_user(call, user) for user in found])


async def check_group_user(call: Call[None]) -> Reply:
    """Whether a user is in a group: 204 or 404."""
    await operations.check_group_user(call.tx, (await _get(call)).id, call.path["user_id"])
    return Reply(None, 204)


async def add_group_user(call: Call[None]) -> None:
    """Put a user into a group."""
    await _check_user(call)
    await operations.add_group_user(call.tx, (await _get_managed(call)).id, call.path["user_id"])


async def remove_group_user(call: Call[None]) -> None:
    """Take a user out of a group."""
    await _check_user(call)
    await operations.remove_group_user(call.tx, (await _get_managed(call)).id, call.path["user_id"])


async def _check_user(call: Call[Any]) -> None:
    user = await users.get_user(call.tx, call.path["user_id"])
    check_domain(call, user.domain_id, "user", user.id)
