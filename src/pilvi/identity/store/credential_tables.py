"""Tables of what users prove themselves with besides passwords, and of what they delegate."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from pilvi.core.db import Json, Time, metadata, uuid_column


def _user_column(name: str) -> Column[str]:
    """A column of a user's id, with whose row the row goes."""
    key = ForeignKey("identity_users.id", ondelete="CASCADE")
    return Column(name, key, nullable=False, index=True)


credentials = Table(
    "identity_credentials",
    metadata,
    uuid_column("id", primary_key=True),
    _user_column("user_id"),
    uuid_column("project_id"),
    Column("type", String(255), nullable=False),
    # Sealed: a copy of the database gives nobody a secret.
    Column("sealed_blob", Text, nullable=False),
    Column("extra", Json, nullable=False, default=dict),
)

# At most one for each user.
passcode_tries = Table(
    "identity_passcode_tries",
    metadata,
    Column("user_id", ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True),
    # Steps of time: the last in which one was tried, and the last whose passcode was accepted.
    Column("step", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("accepted_step", Integer, nullable=False),
)

access_rules = Table(
    "identity_access_rules",
    metadata,
    uuid_column("id", primary_key=True),
    _user_column("user_id"),
    Column("service", String(64), nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", String(128), nullable=False),
)

application_credentials = Table(
    "identity_application_credentials",
    metadata,
    uuid_column("id", primary_key=True),
    _user_column("user_id"),
    uuid_column("project_id", nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("secret_hash", String(255), nullable=False),
    Column("role_ids", Json, nullable=False),
    Column("access_rule_ids", Json, nullable=False),
    Column("unrestricted", Boolean, nullable=False),
    Column("expires_at", Time),
    UniqueConstraint("user_id", "name"),
)

trusts = Table(
    "identity_trusts",
    metadata,
    uuid_column("id", primary_key=True),
    _user_column("trustor_user_id"),
    _user_column("trustee_user_id"),
    uuid_column("project_id", index=True),
    Column("impersonation", Boolean, nullable=False),
    Column("role_ids", Json, nullable=False),
    Column("expires_at", Time),
    Column("remaining_uses", Integer),
    Column("redelegation_count", Integer, nullable=False),
    uuid_column("redelegated_trust_id"),
)

consumers = Table(
    "identity_consumers",
    metadata,
    uuid_column("id", primary_key=True),
    Column("description", Text),
    Column("sealed_secret", Text, nullable=False),
    Column("extra", Json, nullable=False, default=dict),
)

# Both kinds of OAuth token: a request becomes an access token once its user has authorized it.
oauth_tokens = Table(
    "identity_oauth_tokens",
    metadata,
    uuid_column("id", primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("consumer_id", ForeignKey("identity_consumers.id", ondelete="CASCADE"), nullable=False),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", index=True),
    Column("role_ids", Json, nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("verifier", String(64)),
    Column("expires_at", Time),
)
