"""Tables of placement."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    true,
)

from pilvi.core.db import Time, metadata, uuid_column

providers = Table(
    "placement_providers",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False),
    Column("generation", Integer, nullable=False, default=0),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    uuid_column("parent_id", nullable=True),
    Column("follows_host", Boolean, nullable=False, server_default=true()),
)

inventories = Table(
    "placement_inventories",
    metadata,
    Column("provider_id", ForeignKey("placement_providers.id"), primary_key=True),
    Column("resource_class", String(255), primary_key=True),
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
    Column("by_host", Boolean, nullable=False, server_default=true()),
)

aggregates = Table(
    "placement_aggregates",
    metadata,
    Column("provider_id", ForeignKey("placement_providers.id"), primary_key=True),
    uuid_column("aggregate_id", primary_key=True),
)

custom_classes = Table(
    "placement_custom_classes",
    metadata,
    Column("name", String(255), primary_key=True),
)

custom_traits = Table(
    "placement_custom_traits",
    metadata,
    Column("name", String(255), primary_key=True),
)

consumers = Table(
    "placement_consumers",
    metadata,
    uuid_column("id", primary_key=True),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("consumer_type", String(255), nullable=True),
    Column("is_servers", Boolean, nullable=False, server_default=true()),
    Index("ix_placement_consumers_project_id", "project_id"),
)

holdings = Table(
    "placement_holdings",
    metadata,
    Column(
        "consumer_id", ForeignKey("placement_consumers.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("provider_id", ForeignKey("placement_providers.id"), primary_key=True),
    Column("resource_class", String(255), primary_key=True),
    Column("used", Integer, nullable=False),
    Index("ix_placement_holdings_provider_id", "provider_id"),
)
