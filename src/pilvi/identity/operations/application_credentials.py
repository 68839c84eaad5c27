"""Application credentials and their access rules. In the caller's transaction."""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.core.http.access import AccessRule
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound
from pilvi.identity.model.delegation import ApplicationCredential
from pilvi.identity.model.identity import Role
from pilvi.identity.operations.assignments import list_effective_roles
from pilvi.identity.store import delegations, roles, rows
from pilvi.identity.store.credential_tables import access_rules


async def create_application_credential(
    tx: Transaction, caller: Caller, made: ApplicationCredential, rules: Sequence[Any]
) -> ApplicationCredential:
    """Keep a new application credential of the caller, with access rules given whole or by id.

    Raises `Forbidden` for what would reach further than the caller's own token.
    """
    if await delegations.find_application_credential(tx, user_id=made.user_id, name=made.name):
        raise Conflict(f"cannot name the application credential '{made.name}': you have one")
    if await delegations.find_application_credential(tx, id=made.id):
        raise Conflict("cannot make the application credential: its id is taken")
    if made.expires_at is not None and made.expires_at <= now():
        raise InvalidRequest("cannot make an application credential that is over already")
    if caller.delegation_id is not None:
        await _check_parent(tx, caller, made)
    held = await list_effective_roles(tx, made.user_id, "project", made.project_id)
    mine = {role.id for role in await roles.list_roles_by_id(tx, held) if role.name in caller.roles}
    if not set(made.role_ids) <= mine:
        raise InvalidRequest("cannot delegate a role that you do not have in this project")
    kept = [await _keep_rule(tx, made.user_id, rule) for rule in rules]
    made = _with_rules(made, kept)
    await delegations.insert_application_credential(tx, made)
    return made


def _with_rules(made: ApplicationCredential, ids: list[str]) -> ApplicationCredential:
    values = {name: getattr(made, name) for name in made.__slots__}
    return ApplicationCredential(**{**values, "access_rule_ids": ids})


async def _check_parent(tx: Transaction, caller: Caller, made: ApplicationCredential) -> None:
    """Raise `Forbidden` unless the credential that the caller uses reaches as far as the new."""
    parent = await find_unrestricted(tx, caller)
    if parent.expires_at is not None and (
        made.expires_at is None or made.expires_at > parent.expires_at
    ):
        raise Forbidden(
            "cannot make an application credential that outlives the one you use; end it sooner"
        )
    if parent.access_rule_ids:
        raise Forbidden("cannot make application credentials with one that has access rules")


async def find_unrestricted(tx: Transaction, caller: Caller) -> ApplicationCredential:
    """The unrestricted application credential that a caller uses. Raises `Forbidden`."""
    # Its maker chooses its id, which may be that of somebody's trust: whose it is counts as well.
    parent = await delegations.find_application_credential(
        tx,
        id=caller.delegation_id or "",
        user_id=caller.user_id,
        project_id=caller.project_id or "",
    )
    if parent is None or not parent.unrestricted:
        raise Forbidden("cannot manage credentials with a restricted or delegated token")
    return parent


async def _keep_rule(tx: Transaction, user_id: str, rule: Any) -> str:
    """The id of an access rule of a user: the one named, the same as one it has, or a new one."""
    if isinstance(rule, str):
        return str((await get_access_rule(tx, user_id, rule)).id)
    assert isinstance(rule, AccessRule)
    values = {"service": rule.service, "method": rule.method, "path": rule.path}
    for row in await rows.list_rows(tx, access_rules, user_id=user_id, **values):
        return str(row.id)
    id = uuid.uuid4().hex
    await rows.insert_row(tx, access_rules, id=id, user_id=user_id, **values)
    return id


async def choose_roles(
    tx: Transaction, caller: Caller, wanted: Sequence[tuple[str | None, str | None]] | None
) -> list[str]:
    """The ids of the roles that are delegated: those named by id or name, or all the caller has.

    Raises `InvalidRequest` for a role that the caller's token does not have.
    """
    known = await roles.list_roles_of_domain(tx, "")
    mine = [role for role in known if role.name in caller.roles]
    if wanted is None:
        return [role.id for role in mine]
    return [_find_role(mine, id, name) for id, name in wanted]


def _find_role(mine: Sequence[Role], id: str | None, name: str | None) -> str:
    for role in mine:
        if (id is not None and role.id == id) or (id is None and role.name == name):
            return role.id
    raise InvalidRequest(f"cannot delegate the role '{id or name}': your token does not have it")


async def find_for_login(
    tx: Transaction, id: str | None, name: str | None, user_id: str | None
) -> ApplicationCredential | None:
    """The application credential that a login names, or None; over ones are gone."""
    if id is not None:
        found = await delegations.find_application_credential(tx, id=id)
    elif name is not None and user_id is not None:
        found = await delegations.find_application_credential(tx, user_id=user_id, name=name)
    else:
        raise InvalidRequest(
            "cannot authenticate by this credential; name the credential by id, or name and user"
        )
    if found is None or is_over(found.expires_at):
        return None
    return found


def is_over(expires_at: datetime.datetime | None) -> bool:
    """Whether a moment is past."""
    return expires_at is not None and expires_at <= now()


async def delete_application_credential(
    tx: Transaction, caller: Caller, user_id: str, id: str
) -> None:
    """Remove an application credential; its tokens end at once. Raises `NotFound`."""
    if caller.delegation_id is not None:
        await find_unrestricted(tx, caller)
    await delegations.get_application_credential(tx, user_id, id)
    await delegations.delete_application_credentials(tx, user_id=user_id, id=id)


async def list_access_rules(tx: Transaction, user_id: str, **equal: Any) -> Sequence[Row[Any]]:
    """A user's access rules."""
    return await rows.list_rows(tx, access_rules, user_id=user_id, **equal)


async def get_access_rule(tx: Transaction, user_id: str, id: str) -> Row[Any]:
    """One access rule of a user. Raises `NotFound`."""
    for row in await rows.list_rows(tx, access_rules, user_id=user_id, id=id):
        return row
    raise NotFound(f"cannot find the access rule '{id}'")


async def delete_access_rule(tx: Transaction, user_id: str, id: str) -> None:
    """Remove an access rule that no application credential uses."""
    await get_access_rule(tx, user_id, id)
    for each in await delegations.list_application_credentials(tx, user_id=user_id):
        if id in each.access_rule_ids:
            raise Forbidden(f"cannot delete the access rule '{id}': '{each.name}' uses it")
    await rows.delete_rows(tx, access_rules, user_id=user_id, id=id)
