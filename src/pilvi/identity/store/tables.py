"""Tables of identity."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
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
    Column("epoch", Integer, nullable=False, default=0),
    Column("tags", Json, nullable=False, default=list),
    Column("options", Json, nullable=False, default=dict),
    Column("extra", Json, nullable=False, default=dict),
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
    uuid_column("parent_id"),
    Column("options", Json, nullable=False, default=dict),
    Column("extra", Json, nullable=False, default=dict),
    UniqueConstraint("domain_id", "name"),
)

# Every project with each thing above it: the projects that lead to it, and its domain.
lineage = Table(
    "identity_lineage",
    metadata,
    Column("project_id", ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True),
    uuid_column("ancestor_id", primary_key=True, index=True),
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
    Column("options", Json, nullable=False, default=dict),
    Column("extra", Json, nullable=False, default=dict),
    UniqueConstraint("domain_id", "name"),
)

groups = Table(
    "identity_groups",
    metadata,
    uuid_column("id", primary_key=True),
    Column("domain_id", ForeignKey("identity_domains.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("extra", Json, nullable=False, default=dict),
    UniqueConstraint("domain_id", "name"),
)

memberships = Table(
    "identity_memberships",
    metadata,
    Column("user_id", ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "group_id",
        ForeignKey("identity_groups.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

roles = Table(
    "identity_roles",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    # Empty for the roles that rules ask for; a domain's own roles only bring others.
    uuid_column("domain_id", nullable=False, default=""),
    Column("options", Json, nullable=False, default=dict),
    Column("extra", Json, nullable=False, default=dict),
    UniqueConstraint("domain_id", "name"),
)

role_inferences = Table(
    "identity_role_inferences",
    metadata,
    Column("prior_id", ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
    Column("implied_id", ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
)

# Derived from the inferences by one function: each role with every role it brings, itself too.
role_closure = Table(
    "identity_role_closure",
    metadata,
    Column("role_id", ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
    Column("brings_id", ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
)

# The key begins with what a token's check knows, so that it reads the few rows that count.
assignments = Table(
    "identity_assignments",
    metadata,
    uuid_column("actor_id", primary_key=True),
    Column("actor", String(8), primary_key=True),
    Column("inherited", Boolean, primary_key=True),
    Column("scope", String(16), primary_key=True),
    uuid_column("scope_id", primary_key=True),
    Column("role_id", ForeignKey("identity_roles.id"), primary_key=True),
    Index("ix_identity_assignments_scope_id", "scope_id"),
)

revoked_tokens = Table(
    "identity_revoked_tokens",
    metadata,
    Column("audit_id", String(32), primary_key=True),
    Column("expires_at", Time, nullable=False, index=True),
    Column("revoked_at", Time),
)
