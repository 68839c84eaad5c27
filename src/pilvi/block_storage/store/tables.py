"""Tables of block storage."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from pilvi.core.db import Json, Time, metadata, uuid_column

volume_types = Table(
    "block_storage_volume_types",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("is_public", Boolean, nullable=False),
    Column("extra_specs", Json, nullable=False),
    uuid_column("qos_specs_id"),
    Column("encryption", Json),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
)

volume_type_access = Table(
    "block_storage_volume_type_access",
    metadata,
    Column("volume_type_id", ForeignKey("block_storage_volume_types.id"), primary_key=True),
    uuid_column("project_id", primary_key=True),
)

volumes = Table(
    "block_storage_volumes",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
    # Desired, written by operations.
    Column("size_gib", Integer, nullable=False),
    Column("volume_type_id", ForeignKey("block_storage_volume_types.id"), nullable=False),
    Column("availability_zone", String(255), nullable=False),
    Column("bootable", Boolean, nullable=False),
    Column("is_read_only", Boolean),
    Column("multiattach", Boolean, nullable=False, server_default="0"),
    uuid_column("group_id"),
    uuid_column("snapshot_id"),
    uuid_column("source_volume_id"),
    Column("source", Json),
    Column("content_generation", Integer, nullable=False, server_default="1"),
    Column("present", Boolean, nullable=False),
    Column("marked_status", String(32)),
    Column("generation", Integer, nullable=False),
    Column("desired_at", Time, nullable=False),
    # Owned, written by the reconciler before the thing is made.
    uuid_column("host_id"),
    # Observed, written by the reconciler.
    Column("seen_size_gib", Integer),
    Column("seen_content", Integer, nullable=False, server_default="1"),
    Column("error", Text, nullable=False),
    Column("failed", Boolean, nullable=False),
    # Derived, written by save_status in the transaction of its inputs.
    Column("status", String(32), nullable=False),
    Index("ix_block_storage_volumes_project_id_created_at", "project_id", "created_at"),
    Index("ix_block_storage_volumes_status", "status"),
)

volume_metadata = Table(
    "block_storage_volume_metadata",
    metadata,
    Column(
        "volume_id", ForeignKey("block_storage_volumes.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("kind", String(8), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)

attachments = Table(
    "block_storage_attachments",
    metadata,
    uuid_column("id", primary_key=True),
    Column("volume_id", ForeignKey("block_storage_volumes.id"), nullable=False),
    uuid_column("server_id", nullable=False),
    uuid_column("project_id", nullable=False),
    Column("device", String(255), nullable=False),
    Column("read_only", Boolean, nullable=False),
    Column("username", String(64), nullable=False),
    Column("password", String(64), nullable=False),
    Column("created_at", Time, nullable=False),
    # Desired, written by operations.
    Column("state", String(16), nullable=False),
    Column("present", Boolean, nullable=False),
    Column("attached_at", Time),
    # Owned, written by the reconciler before the target is made.
    Column("iqn", String(255), nullable=False),
    # Observed, written by the reconciler.
    Column("exported", Boolean, nullable=False),
    Column("portal", String(255), nullable=False),
    Column("by_hand", Boolean, nullable=False, server_default="0"),
    Column("shared", Boolean, nullable=False, server_default="0"),
    Column("connector", Json),
    # Unique: a volume has one server at most, whatever anybody asks for at once, unless its type
    # says that servers share it.
    Index(
        "ix_block_storage_attachments_volume_id_alone",
        "volume_id",
        unique=True,
        sqlite_where=text("NOT shared"),
        # The same for PostgreSQL is in its revision: said here, it makes each process load
        # that dialect.
    ),
    Index("ix_block_storage_attachments_volume_id", "volume_id"),
    Index("ix_block_storage_attachments_server_id", "server_id"),
    Index("ix_block_storage_attachments_project_id", "project_id"),
)

snapshots = Table(
    "block_storage_snapshots",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    # No foreign key: a snapshot is independent of its volume, whose row may go first.
    uuid_column("volume_id", nullable=False),
    uuid_column("volume_type_id", nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("size_gib", Integer, nullable=False),
    uuid_column("group_snapshot_id"),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
    # Desired, written by operations.
    Column("present", Boolean, nullable=False),
    Column("marked_status", String(32)),
    Column("marked_progress", String(32)),
    Column("generation", Integer, nullable=False),
    Column("desired_at", Time, nullable=False),
    uuid_column("host_id"),
    # Observed, written by the reconciler.
    Column("is_whole", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Column("failed", Boolean, nullable=False),
    # Derived, written by save_snapshot_status in the transaction of its inputs.
    Column("status", String(32), nullable=False),
    Index("ix_block_storage_snapshots_project_id_created_at", "project_id", "created_at"),
    Index("ix_block_storage_snapshots_volume_id", "volume_id"),
    Index("ix_block_storage_snapshots_status", "status"),
)

snapshot_metadata = Table(
    "block_storage_snapshot_metadata",
    metadata,
    Column(
        "snapshot_id",
        ForeignKey("block_storage_snapshots.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("key", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)

backups = Table(
    "block_storage_backups",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    # No foreign keys: a backup outlives what it was made of.
    uuid_column("volume_id", nullable=False),
    uuid_column("snapshot_id"),
    uuid_column("parent_id"),
    Column("name", String(255)),
    Column("description", Text),
    Column("container", String(255)),
    Column("availability_zone", String(255)),
    Column("size_gib", Integer, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("volume_facts", Json, nullable=False),
    Column("data_timestamp", Time, nullable=False),
    Column("files_id", String(64), nullable=False),
    Column("is_imported", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
    # Desired, written by operations.
    Column("present", Boolean, nullable=False),
    Column("marked_status", String(32)),
    Column("generation", Integer, nullable=False),
    Column("desired_at", Time, nullable=False),
    uuid_column("host_id"),
    # Observed, written by the reconciler.
    Column("is_whole", Boolean, nullable=False),
    Column("blocks", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("failed", Boolean, nullable=False),
    # Derived, written by save_backup_status in the transaction of its inputs.
    Column("status", String(32), nullable=False),
    Index("ix_block_storage_backups_project_id_created_at", "project_id", "created_at"),
    Index("ix_block_storage_backups_volume_id", "volume_id"),
    Index("ix_block_storage_backups_parent_id", "parent_id"),
)

uploads = Table(
    "block_storage_uploads",
    metadata,
    uuid_column("image_id", primary_key=True),
    uuid_column("volume_id", nullable=False),
    uuid_column("project_id", nullable=False),
    Column("disk_format", String(16), nullable=False),
    uuid_column("host_id", nullable=False),
    Column("present", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_block_storage_uploads_volume_id", "volume_id"),
)

transfers = Table(
    "block_storage_transfers",
    metadata,
    uuid_column("id", primary_key=True),
    Column("volume_id", ForeignKey("block_storage_volumes.id"), nullable=False, unique=True),
    uuid_column("project_id", nullable=False),
    Column("name", String(255)),
    Column("salt", String(64), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("no_snapshots", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_block_storage_transfers_project_id", "project_id"),
)

quotas = Table(
    "block_storage_quotas",
    metadata,
    uuid_column("project_id", primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)

quota_classes = Table(
    "block_storage_quota_classes",
    metadata,
    Column("class_name", String(255), primary_key=True),
    Column("name", String(300), primary_key=True),
    Column("value", Integer, nullable=False),
)

qos_specs = Table(
    "block_storage_qos_specs",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("consumer", String(16), nullable=False),
    Column("specs", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
)

default_types = Table(
    "block_storage_default_types",
    metadata,
    uuid_column("project_id", primary_key=True),
    Column("volume_type_id", ForeignKey("block_storage_volume_types.id"), nullable=False),
)

group_types = Table(
    "block_storage_group_types",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("is_public", Boolean, nullable=False),
    Column("group_specs", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
)

groups = Table(
    "block_storage_groups",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("group_type_id", ForeignKey("block_storage_group_types.id"), nullable=False),
    Column("volume_type_ids", Json, nullable=False),
    Column("availability_zone", String(255), nullable=False),
    uuid_column("group_snapshot_id"),
    uuid_column("source_group_id"),
    Column("present", Boolean, nullable=False),
    Column("marked_status", String(32)),
    Column("created_at", Time, nullable=False),
    Index("ix_block_storage_groups_project_id_created_at", "project_id", "created_at"),
)

group_snapshots = Table(
    "block_storage_group_snapshots",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    Column("group_id", ForeignKey("block_storage_groups.id"), nullable=False),
    Column("group_type_id", ForeignKey("block_storage_group_types.id"), nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("present", Boolean, nullable=False),
    Column("marked_status", String(32)),
    Column("created_at", Time, nullable=False),
    Index("ix_block_storage_group_snapshots_project_id_created_at", "project_id", "created_at"),
)

# A message is computed from what it tells of; only that somebody dismissed it is kept.
dismissed_messages = Table(
    "block_storage_dismissed_messages", metadata, uuid_column("id", primary_key=True)
)

# Hosts that an admin closed to new volumes; compute's own switch closes a host as a whole.
closed_hosts = Table(
    "block_storage_closed_hosts",
    metadata,
    uuid_column("host_id", primary_key=True),
    Column("reason", Text),
    Column("updated_at", Time, nullable=False),
)
