"""Tables of identity."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pilvi.core.db import Json, Time, metadata, uuid_column

domains = Table(
    "identity_domains",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text, nullable=False, default=""),
    Column("enabled", Boolean, nullable=False, default=True),
)

projects = Table(
    "identity_projects",
    metadata,
    uuid_column("id", primary_key=True),
    Column("domain_id", ForeignKey("identity_domains.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("epoch", Integer, nullable=False, default=0),
    Column("tags", Json, nullable=False),
    UniqueConstraint("domain_id", "name"),
)

users = Table(
    "identity_users",
    metadata,
    uuid_column("id", primary_key=True),
    Column("domain_id", ForeignKey("identity_domains.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("email", String(255)),
    Column("enabled", Boolean, nullable=False, default=True),
    uuid_column("default_project_id"),
    Column("password_hash", String(255)),
    Column("epoch", Integer, nullable=False, default=0),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("domain_id", "name"),
)

roles = Table(
    "identity_roles",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text, nullable=False, default=""),
)

grants = Table(
    "identity_grants",
    metadata,
    Column("user_id", ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True),
    Column("scope", String(16), primary_key=True),
    uuid_column("scope_id", primary_key=True),
    Column("role_id", ForeignKey("identity_roles.id"), primary_key=True),
)

revoked_tokens = Table(
    "identity_revoked_tokens",
    metadata,
    Column("audit_id", String(32), primary_key=True),
    Column("expires_at", Time, nullable=False, index=True),
)
