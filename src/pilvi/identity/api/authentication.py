"""How a request for a token says who asks and for what, and the proof of it."""

from typing import Annotated, Any

import msgspec

from pilvi.core.db import Transaction
from pilvi.core.http import Call
from pilvi.errors import Forbidden, InvalidRequest, NotFound, Unauthenticated
from pilvi.identity.api.oauth import read_request
from pilvi.identity.model.identity import DEFAULT_DOMAIN_ID, User
from pilvi.identity.model.oauth import parse_header
from pilvi.identity.model.token import Delegation, ScopeKind, Token
from pilvi.identity.operations import passcodes, tokens
from pilvi.identity.operations.application_credentials import find_for_login
from pilvi.identity.operations.credentials import list_totp_secrets
from pilvi.identity.operations.keys import Passwords, TokenKeys, Vault
from pilvi.identity.operations.logins import check_factors, find_user_for_login, has_factors
from pilvi.identity.operations.oauth import find_signer
from pilvi.identity.operations.tokens import Proof
from pilvi.identity.store import projects, users

REFUSED = "cannot authenticate: the user or the password is wrong"
# Methods named in one request at most; there are fewer that can be used together.
METHODS_MAX = 8


class DomainRef(msgspec.Struct, forbid_unknown_fields=True):
    """A domain by id or name."""

    id: str | None = None
    name: str | None = None


class UserRef(msgspec.Struct, forbid_unknown_fields=True):
    """A user by id, or by name and domain, with what it proves itself with."""

    password: str = ""
    passcode: str = ""
    id: str | None = None
    name: str | None = None
    domain: DomainRef | None = None


class UserMethod(msgspec.Struct, forbid_unknown_fields=True):
    """The methods password and totp."""

    user: UserRef


class TokenMethod(msgspec.Struct, forbid_unknown_fields=True):
    """The token method."""

    id: str


class ApplicationCredentialMethod(msgspec.Struct, forbid_unknown_fields=True):
    """The method application_credential: by id, or by name and user."""

    secret: str
    id: str | None = None
    name: str | None = None
    user: UserRef | None = None


class IdentityPart(msgspec.Struct):
    """How the caller proves to be somebody. Other methods' blocks are ignored, as in Keystone."""

    methods: Annotated[list[str], msgspec.Meta(max_length=METHODS_MAX)]
    password: UserMethod | None = None
    token: TokenMethod | None = None
    totp: UserMethod | None = None
    application_credential: ApplicationCredentialMethod | None = None
    oauth1: dict[str, Any] | None = None


class ProjectRef(msgspec.Struct, forbid_unknown_fields=True):
    """A project by id, or by name and domain."""

    id: str | None = None
    name: str | None = None
    domain: DomainRef | None = None


class TrustRef(msgspec.Struct, forbid_unknown_fields=True):
    """A trust by id."""

    id: str


class ScopePart(msgspec.Struct, forbid_unknown_fields=True):
    """What the token should be good for."""

    project: ProjectRef | None = None
    domain: DomainRef | None = None
    system: dict[str, bool] | None = None
    trust: TrustRef | None = msgspec.field(default=None, name="OS-TRUST:trust")
    unscoped: dict[str, Any] | None = None


class Auth(msgspec.Struct, forbid_unknown_fields=True):
    """The request below `auth`."""

    identity: IdentityPart
    scope: ScopePart | str | None = None


class TokenCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/auth/tokens."""

    auth: Auth


async def prove(call: Call[Any], identity: IdentityPart) -> Proof:
    """Who asks, by every method named; they must all mean the same user."""
    methods = sorted(set(identity.methods))
    if not methods:
        raise InvalidRequest("cannot authenticate: methods must name at least one")
    proofs = []
    for method in methods:
        match method, getattr(identity, method, None):
            case "password", UserMethod() as named:
                proofs.append(Proof(await _prove_password(call, named.user), [method]))
            case "totp", UserMethod() as named:
                proofs.append(Proof(await _prove_totp(call, named.user, proofs), [method]))
            case "token", TokenMethod() as named:
                proofs.append(await _prove_token(call, named.id))
            case "application_credential", ApplicationCredentialMethod() as named:
                proofs.append(await _prove_application_credential(call, named))
            case "oauth1", dict():
                proofs.append(await _prove_oauth(call))
            case _:
                raise InvalidRequest(
                    f"cannot authenticate by '{method}'; use password, token, totp, "
                    "application_credential or oauth1, each with a block of its own"
                )
    proof = _join(proofs)
    check_factors(proof.user, proof.methods)
    return proof


def _join(proofs: list[Proof]) -> Proof:
    """One proof of several for the same user; a delegation stands alone. Pure."""
    first = proofs[0]
    if len(proofs) == 1:
        return first
    if any(one.user.id != first.user.id for one in proofs):
        raise Unauthenticated("cannot authenticate: the methods name different users")
    if any(one.delegation is not Delegation.NONE for one in proofs):
        raise Unauthenticated("cannot authenticate: a delegation goes with no other method")
    parent = next((one.parent for one in proofs if one.parent is not None), None)
    methods = {method for one in proofs for method in one.methods}
    return Proof(first.user, sorted(methods), parent)


async def _find_user(call: Call[Any], named: UserRef) -> User | None:
    async with call.db.read() as tx:
        domain_id = await find_domain_id(tx, named.domain)
        return await find_user_for_login(tx, named.id, named.name, domain_id)


async def _prove_password(call: Call[Any], named: UserRef) -> User:
    user = await _find_user(call, named)
    known = user.password_hash if user is not None and user.enabled else None
    if not await call.part(Passwords).verify(known, named.password) or user is None:
        raise Unauthenticated(REFUSED)
    return user


async def _prove_totp(call: Call[Any], named: UserRef, before: list[Proof]) -> User:
    """The last of the methods by name: where it needs another, that was shown before.

    So of a user with two factors no passcode is tried, nor used up, without the other one.
    """
    user = await _find_user(call, named)
    if user is None or not user.enabled:
        raise Unauthenticated(REFUSED)
    shown = [method for one in before if one.user.id == user.id for method in one.methods]
    if not has_factors(user, ["totp", *shown]):
        raise Unauthenticated(REFUSED)
    async with call.db.read() as tx:
        secrets = await list_totp_secrets(tx, call.part(Vault), user.id)
        present = passcodes.find_present_step()
        is_heard = await passcodes.is_heard(tx, user.id, present)
    # Only what may be good waits for a turn to write; that is over before a wrong one is refused.
    if not secrets or not is_heard:
        raise Unauthenticated(REFUSED)
    async with call.db.write() as tx:
        is_good = await passcodes.use_passcode(tx, user.id, secrets, named.passcode, present)
    if not is_good:
        raise Unauthenticated(REFUSED)
    return user


async def _prove_token(call: Call[Any], text: str) -> Proof:
    async with call.db.read() as tx:
        try:
            token = (await tokens.check_token(tx, call.part(TokenKeys), text)).token
        except Unauthenticated as error:
            raise NotFound("cannot authenticate: the token is not valid") from error
        user = await users.get_user(tx, token.user_id)
    return Proof(
        user,
        sorted({"token", *token.methods}),
        token,
        delegation=token.delegation,
        delegation_id=token.delegation_id,
        delegate_epoch=token.delegate_epoch,
    )


async def _prove_application_credential(
    call: Call[Any], named: ApplicationCredentialMethod
) -> Proof:
    """By id the credential alone says whose it is; a user named besides must be that one."""
    user = await _find_user(call, named.user) if named.user is not None else None
    async with call.db.read() as tx:
        found = await find_for_login(tx, named.id, named.name, user.id if user else None)
        owner = (await users.list_users(tx, id=found.user_id))[0] if found else None
    is_usable = owner is not None and owner.enabled and (named.user is None or owner == user)
    known = found.secret_hash if found is not None and is_usable else None
    if not await call.part(Passwords).verify(known, named.secret) or not found or not owner:
        raise Unauthenticated("cannot authenticate: the application credential is wrong or over")
    return Proof(
        owner,
        ["application_credential"],
        delegation=Delegation.APPLICATION_CREDENTIAL,
        delegation_id=found.id,
    )


async def _prove_oauth(call: Call[Any]) -> Proof:
    """By a signed request: the consumer acts for the user who authorized it."""
    header = parse_header(call.headers.get("authorization") or "")
    async with call.db.read() as tx:
        row = await find_signer(tx, call.part(Vault), header, read_request(call))
        user = await users.get_user(tx, row.user_id)
    delegation = Delegation.ACCESS_TOKEN
    return Proof(user, ["oauth1"], delegation=delegation, delegation_id=row.id)


async def find_domain_id(tx: Transaction, ref: DomainRef | None) -> str:
    """The id of a domain that a request names; empty when there is none of the name."""
    if ref is None:
        return DEFAULT_DOMAIN_ID
    if ref.id is not None:
        return ref.id
    domain = await projects.find_domain(tx, ref.name or "")
    return "" if domain is None else domain.id


async def read_scope(tx: Transaction, part: ScopePart | str | None) -> tokens.Scope | None:
    """The scope asked for; `unscoped` is a scope of its own."""
    if part is None:
        return None
    if isinstance(part, str):
        if part != "unscoped":
            raise InvalidRequest("cannot read the scope: it is a mapping or 'unscoped'")
        return tokens.Scope(ScopeKind.NONE)
    if part.unscoped is not None:
        return tokens.Scope(ScopeKind.NONE)
    if part.project is not None:
        domain_id = await find_domain_id(tx, part.project.domain)
        return tokens.Scope(ScopeKind.PROJECT, part.project.id, part.project.name, domain_id)
    if part.domain is not None:
        return tokens.Scope(ScopeKind.DOMAIN, await find_domain_id(tx, part.domain))
    if part.system is not None:
        return tokens.Scope(ScopeKind.SYSTEM)
    return None


def find_trust_id(auth: Auth) -> str | None:
    """The trust that a request wants to use. Raises `InvalidRequest` beside another scope. Pure."""
    scope = auth.scope
    if not isinstance(scope, ScopePart) or scope.trust is None:
        return None
    if scope.project or scope.domain or scope.system:
        raise InvalidRequest("cannot use a trust with another scope: it has its own")
    return scope.trust.id


def refuse_chain(parent: Token | None, delegation: Delegation) -> None:
    """Raise `Forbidden` for a trust used with a token that was delegated itself. Pure."""
    if delegation is not Delegation.NONE or (parent and parent.delegation is not Delegation.NONE):
        raise Forbidden("cannot use a trust with a delegated token; use the user's own")
