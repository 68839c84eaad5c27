"""Who has which role where: assigned one by one, and the list of all."""

from typing import Any

from pilvi.core.http import Call, Reply
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.identity.api.reach import check_managed, find_domain_limit
from pilvi.identity.api.roles import render_granted_role
from pilvi.identity.api.wire import has_flag, page
from pilvi.identity.model.identity import Actor, Assignment, Effective
from pilvi.identity.operations import assignments as operations
from pilvi.identity.operations.assignments import SYSTEM_ID
from pilvi.identity.store import projects, roles, users


def _read_path(call: Call[Any]) -> Assignment:
    """The assignment that a path speaks of; each of its parts says what it is."""
    path = call.path
    actor = Actor.USER if "user_id" in path else Actor.GROUP
    if "project_id" in path:
        scope, scope_id = "project", path["project_id"]
    elif "domain_id" in path:
        scope, scope_id = "domain", path["domain_id"]
    else:
        scope, scope_id = "system", SYSTEM_ID
    inherited = "/OS-INHERIT/" in call.request.url.path
    role_id = path.get("role_id", "")
    return Assignment(actor, path[f"{actor}_id"], scope, scope_id, role_id, inherited)


async def _read_reachable(call: Call[Any], *, writes: bool = False) -> Assignment:
    """The path's assignment, when actor and scope are within the caller's reach."""
    assignment = _read_path(call)
    limit = find_domain_limit(call)
    if limit is None:
        return assignment
    domain_ids = {await _find_domain_id(call, assignment), await _find_actor_domain(call)}
    if domain_ids != {limit}:
        raise Forbidden("cannot do this outside of the domain of your token")
    if writes:
        await check_managed(call, call.tx, [assignment])
    return assignment


async def _find_domain_id(call: Call[Any], assignment: Assignment) -> str:
    if assignment.scope == "project":
        return (await projects.get_project(call.tx, assignment.scope_id)).domain_id
    return assignment.scope_id


async def _find_actor_domain(call: Call[Any]) -> str:
    if "user_id" in call.path:
        return (await users.get_user(call.tx, call.path["user_id"])).domain_id
    return (await users.get_group(call.tx, call.path["group_id"])).domain_id


async def grant_role(call: Call[None]) -> None:
    """Give a user or group a role in a project, domain or the system."""
    await operations.assign_role(call.tx, await _read_reachable(call, writes=True))


async def check_role(call: Call[None]) -> Reply:
    """Whether a user or group is assigned a role: 204 or 404."""
    await operations.check_assignment(call.tx, await _read_reachable(call))
    return Reply(None, 204)


async def revoke_role(call: Call[None]) -> None:
    """Take a role away; what it allowed ends at once."""
    await operations.revoke_role(call.tx, await _read_reachable(call, writes=True))


async def list_granted_roles(call: Call[None]) -> dict[str, Any]:
    """The roles that a user or group is assigned in a project, domain or the system."""
    found = await operations.list_assigned_roles(call.tx, await _read_reachable(call))
    return page(call, "roles", [render_granted_role(call, role) for role in found])


async def list_role_assignments(call: Call[None]) -> dict[str, Any]:
    """Who has which role where; `effective`: what it comes to for each user."""
    query = call.query
    is_effective = has_flag(call, "effective")
    if is_effective and "group.id" in query:
        raise InvalidRequest("cannot list what is effective for a group: it is so for users")
    if query.get("user.id") and query.get("group.id"):
        raise InvalidRequest("cannot list assignments of a user and a group together")
    scopes = await _find_scopes(call)
    found = await operations.list_assignments(
        call.tx,
        user_id=query.get("user.id") if is_effective else None,
        scope_ids=await _widen(call, scopes, is_effective),
    )
    if is_effective:
        rows = [
            _render_effective(call, one)
            for one in await operations.list_effective(call.tx, found)
            if _fits(call, one.scope, one.scope_id, scopes)
            and query.get("user.id") in (None, one.user_id)
            and query.get("role.id") in (None, one.role_id)
        ]
    else:
        rows = [_render(call, one) for one in found if _fits_listed(call, one, scopes)]
    if find_domain_limit(call) is not None or has_flag(call, "include_names"):
        rows = await _name(call, rows)
    return page(call, "role_assignments", rows)


Scopes = set[tuple[str, str]] | None


async def _find_scopes(call: Call[Any]) -> Scopes:
    """The scopes that the query asks about; None is all."""
    query = call.query
    if "scope.project.id" in query:
        ids = {query["scope.project.id"]}
        if has_flag(call, "include_subtree"):
            ids = await operations.list_ids_with_subtree(call.tx, query["scope.project.id"])
        return {("project", id) for id in ids}
    if has_flag(call, "include_subtree"):
        raise InvalidRequest("cannot include a subtree without scope.project.id")
    if "scope.domain.id" in query:
        return {("domain", query["scope.domain.id"])}
    if "scope.system" in query:
        return {("system", operations.parse_system(query["scope.system"]))}
    return None


async def _widen(call: Call[Any], scopes: Scopes, is_effective: bool) -> set[str] | None:
    """The ids of the scopes whose assignments are read: for what is effective, those above too."""
    if scopes is None or (is_effective and "user.id" in call.query):
        return None
    ids = {id for _, id in scopes}
    if is_effective:
        for kind, id in scopes:
            if kind == "project":
                ids |= await operations.list_ids_with_ancestors(call.tx, id)
    return ids


def _fits(call: Call[Any], scope: str, scope_id: str, scopes: Scopes) -> bool:
    return scopes is None or (scope, scope_id) in scopes


def _fits_listed(call: Call[Any], one: Assignment, scopes: Scopes) -> bool:
    query = call.query
    wanted = query.get("scope.OS-INHERIT:inherited_to")
    return (
        _fits(call, one.scope, one.scope_id, scopes)
        and query.get("role.id") in (None, one.role_id)
        and ("user.id" not in query or (one.actor, one.actor_id) == ("user", query["user.id"]))
        and ("group.id" not in query or (one.actor, one.actor_id) == ("group", query["group.id"]))
        and (wanted is None or one.inherited)
    )


def _assignment_link(call: Call[Any], one: Assignment) -> str:
    scope = "system" if one.scope == "system" else f"{one.scope}s/{one.scope_id}"
    path = f"{scope}/{one.actor}s/{one.actor_id}/roles/{one.role_id}"
    if one.inherited:
        path = f"OS-INHERIT/{path}/inherited_to_projects"
    return f"{call.service_url}/{path}"


def _render(call: Call[Any], one: Assignment) -> dict[str, Any]:
    scope = _render_scope(one.scope, one.scope_id)
    if one.inherited:
        scope["OS-INHERIT:inherited_to"] = "projects"
    return {
        str(one.actor): {"id": one.actor_id},
        "role": {"id": one.role_id},
        "scope": scope,
        "links": {"assignment": _assignment_link(call, one)},
    }


def _render_scope(scope: str, scope_id: str) -> dict[str, Any]:
    return {"system": {"all": True}} if scope == "system" else {scope: {"id": scope_id}}


def _render_effective(call: Call[Any], one: Effective) -> dict[str, Any]:
    links = {"assignment": _assignment_link(call, one.source)}
    if one.source.actor is Actor.GROUP:
        path = f"groups/{one.source.actor_id}/users/{one.user_id}"
        links["membership"] = f"{call.service_url}/{path}"
    if one.source.role_id != one.role_id:
        links["prior_role"] = f"{call.service_url}/roles/{one.source.role_id}"
    return {
        "user": {"id": one.user_id},
        "role": {"id": one.role_id},
        "scope": _render_scope(one.scope, one.scope_id),
        "links": links,
    }


async def _name(call: Call[Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with names if asked, and only those in the caller's reach."""
    known = _Names(call)
    limit, shown = find_domain_limit(call), []
    for row in rows:
        named, domain_id = await known.add_to(row)
        if limit in (None, domain_id):
            shown.append(named if has_flag(call, "include_names") else row)
    return shown


class _Names:
    """Names of users, groups, roles and scopes, read once each."""

    def __init__(self, call: Call[Any]) -> None:
        self._call = call
        self._known: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}

    async def add_to(self, row: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """A row with names, and the domain of its scope."""
        named, domain_id = dict(row), ""
        for kind in ("user", "group", "role"):
            if kind in row:
                named[kind] = (await self._find(kind, row[kind]["id"]))[0]
        for kind in ("project", "domain"):
            if kind in row["scope"]:
                found, domain_id = await self._find(kind, row["scope"][kind]["id"])
                named["scope"] = {**row["scope"], kind: found}
        return named, domain_id

    async def _find(self, kind: str, id: str) -> tuple[dict[str, Any], str]:
        if (kind, id) not in self._known:
            self._known[kind, id] = await self._read(kind, id)
        return self._known[kind, id]

    async def _read(self, kind: str, id: str) -> tuple[dict[str, Any], str]:
        tx = self._call.tx
        if kind == "domain":
            domain = await projects.get_domain(tx, id)
            return {"id": id, "name": domain.name}, id
        get: Any = {
            "user": users.get_user,
            "group": users.get_group,
            "role": roles.get_role,
            "project": projects.get_project,
        }[kind]
        found = await get(tx, id)
        shown = {"id": id, "name": found.name}
        if found.domain_id:
            shown["domain"] = (await self._find("domain", found.domain_id))[0]
        return shown, found.domain_id
