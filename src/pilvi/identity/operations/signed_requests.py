"""Tokens for requests that were signed with keys for EC2. In the caller's transaction."""

import datetime
import hmac
from collections.abc import Callable

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Forbidden, NotFound, Unauthenticated
from pilvi.identity.model.token import ScopeKind
from pilvi.identity.operations.credentials import find_ec2_credential, read_ec2
from pilvi.identity.operations.keys import Vault
from pilvi.identity.operations.tokens import Proof, Scope
from pilvi.identity.store import users

# How far the moment of a signature may be from now. Less: clients with bad clocks are refused;
# more: an overheard request can be sent again for longer.
CLOCK = datetime.timedelta(minutes=15)
METHOD = "ec2credential"
_DELEGATED = ("trust_id", "app_cred_id", "access_token_id")


def require_service(caller: Caller) -> None:
    """Who has a signed request checked is a service or an admin (OSSA-2025-002)."""
    if not caller.is_admin and "service" not in caller.roles:
        raise Forbidden("cannot check a signed request: that is for services and admins")


async def prove_signature(
    tx: Transaction, vault: Vault, access: str, given: str, signatures: Callable[[str], list[str]]
) -> tuple[Proof, Scope]:
    """Who has signed, and the project of the keys.

    `signatures` makes what may be given from the secret. Raises `NotFound` for unknown keys,
    `Unauthenticated` for another signature.
    """
    row = await find_ec2_credential(tx, access)
    if row is None:
        raise NotFound("cannot find the access key")
    blob = read_ec2(vault.open(row.sealed_blob))
    fits = [hmac.compare_digest(_bytes(one), _bytes(given)) for one in signatures(blob["secret"])]
    if not given or not any(fits):
        raise Unauthenticated("cannot accept the signature of this request")
    user = await users.get_user(tx, row.user_id)
    if not user.enabled or any(blob.get(name) for name in _DELEGATED):
        raise Unauthenticated("cannot accept the signature of this request")
    return Proof(user, [METHOD]), Scope(ScopeKind.PROJECT, row.project_id)


def check_moment(text: str | None) -> None:
    """Raise `Unauthenticated` for a signature that is too old, or of the future."""
    if not text:
        return
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise Unauthenticated("cannot read the time of the signature") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    if abs(now() - moment) > CLOCK:
        raise Unauthenticated("cannot accept the signature: it is not of this quarter of an hour")


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")
