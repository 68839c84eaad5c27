"""What a token says."""

import datetime
from enum import StrEnum

import msgspec


class ScopeKind(StrEnum):
    """What a token is good for."""

    NONE = "none"
    PROJECT = "project"
    DOMAIN = "domain"
    SYSTEM = "system"


class Delegation(StrEnum):
    """What a token was made with, when not with its user's own proof."""

    NONE = ""
    APPLICATION_CREDENTIAL = "application_credential"
    TRUST = "trust"
    ACCESS_TOKEN = "access_token"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """The claims inside a token; the roles are read anew at every use."""

    user_id: str
    methods: list[str]
    scope: ScopeKind
    scope_id: str | None
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    audit_ids: list[str]
    """Its own audit id, then the first token's of the chain when it was made from a token."""
    user_epoch: int
    project_epoch: int | None
    """Epoch of the project or domain in scope."""
    delegation: Delegation = Delegation.NONE
    delegation_id: str | None = None
    """The application credential, trust or access token that it was made with."""
    delegate_epoch: int | None = None
    """Epoch of the user who holds the delegation, where that is not the token's user."""
