"""Credentials that the cloud keeps for users, those for EC2 in two shapes."""

import json
import secrets
from typing import Any

import msgspec
from sqlalchemy import Row

from pilvi.core.http import Call
from pilvi.identity.api.reach import check_owner
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Id,
    Name,
    Text,
    Unset,
    link,
    page,
    read_fields,
    read_wanted,
    require,
    set_fields,
    show,
)
from pilvi.identity.operations import credentials as operations
from pilvi.identity.operations.keys import Vault
from pilvi.identity.operations.tokens import refuse_delegated


class CredentialFields(msgspec.Struct):
    """What a credential is made of."""

    user_id: Id | Unset = UNSET
    project_id: Id | None | Unset = UNSET
    type: Name | Unset = UNSET
    blob: Text | Unset = UNSET


class CredentialBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/credentials."""

    credential: Free


class Ec2Create(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/users/{id}/credentials/OS-EC2."""

    tenant_id: Id


def _render(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    return {
        **show(row, "id", "user_id", "project_id", "type"),
        "blob": call.part(Vault).open(row.sealed_blob),
        "links": link(call, f"credentials/{row.id}"),
    }


async def list_credentials(call: Call[None]) -> dict[str, Any]:
    """One's own credentials, or everybody's for those who may see all."""
    refuse_delegated(call.caller, "read credentials")
    wanted = read_wanted(call, "user_id", "type").equal
    found = await operations.list_credentials(call.tx, call.caller, **wanted)
    return page(call, "credentials", [_render(call, row) for row in found])


async def show_credential(call: Call[None]) -> dict[str, Any]:
    """One credential."""
    refuse_delegated(call.caller, "read credentials")
    id = call.path["credential_id"]
    row = await operations.get_credential(call.tx, call.caller, id)
    return {"credential": _render(call, row)}


async def create_credential(call: Call[CredentialBody]) -> dict[str, Any]:
    """Keep a secret for a user."""
    fields, extra = read_fields(call.payload.credential, CredentialFields)
    given = {"user_id": call.caller.user_id, **set_fields(fields)}
    blob = require(given.pop("blob", None), "credential", "blob")
    require(fields.type, "credential", "type")
    vault = call.part(Vault)
    row = await operations.create_credential(
        call.tx, call.caller, vault, blob, extra=extra, **given
    )
    return {"credential": _render(call, row)}


async def update_credential(call: Call[CredentialBody]) -> dict[str, Any]:
    """Change the secret of a credential."""
    fields, extra = read_fields(call.payload.credential, CredentialFields)
    values = set_fields(fields)
    if extra:
        values["extra"] = extra
    vault, id = call.part(Vault), call.path["credential_id"]
    row = await operations.update_credential(call.tx, call.caller, vault, id, **values)
    return {"credential": _render(call, row)}


async def delete_credential(call: Call[None]) -> None:
    """Remove a credential."""
    await operations.delete_credential(call.tx, call.caller, call.path["credential_id"])


def _render_ec2(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    found = json.loads(call.part(Vault).open(row.sealed_blob))
    return {
        "user_id": row.user_id,
        "tenant_id": row.project_id,
        "access": found["access"],
        "secret": found["secret"],
        "trust_id": None,
        "links": link(call, f"users/{row.user_id}/credentials/OS-EC2/{found['access']}"),
    }


async def list_ec2_credentials(call: Call[None]) -> dict[str, Any]:
    """A user's keys for EC2."""
    user_id = _check(call)
    found = await operations.list_credentials(
        call.tx, call.caller, user_id=user_id, type=operations.EC2
    )
    return page(call, "credentials", [_render_ec2(call, row) for row in found])


def _check(call: Call[Any]) -> str:
    """The path's user, who must be the caller, in person."""
    refuse_delegated(call.caller, "use credentials for EC2")
    check_owner(call, call.path["user_id"])
    return call.path["user_id"]


async def show_ec2_credential(call: Call[None]) -> dict[str, Any]:
    """One pair of keys for EC2."""
    user_id, access = _check(call), call.path["access"]
    row = await operations.get_ec2_credential(call.tx, user_id, access)
    return {"credential": _render_ec2(call, row)}


async def create_ec2_credential(call: Call[Ec2Create]) -> dict[str, Any]:
    """A new pair of keys for EC2, good for one project."""
    user_id = _check(call)
    blob = {"access": secrets.token_hex(16), "secret": secrets.token_hex(16), "trust_id": None}
    row = await operations.create_credential(
        call.tx,
        call.caller,
        call.part(Vault),
        json.dumps(blob),
        user_id=user_id,
        project_id=call.payload.tenant_id,
        type=operations.EC2,
    )
    return {"credential": _render_ec2(call, row)}


async def delete_ec2_credential(call: Call[None]) -> None:
    """Remove a pair of keys for EC2."""
    user_id, access = _check(call), call.path["access"]
    row = await operations.get_ec2_credential(call.tx, user_id, access)
    await operations.delete_credential(call.tx, call.caller, row.id)
