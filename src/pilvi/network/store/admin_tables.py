"""Tables of what admins decide: where routers and networks are carried, numbers, flavors."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from pilvi.core.db import Time, metadata, uuid_column

agents = Table(
    "network_agents",
    metadata,
    # What admins said of one part of a host's agent; none: as it comes.
    uuid_column("host_id", primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("admin_state_up", Boolean, nullable=False, default=True),
    Column("description", Text),
    # Since when it is not to be seen, until its host reports again.
    Column("removed_at", Time),
)

dhcp_hosts = Table(
    "network_dhcp_hosts",
    metadata,
    # Hosts that admins want to serve a network beside those that its ports are on.
    Column("network_id", ForeignKey("network_networks.id"), primary_key=True),
    uuid_column("host_id", primary_key=True),
)

segment_ranges = Table(
    "network_segment_ranges",
    metadata,
    uuid_column("id", primary_key=True),
    # Whose networks it is for; empty where it is shared.
    uuid_column("project_id", nullable=False, index=True),
    Column("name", String(255), nullable=False, default=""),
    Column("description", Text, nullable=False, default=""),
    Column("generation", Integer, nullable=False, default=1),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("is_shared", Boolean, nullable=False),
    Column("network_type", String(16), nullable=False),
    Column("minimum", Integer, nullable=False),
    Column("maximum", Integer, nullable=False),
)

flavors = Table(
    "network_flavors",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, default=""),
    Column("description", Text, nullable=False, default=""),
    Column("service_type", String(255), nullable=False),
    Column("is_enabled", Boolean, nullable=False, default=True),
    Column("created_at", Time, nullable=False),
)

service_profiles = Table(
    "network_service_profiles",
    metadata,
    uuid_column("id", primary_key=True),
    Column("description", Text, nullable=False, default=""),
    Column("driver", String(1024), nullable=False, default=""),
    Column("is_enabled", Boolean, nullable=False, default=True),
    Column("metainfo", Text, nullable=False, default=""),
    Column("created_at", Time, nullable=False),
)

flavor_profiles = Table(
    "network_flavor_profiles",
    metadata,
    Column("flavor_id", ForeignKey("network_flavors.id"), primary_key=True),
    Column("profile_id", ForeignKey("network_service_profiles.id"), primary_key=True),
    Column("created_at", Time, nullable=False),
    Index("ix_network_flavor_profiles_profile_id", "profile_id"),
)

port_bindings = Table(
    "network_port_bindings",
    metadata,
    # Hosts that a port is to be ready for; where it is now stands in its own row.
    Column("port_id", ForeignKey("network_ports.id"), primary_key=True),
    Column("host_name", String(255), primary_key=True),
)
