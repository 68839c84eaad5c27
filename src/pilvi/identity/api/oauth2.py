"""OAuth 2: /v3/OS-OAUTH2/token, where an application credential is the client (RFC 6749, 4.4)."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

from pilvi.core.http import Call, Reply
from pilvi.core.http.bodies import read_limited
from pilvi.errors import Forbidden, NotFound, Unauthenticated
from pilvi.identity.api.authentication import (
    ApplicationCredentialMethod,
    IdentityPart,
    prove,
)
from pilvi.identity.operations.keys import TokenKeys
from pilvi.identity.operations.tokens import issue_token

FORM_BYTES_MAX = 4096
_FIELDS_MAX = 16


async def create_oauth2_token(call: Call[None]) -> Reply:
    """A token for a client that proves itself by the id and secret of an application credential."""
    form = await _read_form(call)
    if form is None or not form.get("grant_type"):
        return _refuse(400, "invalid_request", "The parameter grant_type is required.")
    if form["grant_type"] != "client_credentials":
        told = "The parameter grant_type is not supported: use client_credentials."
        return _refuse(400, "unsupported_grant_type", told)
    id, secret = _read_client(call) or (form.get("client_id"), form.get("client_secret"))
    if not id or not secret:
        return _refuse(401, "invalid_client", "Client authentication failed.")
    named = ApplicationCredentialMethod(secret, id)
    identity = IdentityPart(["application_credential"], application_credential=named)
    lifetime_s = call.settings.token_lifetime_s
    try:
        proof = await prove(call, identity)
        async with call.db.read() as tx:
            checked = await issue_token(tx, proof, None, lifetime_s=lifetime_s)
    except (Unauthenticated, Forbidden, NotFound):
        return _refuse(401, "invalid_client", "Client authentication failed.")
    token = checked.token
    body = {
        "access_token": call.part(TokenKeys).seal(token),
        "token_type": "Bearer",
        "expires_in": int((token.expires_at - token.issued_at).total_seconds()),
    }
    return Reply(body, 200, {"cache-control": "no-store", "pragma": "no-cache"})


async def _read_form(call: Call[Any]) -> dict[str, str] | None:
    raw = await read_limited(call.request, FORM_BYTES_MAX)
    try:
        return dict(parse_qsl(raw.decode(), max_num_fields=_FIELDS_MAX))
    except ValueError:
        return None


def _read_client(call: Call[Any]) -> tuple[str, str] | None:
    """The client of a Basic header, if it is one."""
    kind, _, rest = (call.headers.get("authorization") or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        id, _, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return id, secret


def _refuse(status: int, error: str, told: str) -> Reply:
    """A fault as RFC 6749, section 5.2, writes it."""
    headers = {"www-authenticate": 'Basic realm="Pilvi"'} if status == 401 else {}
    return Reply({"error": error, "error_description": told}, status, headers)
