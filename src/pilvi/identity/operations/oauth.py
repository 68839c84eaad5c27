"""OAuth 1: consumers, and the tokens with which they act for users. In the caller's transaction."""

import datetime
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Forbidden, InvalidRequest, NotFound, Unauthenticated
from pilvi.identity.model.oauth import check_signature
from pilvi.identity.operations.assignments import list_effective_roles
from pilvi.identity.operations.keys import Vault
from pilvi.identity.operations.tokens import refuse_delegated
from pilvi.identity.store import projects, rows
from pilvi.identity.store.credential_tables import consumers, oauth_tokens

# How long a user has to authorize a request, and how long a consumer can then act for the user.
REQUEST_LIFETIME = datetime.timedelta(hours=8)
ACCESS_LIFETIME = datetime.timedelta(days=1)

Request = tuple[str, str, Iterable[tuple[str, str]]]
"""Method, URL without its query, and the query."""


async def create_consumer(
    tx: Transaction, vault: Vault, description: str | None, extra: Mapping[str, Any]
) -> tuple[Row[Any], str]:
    """A new consumer and its secret, which is told this once."""
    id, secret = uuid.uuid4().hex, secrets.token_hex(32)
    values = {"description": description, "extra": dict(extra)}
    await rows.insert_row(tx, consumers, id=id, sealed_secret=vault.seal(secret), **values)
    return await get_consumer(tx, id), secret


async def list_consumers(tx: Transaction) -> Sequence[Row[Any]]:
    """Every consumer."""
    return await rows.list_rows(tx, consumers)


async def get_consumer(tx: Transaction, id: str) -> Row[Any]:
    """One consumer. Raises `NotFound`."""
    return await rows.get_row(tx, consumers, id, "consumer")


async def update_consumer(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change a consumer; its secret never changes."""
    await get_consumer(tx, id)
    await rows.update_row(tx, consumers, id, **values)
    return await get_consumer(tx, id)


async def delete_consumer(tx: Transaction, id: str) -> None:
    """Remove a consumer; whatever it was allowed ends at once."""
    await get_consumer(tx, id)
    await rows.delete_rows(tx, consumers, id=id)


async def _find_consumer(tx: Transaction, header: Mapping[str, str]) -> Row[Any]:
    found = await rows.list_rows(tx, consumers, id=header.get("oauth_consumer_key", ""))
    if not found:
        raise Unauthenticated("cannot accept the signature of this request")
    return found[0]


async def create_request_token(
    tx: Transaction, vault: Vault, header: Mapping[str, str], request: Request, project_id: str
) -> tuple[Row[Any], str]:
    """A token that asks for access to a project, with its secret; a user has to authorize it."""
    consumer = await _find_consumer(tx, header)
    own = vault.open(consumer.sealed_secret), ""
    check_signature(header, request, own, now().timestamp())
    await projects.get_project(tx, project_id)
    expires_at = now() + REQUEST_LIFETIME
    values = {"consumer_id": consumer.id, "project_id": project_id, "role_ids": []}
    return await _keep(tx, vault, kind="request", expires_at=expires_at, **values)


async def _keep(tx: Transaction, vault: Vault, **values: Any) -> tuple[Row[Any], str]:
    id, secret = uuid.uuid4().hex, secrets.token_hex(32)
    await rows.insert_row(tx, oauth_tokens, id=id, sealed_secret=vault.seal(secret), **values)
    return await rows.get_row(tx, oauth_tokens, id, "token"), secret


async def _find_token(tx: Transaction, kind: str, id: str) -> Row[Any] | None:
    for row in await rows.list_rows(tx, oauth_tokens, id=id, kind=kind):
        if row.expires_at is None or row.expires_at > now():
            return row
    return None


async def authorize(tx: Transaction, caller: Caller, id: str, role_ids: Sequence[str]) -> str:
    """Let a consumer act with some of the caller's roles; the verifier that it has to show."""
    refuse_delegated(caller, "authorize a consumer")
    token = await _find_token(tx, "request", id)
    if token is None:
        raise NotFound(f"cannot find the request token '{id}'")
    if token.verifier is not None:
        raise Forbidden("cannot authorize a request token twice; ask for another token")
    if not role_ids:
        raise InvalidRequest("cannot authorize a consumer without a role")
    held = await list_effective_roles(tx, caller.user_id, "project", token.project_id)
    if not set(role_ids) <= held:
        raise Unauthenticated("cannot delegate a role that you do not have in this project")
    verifier = secrets.token_hex(16)
    values = {"user_id": caller.user_id, "role_ids": sorted(set(role_ids)), "verifier": verifier}
    await rows.update_row(tx, oauth_tokens, id, **values)
    return verifier


async def create_access_token(
    tx: Transaction, vault: Vault, header: Mapping[str, str], request: Request
) -> tuple[Row[Any], str]:
    """The token of a request that a user has authorized; the request is used up."""
    consumer = await _find_consumer(tx, header)
    asked = await _find_token(tx, "request", header.get("oauth_token", ""))
    if asked is None or asked.consumer_id != consumer.id or asked.verifier is None:
        raise Unauthenticated("cannot use this request token: it is over or not authorized")
    if not secrets.compare_digest(
        asked.verifier.encode(), header.get("oauth_verifier", "").encode(errors="replace")
    ):
        raise Unauthenticated("cannot use this request token: the verifier is wrong")
    both = vault.open(consumer.sealed_secret), vault.open(asked.sealed_secret)
    check_signature(header, request, both, now().timestamp())
    await rows.delete_rows(tx, oauth_tokens, id=asked.id)
    names = ("consumer_id", "project_id", "user_id", "role_ids")
    values = {name: getattr(asked, name) for name in names}
    expires_at = now() + ACCESS_LIFETIME
    return await _keep(tx, vault, kind="access", expires_at=expires_at, **values)


async def find_signer(
    tx: Transaction, vault: Vault, header: Mapping[str, str], request: Request
) -> Row[Any]:
    """The access token with which a request is signed. Raises `Unauthenticated`."""
    consumer = await _find_consumer(tx, header)
    token = await _find_token(tx, "access", header.get("oauth_token", ""))
    if token is None or token.consumer_id != consumer.id:
        raise Unauthenticated("cannot use this access token: it is over or another consumer's")
    both = vault.open(consumer.sealed_secret), vault.open(token.sealed_secret)
    check_signature(header, request, both, now().timestamp())
    return token


async def list_access_tokens(tx: Transaction, user_id: str) -> Sequence[Row[Any]]:
    """What a user allowed consumers."""
    return await rows.list_rows(tx, oauth_tokens, user_id=user_id, kind="access")


async def get_access_token(tx: Transaction, user_id: str, id: str) -> Row[Any]:
    """One access token of a user. Raises `NotFound`."""
    for row in await rows.list_rows(tx, oauth_tokens, user_id=user_id, kind="access", id=id):
        return row
    raise NotFound(f"cannot find the access token '{id}'")


async def delete_access_token(tx: Transaction, user_id: str, id: str) -> None:
    """Take back what a consumer was allowed; its tokens end at once."""
    await get_access_token(tx, user_id, id)
    await rows.delete_rows(tx, oauth_tokens, id=id, user_id=user_id)
