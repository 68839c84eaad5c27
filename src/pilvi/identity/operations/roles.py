"""Roles and what they bring. In the caller's transaction."""

import uuid
from typing import Any

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, Forbidden, NotFound
from pilvi.identity.model.identity import Role, RoleId
from pilvi.identity.operations.immutability import check_mutable
from pilvi.identity.store import assignments, delegations, projects, roles
from pilvi.identity.store.rows import Wanted


async def create_role(tx: Transaction, name: str, *, domain_id: str = "", **values: Any) -> Role:
    """A new role, of the whole cloud or of one domain. Raises `Conflict` for a taken name."""
    if domain_id:
        await projects.get_domain(tx, domain_id)
    await _check_name(tx, name, domain_id)
    role = Role(
        id=RoleId(uuid.uuid4().hex),
        name=name,
        description=values.get("description"),
        domain_id=domain_id,
        options=values.get("options") or {},
        extra=values.get("extra") or {},
    )
    await roles.insert_role(tx, role)
    return role


async def _check_name(tx: Transaction, name: str, domain_id: str) -> None:
    if await roles.list_roles(tx, Wanted({"name": name, "domain_id": domain_id})):
        raise Conflict(f"cannot name the role '{name}': the name is taken")


async def update_role(tx: Transaction, id: str, **values: Any) -> Role:
    """Change a role."""
    role = await roles.get_role(tx, id)
    check_mutable("role", role.options, values)
    if values.get("name", role.name) != role.name:
        await _check_name(tx, values["name"], role.domain_id)
    if values:
        await roles.update_role(tx, id, **values)
    return await roles.get_role(tx, id)


async def delete_role(tx: Transaction, id: str) -> None:
    """Remove a role, wherever it is assigned, and what was delegated with it."""
    role = await roles.get_role(tx, id)
    check_mutable("role", role.options, None)
    await assignments.delete_assignments(tx, role_id=id)
    await delegations.delete_delegations_with_role(tx, id)
    await roles.delete_role(tx, id)


async def create_inference(tx: Transaction, prior_id: str, implied_id: str) -> tuple[Role, Role]:
    """Let a role bring another. Repeatable. Raises `Forbidden` for what must not be brought."""
    prior, implied = await roles.get_role(tx, prior_id), await roles.get_role(tx, implied_id)
    if prior.domain_id == "" and implied.domain_id != "":
        raise Forbidden(
            "cannot let a role of the whole cloud bring a domain's own role; name one of the whole "
            "cloud"
        )
    if implied.name == "admin" and implied.domain_id == "":
        raise Forbidden("cannot let a role bring the role 'admin'")
    if prior_id in await roles.list_brought(tx, [implied_id]):
        raise Forbidden("cannot let two roles bring each other; take one way away first")
    await roles.insert_inference(tx, prior_id, implied_id)
    return prior, implied


async def find_inference(tx: Transaction, prior_id: str, implied_id: str) -> tuple[Role, Role]:
    """The two roles of an inference. Raises `NotFound`."""
    prior, implied = await roles.get_role(tx, prior_id), await roles.get_role(tx, implied_id)
    if (prior_id, implied_id) not in await roles.list_inferences(tx):
        raise NotFound(f"cannot find that the role '{prior_id}' brings '{implied_id}'")
    return prior, implied


async def delete_inference(tx: Transaction, prior_id: str, implied_id: str) -> None:
    """Let a role bring another no more. Raises `NotFound`."""
    await find_inference(tx, prior_id, implied_id)
    await roles.delete_inference(tx, prior_id, implied_id)


async def list_inferences(
    tx: Transaction, prior_id: str | None = None
) -> list[tuple[Role, list[Role]]]:
    """Roles with those that each brings directly, by name; of one role even if it brings none."""
    known: dict[str, Role] = {role.id: role for role in await roles.list_roles(tx)}
    found: dict[str, list[Role]] = {}
    if prior_id is not None:
        await roles.get_role(tx, prior_id)
        found[prior_id] = []
    for prior, implied in await roles.list_inferences(tx):
        if prior_id in (None, prior):
            found.setdefault(prior, []).append(known[implied])
    pairs = [(known[id], sorted(implied, key=_name)) for id, implied in found.items()]
    return sorted(pairs, key=lambda pair: pair[0].name)


def _name(role: Role) -> str:
    return role.name
