"""Tables of compute."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pilvi.core.db import Json, Time, metadata, uuid_column

flavors = Table(
    "compute_flavors",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("disk_gib", Integer, nullable=False),
    Column("ephemeral_gib", Integer, nullable=False),
    Column("swap_mib", Integer, nullable=False),
    Column("rxtx_factor", Float, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("description", Text),
    Column("extra_specs", Json, nullable=False),
    Column("created_at", Time, nullable=False),
)

flavor_access = Table(
    "compute_flavor_access",
    metadata,
    Column("flavor_id", ForeignKey("compute_flavors.id", ondelete="CASCADE"), primary_key=True),
    uuid_column("project_id", primary_key=True),
)

keypairs = Table(
    "compute_keypairs",
    metadata,
    Column("number", Integer, primary_key=True),
    uuid_column("user_id", nullable=False),
    Column("name", String(255), nullable=False),
    Column("type", String(8), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("fingerprint", String(255), nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("user_id", "name"),
)

servers = Table(
    "compute_servers",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    Column("name", String(255), nullable=False),
    Column("hostname", String(255), nullable=False),
    Column("description", Text),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("reservation_id", String(16), nullable=False),
    Column("launch_index", Integer, nullable=False),
    Column("flavor", Json, nullable=False),
    Column("image", Json),
    Column("key", Json),
    Column("user_data", Text),
    Column("config_drive", Boolean, nullable=False),
    Column("availability_zone", String(255)),
    Column("wanted_host", String(255)),
    Column("requests", Json, nullable=False),
    Column("security_groups", Json, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("access_ipv4", String(64), nullable=False),
    Column("access_ipv6", String(64), nullable=False),
    Column("hints", Json, nullable=False),
    Column("image_properties", Json, nullable=False),
    Column("disk_config", String(8), nullable=False),
    Column("admin_password", Text),
    Column("volumes", Json, nullable=False),
    Column("leaving_ports", Json, nullable=False),
    Column("locked_by", String(16)),
    Column("locked_reason", Text),
    # Desired, written by operations (the guest's own power-off is one).
    Column("desired", Json, nullable=False),
    # Owned and observed, written by the reconciler.
    uuid_column("host_id"),
    Column("assigned_generation", Integer),
    Column("layers", Json, nullable=False),
    Column("sources", Json, nullable=False),
    Column("carriers", Json, nullable=False),
    Column("way_back", Json),
    Column("observed", Json, nullable=False),
    Column("given_up", Boolean, nullable=False),
    Column("fault", Json),
    Column("failed_generation", Integer),
    Column("launched_at", Time),
    Column("deleted_at", Time),
    # Derived from the columns above by store.servers, in the same statement, for filters and sums.
    Column("status", String(32), nullable=False),
    Column("vm_state", String(32), nullable=False),
    Column("task_state", String(32)),
    Column("power_state", Integer, nullable=False),
    Column("is_locked", Boolean, nullable=False),
    Column("is_settled", Boolean, nullable=False),
    Column("flavor_id", String(255), nullable=False),
    uuid_column("image_id"),
    Column("key_name", String(255)),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Index("ix_compute_servers_project_id_deleted_at", "project_id", "deleted_at"),
    Index("ix_compute_servers_host_id", "host_id"),
    Index("ix_compute_servers_is_settled", "is_settled"),
    Index("ix_compute_servers_updated_at", "updated_at"),
    Index("ix_compute_servers_deleted_at", "deleted_at"),
)

server_tags = Table(
    "compute_server_tags",
    metadata,
    Column("server_id", ForeignKey("compute_servers.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(60), primary_key=True),
)
"""The `tags` column once more, one row each, for filters; written together with it."""

actions = Table(
    "compute_actions",
    metadata,
    uuid_column("server_id", primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("action", String(32), nullable=False),
    uuid_column("user_id", nullable=False),
    uuid_column("project_id", nullable=False),
    Column("started_at", Time, nullable=False),
    Column("finished_at", Time),
    Column("result", String(16), nullable=False),
    Column("message", Text),
    uuid_column("host_id"),
)

migrations = Table(
    "compute_migrations",
    metadata,
    Column("number", Integer, primary_key=True),
    uuid_column("id", nullable=False, unique=True),
    uuid_column("server_id", nullable=False, index=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    Column("type", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    uuid_column("source_host_id", nullable=False),
    uuid_column("target_host_id"),
    Column("old_flavor_id", String(255), nullable=False),
    Column("new_flavor_id", String(255), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)

snapshots = Table(
    "compute_snapshots",
    metadata,
    uuid_column("image_id", primary_key=True),
    uuid_column("server_id", nullable=False, index=True),
    uuid_column("project_id", nullable=False),
    uuid_column("host_id", nullable=False),
    Column("device", String(16), nullable=False),
    Column("present", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("backup_type", String(255)),
    Column("rotation", Integer),
)

quotas = Table(
    "compute_quotas",
    metadata,
    uuid_column("project_id", primary_key=True),
    Column("resource", String(32), primary_key=True),
    Column("limit", Integer, nullable=False),
)

user_quotas = Table(
    "compute_user_quotas",
    metadata,
    uuid_column("project_id", primary_key=True),
    uuid_column("user_id", primary_key=True),
    Column("resource", String(32), primary_key=True),
    Column("limit", Integer, nullable=False),
)

quota_classes = Table(
    "compute_quota_classes",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("resource", String(32), primary_key=True),
    Column("limit", Integer, nullable=False),
)

server_groups = Table(
    "compute_server_groups",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False, index=True),
    uuid_column("user_id", nullable=False),
    Column("name", String(255), nullable=False),
    Column("policy", String(32), nullable=False),
    Column("max_server_per_host", Integer),
    Column("created_at", Time, nullable=False),
)

server_group_members = Table(
    "compute_server_group_members",
    metadata,
    Column("server_id", ForeignKey("compute_servers.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "group_id",
        ForeignKey("compute_server_groups.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
)

aggregates = Table(
    "compute_aggregates",
    metadata,
    Column("number", Integer, primary_key=True),
    uuid_column("id", nullable=False, unique=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("availability_zone", String(255)),
    Column("metadata", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
)

aggregate_hosts = Table(
    "compute_aggregate_hosts",
    metadata,
    Column(
        "aggregate_number",
        ForeignKey("compute_aggregates.number", ondelete="CASCADE"),
        primary_key=True,
    ),
    uuid_column("host_id", primary_key=True),
)

consoles = Table(
    "compute_consoles",
    metadata,
    uuid_column("id", primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    uuid_column("server_id", nullable=False, index=True),
    uuid_column("project_id", nullable=False, index=True),
    uuid_column("user_id", nullable=False),
    uuid_column("host_id", nullable=False),
    Column("line", String(16), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("origin", String(255), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("opened_at", Time),
    Column("renewed_at", Time),
)
