"""Tables of what is done with traffic on its way: meters, helpers, proxies, local IPs, logs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from pilvi.core.db import Time, metadata, uuid_column
from pilvi.network.store.columns import resource_columns

metering_labels = Table(
    "network_metering_labels",
    metadata,
    *resource_columns(),
    Column("is_shared", Boolean, nullable=False, default=False),
)

metering_rules = Table(
    "network_metering_rules",
    metadata,
    *resource_columns(),
    Column("label_id", ForeignKey("network_metering_labels.id"), nullable=False, index=True),
    Column("direction", String(8), nullable=False),
    # Of the project's own side of the traffic, whatever its name on the wire says.
    Column("remote_prefix", String(43)),
    Column("source_prefix", String(43)),
    Column("destination_prefix", String(43)),
    Column("is_excluded", Boolean, nullable=False, default=False),
)

meter_counts = Table(
    "network_meter_counts",
    metadata,
    Column("label_id", ForeignKey("network_metering_labels.id"), primary_key=True),
    Column("router_id", ForeignKey("network_routers.id"), primary_key=True, index=True),
    # Observed: what the router's host counts; begins at 0 when the router is made anew.
    Column("packets", BigInteger, nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("counted_at", Time, nullable=False),
)

conntrack_helpers = Table(
    "network_conntrack_helpers",
    metadata,
    *resource_columns(),
    Column("router_id", ForeignKey("network_routers.id"), nullable=False),
    Column("protocol", String(8), nullable=False),
    Column("port", Integer, nullable=False),
    Column("helper", String(64), nullable=False),
    UniqueConstraint("router_id", "protocol", "port"),
)

ndp_proxies = Table(
    "network_ndp_proxies",
    metadata,
    *resource_columns(),
    Column("router_id", ForeignKey("network_routers.id"), nullable=False),
    Column("port_id", ForeignKey("network_ports.id"), nullable=False, index=True),
    Column("address", String(39), nullable=False),
    UniqueConstraint("router_id", "address"),
)

default_statefulness = Table(
    "network_default_statefulness",
    metadata,
    uuid_column("id", primary_key=True),
    # None: of every project that has none of its own.
    uuid_column("project_id", unique=True),
    Column("is_stateful", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
)

logs = Table(
    "network_logs",
    metadata,
    *resource_columns(),
    Column("is_enabled", Boolean, nullable=False, default=True),
    Column("event", String(8), nullable=False),
    # A security group and a port; None is any of the project's.
    uuid_column("resource_id", index=True),
    uuid_column("target_id", index=True),
)
