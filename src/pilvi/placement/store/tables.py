"""Tables of placement."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table

from pilvi.core.db import Time, metadata, uuid_column

providers = Table(
    "placement_providers",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False),
    Column("generation", Integer, nullable=False, default=0),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)

inventories = Table(
    "placement_inventories",
    metadata,
    Column("provider_id", ForeignKey("placement_providers.id"), primary_key=True),
    Column("resource_class", String(64), primary_key=True),
    Column("total", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("min_unit", Integer, nullable=False),
    Column("max_unit", Integer, nullable=False),
    Column("step_size", Integer, nullable=False),
    Column("allocation_ratio", Float, nullable=False),
)

traits = Table(
    "placement_traits",
    metadata,
    Column("provider_id", ForeignKey("placement_providers.id"), primary_key=True),
    Column("name", String(255), primary_key=True),
)

consumers = Table(
    "placement_consumers",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", nullable=False),
    uuid_column("user_id", nullable=False),
    Column("provider_id", ForeignKey("placement_providers.id"), nullable=False),
    Column("generation", Integer, nullable=False),
    Index("ix_placement_consumers_project_id", "project_id"),
    Index("ix_placement_consumers_provider_id", "provider_id"),
)

allocations = Table(
    "placement_allocations",
    metadata,
    Column(
        "consumer_id", ForeignKey("placement_consumers.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("resource_class", String(64), primary_key=True),
    Column("used", Integer, nullable=False),
)
