"""Tables of block storage."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from pilvi.core.db import Json, Time, metadata, uuid_column

volume_types = Table(
    "block_storage_volume_types",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("is_public", Boolean, nullable=False),
    Column("extra_specs", Json, nullable=False),
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
    Column("read_only", Boolean, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("is_marked_error", Boolean, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("desired_at", Time, nullable=False),
    # Owned, written by the reconciler before the thing is made.
    uuid_column("host_id"),
    # Observed, written by the reconciler.
    Column("seen_size_gib", Integer),
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
    # Unique: a volume has one server at most, whatever anybody asks for at once.
    Column("volume_id", ForeignKey("block_storage_volumes.id"), nullable=False, unique=True),
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
    Index("ix_block_storage_attachments_server_id", "server_id"),
    Index("ix_block_storage_attachments_project_id", "project_id"),
)

quotas = Table(
    "block_storage_quotas",
    metadata,
    uuid_column("project_id", primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)
