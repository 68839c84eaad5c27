"""Who has which role where. In the caller's transaction."""

from collections.abc import Iterable, Iterator, Sequence

from pilvi.core.db import Transaction
from pilvi.errors import Forbidden, InvalidRequest, NotFound
from pilvi.identity.model.identity import Actor, Assignment, Effective, Role
from pilvi.identity.model.token import ScopeKind
from pilvi.identity.store import assignments, delegations, projects, roles, users

SYSTEM_ID = "all"


async def assign_role(tx: Transaction, assignment: Assignment) -> None:
    """Assign a role. Repeatable. Raises `NotFound` for what is not there."""
    domain_id = await _check_things(tx, assignment)
    role = await roles.get_role(tx, assignment.role_id)
    if role.domain_id and role.domain_id != domain_id:
        raise Forbidden("cannot assign a domain's own role outside of its domain")
    await assignments.insert_assignment(tx, assignment)


async def check_assignment(tx: Transaction, assignment: Assignment) -> None:
    """Raise `NotFound` unless a role is assigned so."""
    values = {name: getattr(assignment, name) for name in assignment.__slots__}
    if not await assignments.list_assignments(tx, **values):
        raise NotFound("cannot find this role assignment")


async def revoke_role(tx: Transaction, assignment: Assignment) -> None:
    """Take a role away, with what was delegated of it. Raises `NotFound` when it is not there."""
    if not await assignments.delete_assignment(tx, assignment):
        raise NotFound("cannot find this role assignment")
    if assignment.scope == ScopeKind.PROJECT and assignment.actor is Actor.USER:
        await delegations.delete_delegations_with_role(
            tx, assignment.role_id, user_id=assignment.actor_id, project_id=assignment.scope_id
        )


async def list_assigned_roles(tx: Transaction, like: Assignment) -> list[Role]:
    """The roles that an actor is assigned in a scope, but for the role alike `like`."""
    await _check_things(tx, like)
    values = {name: getattr(like, name) for name in like.__slots__ if name != "role_id"}
    found = await assignments.list_assignments(tx, **values)
    return await roles.list_roles_by_id(tx, [each.role_id for each in found])


async def _check_things(tx: Transaction, assignment: Assignment) -> str:
    """Raise `NotFound` for an actor or scope that is not there; the scope's domain."""
    if assignment.actor is Actor.USER:
        await users.get_user(tx, assignment.actor_id)
    else:
        await users.get_group(tx, assignment.actor_id)
    if assignment.scope == ScopeKind.PROJECT:
        return (await projects.get_project(tx, assignment.scope_id)).domain_id
    if assignment.scope == ScopeKind.DOMAIN:
        return (await projects.get_domain(tx, assignment.scope_id)).id
    return ""


async def list_assignments(
    tx: Transaction, *, user_id: str | None = None, scope_ids: Iterable[str] | None = None
) -> list[Assignment]:
    """Every assignment, or those of a user and its groups, or those in some scopes."""
    if user_id is not None:
        return await assignments.list_assignments_of_user(tx, user_id)
    if scope_ids is not None:
        return await assignments.list_assignments_in(tx, sorted(scope_ids))
    return await assignments.list_assignments(tx)


async def list_brought_roles(tx: Transaction, found: Iterable[Assignment]) -> list[Role]:
    """The roles of some assignments, with all that they bring."""
    closure = await roles.read_closure(tx)
    return await roles.list_roles_by_id(
        tx, {id for each in found for id in closure.get(each.role_id, ())}
    )


async def list_effective(tx: Transaction, found: Sequence[Assignment]) -> list[Effective]:
    """What assignments come to: for each user of a group, each project below, each role brought."""
    group_ids = [each.actor_id for each in found if each.actor is Actor.GROUP]
    members = await users.list_memberships(tx, group_ids) if group_ids else {}
    closure = await roles.read_closure(tx)
    is_inherited = any(each.inherited for each in found)
    below = await assignments.read_lineage(tx) if is_inherited else {}
    effective: dict[tuple[str, ...], Effective] = {}
    for each in found:
        for one in _expand(each, members, closure, below):
            effective.setdefault((one.user_id, one.scope, one.scope_id, one.role_id), one)
    return list(effective.values())


def _expand(
    source: Assignment,
    members: dict[str, list[str]],
    closure: dict[str, list[str]],
    below: dict[str, list[str]],
) -> Iterator[Effective]:
    is_user = source.actor is Actor.USER
    user_ids = [source.actor_id] if is_user else members.get(source.actor_id, [])
    scopes = [(source.scope, source.scope_id)]
    if source.inherited:
        scopes = [("project", id) for id in below.get(source.scope_id, [])]
    for user_id in user_ids:
        for scope, scope_id in scopes:
            for role_id in closure.get(source.role_id, []):
                yield Effective(user_id, scope, scope_id, role_id, source)


async def list_effective_roles(
    tx: Transaction, user_id: str, scope: str, scope_id: str
) -> set[str]:
    """Ids of the roles that a user has in a scope, with all that they bring."""
    held = await list_effective(tx, await assignments.list_assignments_of_user(tx, user_id))
    return {one.role_id for one in held if (one.scope, one.scope_id) == (scope, scope_id)}


async def list_scope_ids(tx: Transaction, user_id: str, scope: str) -> list[str]:
    """Ids of the projects or domains in which a user has a role."""
    return await assignments.list_scope_ids_of_user(tx, user_id, scope)


async def list_ids_with_subtree(tx: Transaction, project_id: str) -> set[str]:
    """A project and all below it. Raises `NotFound`."""
    project = await projects.get_project(tx, project_id)
    return {project.id, *(one.id for one in await projects.list_descendants(tx, project_id))}


async def list_ids_with_ancestors(tx: Transaction, project_id: str) -> set[str]:
    """A project and all above it, its domain too."""
    return {project_id, *await projects.list_ancestor_ids(tx, project_id)}


def parse_system(text: str) -> str:
    """The scope id of `scope.system=…`. Raises `InvalidRequest`. Pure."""
    if text.lower() not in ("all", "true", "1"):
        raise InvalidRequest(f"cannot use the system scope '{text}'; there is only 'all'")
    return SYSTEM_ID
