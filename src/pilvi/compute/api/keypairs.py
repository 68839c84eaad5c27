"""Key pairs: each belongs to a user, not to a project."""

from typing import Any

import msgspec

from pilvi.compute.api.links import check_query, microseconds, next_link
from pilvi.compute.model.keypair import KeyPair, KeyType, check_name
from pilvi.compute.operations import keypairs as operations
from pilvi.compute.store import keypairs as store
from pilvi.core.http import Call, Reply
from pilvi.core.paging import Page, parse_page
from pilvi.errors import Forbidden, InvalidRequest

_QUERY = frozenset({"limit", "marker", "user_id"})


class KeyPairFields(msgspec.Struct, forbid_unknown_fields=True):
    """A new key pair."""

    name: str
    public_key: str | None = None
    type: KeyType = KeyType.SSH
    user_id: str | None = None


class KeyPairCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /os-keypairs."""

    keypair: KeyPairFields


def _whose(call: Call[Any], asked: str | None) -> str:
    """Whose key pairs are meant; another user's are for admins."""
    if asked is None or asked == call.caller.user_id:
        return call.caller.user_id
    if not call.caller.is_admin:
        raise Forbidden("cannot use another user's key pairs: that is for admins")
    return asked


def _brief(found: KeyPair) -> dict[str, Any]:
    return {
        "name": found.name,
        "type": found.type,
        "public_key": found.public_key,
        "fingerprint": found.fingerprint,
    }


async def list_keypairs(call: Call[None]) -> dict[str, Any]:
    """One's key pairs by name; before 2.35 all at once."""
    check_query(call, _QUERY)
    page = parse_page(call.query) if "keypair-paging" in call.flags else Page(limit=None)
    user_id = _whose(call, _named_user(call))
    found, more = await store.list_keypairs(call.tx, user_id, page)
    body: dict[str, Any] = {"keypairs": [{"keypair": _brief(one)} for one in found]}
    if more:
        body["keypairs_links"] = next_link(call, "os-keypairs", found[-1].name, page)
    return body


def _named_user(call: Call[Any]) -> str | None:
    return call.query.get("user_id") if "keypair-user" in call.flags else None


async def show_keypair(call: Call[None]) -> dict[str, Any]:
    """One key pair."""
    user_id = _whose(call, _named_user(call))
    found = await store.get_keypair(call.tx, user_id, call.path["name"])
    return {
        "keypair": {
            **_brief(found),
            "user_id": found.user_id,
            "id": found.number,
            "created_at": microseconds(found.created_at),
            "updated_at": None,
            "deleted": False,
            "deleted_at": None,
        }
    }


async def create_keypair(call: Call[KeyPairCreate]) -> Reply:
    """Import a public key, or (before 2.92) have one made."""
    fields = call.payload.keypair
    check_name(fields.name, wide="wide-keypair-names" in call.flags)
    user_id, private = _whose(call, fields.user_id), None
    project_id = call.caller.project_id
    if fields.public_key is not None:
        found = await operations.import_keypair(
            call.tx, project_id, user_id, fields.name, fields.type, fields.public_key
        )
    elif "import-only" in call.flags:
        raise InvalidRequest("cannot create a key pair without public_key at this version; send it")
    else:
        found, private = await operations.generate_keypair(
            call.tx, project_id, user_id, fields.name, fields.type
        )
    body = {**_brief(found), "user_id": found.user_id}
    if private is not None:
        body["private_key"] = private
    return Reply({"keypair": body}, 201 if "keypair-codes" in call.flags else 200)


async def delete_keypair(call: Call[None]) -> Reply:
    """Forget a key pair."""
    user_id = _whose(call, _named_user(call))
    await operations.delete_keypair(call.tx, user_id, call.path["name"])
    return Reply(status=204 if "keypair-codes" in call.flags else 202)
