"""Credentials: secrets of users that the cloud keeps for them. In the caller's transaction."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound
from pilvi.identity.operations.keys import Vault
from pilvi.identity.operations.tokens import refuse_delegated
from pilvi.identity.store import assignments, projects, rows, users
from pilvi.identity.store.credential_tables import credentials

EC2 = "ec2"


async def create_credential(
    tx: Transaction, caller: Caller, vault: Vault, blob: str, **values: Any
) -> Row[Any]:
    """Keep a secret for a user: oneself, or anybody as an admin.

    One for EC2 belongs to a project in which the user has a role. Raises `Forbidden` otherwise.
    """
    refuse_delegated(caller, "make a credential")
    user_id, project_id = values["user_id"], values.get("project_id")
    if user_id != caller.user_id and not caller.is_admin:
        raise Forbidden("cannot make a credential for another user")
    await users.get_user(tx, user_id)
    if project_id is not None:
        await projects.get_project(tx, project_id)
        mine = await assignments.list_scope_ids_of_user(tx, user_id, "project")
        if project_id not in mine and not caller.is_admin:
            raise Forbidden("cannot make a credential for a project in which you have no role")
    id = uuid.uuid4().hex
    if values["type"] == EC2:
        if project_id is None:
            raise InvalidRequest("cannot make a credential of type ec2 without a project_id")
        id = ec2_id(read_ec2(blob)["access"])
    if await rows.list_rows(tx, credentials, id=id):
        raise Conflict("cannot make the credential: its access key is taken")
    await rows.insert_row(tx, credentials, id=id, sealed_blob=vault.seal(blob), **values)
    return await rows.get_row(tx, credentials, id, "credential")


def read_ec2(blob: str) -> dict[str, str]:
    """The access key and secret of a credential for EC2. Raises `InvalidRequest`. Pure."""
    try:
        found = json.loads(blob)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), str) and found[name] for name in ("access", "secret")
    ):
        raise InvalidRequest("cannot read the blob: an ec2 one is JSON with access and secret")
    return found


def ec2_id(access: str) -> str:
    """The id of the credential that has an access key. Pure."""
    return hashlib.sha256(access.encode(errors="replace")).hexdigest()


async def get_credential(tx: Transaction, caller: Caller, id: str) -> Row[Any]:
    """One credential: one's own, or any as an admin. Raises `NotFound`."""
    row = await rows.get_row(tx, credentials, id, "credential")
    if row.user_id != caller.user_id and not caller.sees_system:
        raise NotFound(f"cannot find the credential '{id}'")
    return row


async def list_credentials(tx: Transaction, caller: Caller, **equal: Any) -> Sequence[Row[Any]]:
    """One's own credentials, or everybody's for those who may see all."""
    found = await rows.list_rows(tx, credentials, **equal)
    return [row for row in found if caller.sees_system or row.user_id == caller.user_id]


async def update_credential(
    tx: Transaction, caller: Caller, vault: Vault, id: str, **values: Any
) -> Row[Any]:
    """Change the secret; whose it is and for which project never changes."""
    refuse_delegated(caller, "change a credential")
    row = await get_credential(tx, caller, id)
    for name in ("user_id", "project_id", "type"):
        if values.pop(name, getattr(row, name)) != getattr(row, name):
            raise InvalidRequest(f"cannot change the {name} of a credential; make another")
    if row.user_id != caller.user_id and not caller.is_admin:
        raise Forbidden("cannot change another user's credential")
    if "blob" in values:
        blob = values.pop("blob")
        if row.type == EC2:
            read_ec2(blob)
        values["sealed_blob"] = vault.seal(blob)
    await rows.update_row(tx, credentials, id, **values)
    return await rows.get_row(tx, credentials, id, "credential")


async def delete_credential(tx: Transaction, caller: Caller, id: str) -> None:
    """Remove a credential: one's own, or any as an admin."""
    refuse_delegated(caller, "delete a credential")
    row = await get_credential(tx, caller, id)
    if row.user_id != caller.user_id and not caller.is_admin:
        raise Forbidden("cannot delete another user's credential")
    await rows.delete_rows(tx, credentials, id=id)


async def get_ec2_credential(tx: Transaction, user_id: str, access: str) -> Row[Any]:
    """A user's credential for EC2 by its access key. Raises `NotFound`."""
    for row in await rows.list_rows(tx, credentials, id=ec2_id(access), user_id=user_id, type=EC2):
        return row
    raise NotFound(f"cannot find the ec2 credential '{access}'")


async def find_ec2_credential(tx: Transaction, access: str) -> Row[Any] | None:
    """The credential of an access key, or None."""
    found = await rows.list_rows(tx, credentials, id=ec2_id(access), type=EC2)
    return found[0] if found else None


async def list_totp_secrets(tx: Transaction, vault: Vault, user_id: str) -> list[str]:
    """The secrets from which a user's one-time passcodes come."""
    found = await rows.list_rows(tx, credentials, user_id=user_id, type="totp")
    return [vault.open(row.sealed_blob) for row in found]
