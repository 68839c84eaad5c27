"""Tables of networks.

`generation` counts changes of the wish; `applied_generation` is the reconciler's: the generation
that hosts are known to agree with.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from pilvi.core.db import Json, metadata, uuid_column
from pilvi.network.store.columns import resource_columns as _resource


def _reconciled() -> list[Column[Any]]:
    """What everything that hosts hold has beside that."""
    return [
        Column("applied_generation", Integer, nullable=False, default=0),
        Column("is_deleting", Boolean, nullable=False, default=False),
    ]


networks = Table(
    "network_networks",
    metadata,
    *_resource(),
    *_reconciled(),
    Column("admin_state_up", Boolean, nullable=False, default=True),
    Column("is_shared", Boolean, nullable=False, default=False),
    Column("is_external", Boolean, nullable=False, default=False),
    Column("is_default", Boolean, nullable=False, default=False),
    Column("mtu", Integer, nullable=False),
    Column("port_security_enabled", Boolean, nullable=False, default=True),
    Column("network_type", String(16), nullable=False),
    Column("segment", Integer, nullable=False, unique=True),
    Column("availability_zone_hints", Json, nullable=False),
    uuid_column("qos_policy_id", index=True),
    # What the network's one segment is called; the segment has the network's id.
    Column("segment_name", String(255), nullable=False, default="", server_default=""),
    Column("segment_description", Text, nullable=False, default="", server_default=""),
)

subnets = Table(
    "network_subnets",
    metadata,
    *_resource(),
    Column("network_id", ForeignKey("network_networks.id"), nullable=False, index=True),
    Column("cidr", String(43), nullable=False),
    Column("gateway_ip", String(39)),
    Column("enable_dhcp", Boolean, nullable=False, default=True),
    Column("pools", Json, nullable=False),
    Column("dns_nameservers", Json, nullable=False),
    Column("host_routes", Json, nullable=False),
    Column("next_number", BigInteger, nullable=False, default=0),
    Column("ra_mode", String(16)),
    Column("address_mode", String(16)),
    uuid_column("subnetpool_id", index=True),
)

routers = Table(
    "network_routers",
    metadata,
    *_resource(),
    *_reconciled(),
    Column("admin_state_up", Boolean, nullable=False, default=True),
    Column("external_network_id", ForeignKey("network_networks.id"), index=True),
    Column("enable_snat", Boolean, nullable=False, default=True),
    Column("enable_ndp_proxy", Boolean, nullable=False, default=False, server_default="0"),
    Column("routes", Json, nullable=False),
    Column("availability_zone_hints", Json, nullable=False),
    uuid_column("flavor_id", index=True),
    # The host that an admin chose; None leaves the choice to the reconciler.
    uuid_column("pinned_host_id"),
    # Whether an admin took it from its host: none carries it until one is chosen.
    Column("is_parked", Boolean, nullable=False, default=False, server_default="0"),
    # Owned, written by the router's reconciler only.
    uuid_column("host_id"),
)

ports = Table(
    "network_ports",
    metadata,
    *_resource(),
    *_reconciled(),
    Column("network_id", ForeignKey("network_networks.id"), nullable=False, index=True),
    Column("mac", String(17), nullable=False),
    Column("admin_state_up", Boolean, nullable=False, default=True),
    Column("device_id", String(255), nullable=False, default="", index=True),
    Column("device_owner", String(255), nullable=False, default=""),
    Column("port_security_enabled", Boolean, nullable=False, default=True),
    Column("address_pairs", Json, nullable=False),
    Column("hostname", String(255), nullable=False, default=""),
    Column("dns_name", String(255), nullable=False, default="", server_default=""),
    Column("dhcp_options", Json, nullable=False, default=[], server_default="[]"),
    uuid_column("qos_policy_id", index=True),
    uuid_column("host_id"),
    Column("host_name", String(255), nullable=False, default=""),
    uuid_column("server_id"),
    Column("claim_order", Integer),
    Column("is_claimed", Boolean, nullable=False, default=False),
    Column("router_id", ForeignKey("network_routers.id"), index=True),
    # Owned, written by the port's reconciler only.
    uuid_column("held_host_id"),
    # Derived from what hosts report, written by update_observed only.
    Column("status", String(16), nullable=False, default="DOWN"),
    Column("fault", Text, nullable=False, default=""),
    UniqueConstraint("network_id", "mac"),
    UniqueConstraint("server_id", "claim_order"),
)

fixed_ips = Table(
    "network_fixed_ips",
    metadata,
    Column("subnet_id", ForeignKey("network_subnets.id"), primary_key=True),
    # 32 hexadecimal digits, so that IPv6 fits and text sorts as numbers do.
    Column("number", String(32), primary_key=True),
    Column("address", String(39), nullable=False, index=True),
    Column("port_id", ForeignKey("network_ports.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False, default=0),
)

floating_ips = Table(
    "network_floating_ips",
    metadata,
    *_resource(),
    Column("floating_network_id", ForeignKey("network_networks.id"), nullable=False),
    Column("floating_port_id", ForeignKey("network_ports.id"), nullable=False, unique=True),
    Column("address", String(15), nullable=False, index=True),
    Column("port_id", ForeignKey("network_ports.id"), index=True),
    Column("fixed_address", String(15)),
    Column("router_id", ForeignKey("network_routers.id"), index=True),
    # Derived from what hosts report, written by update_status only.
    Column("status", String(16), nullable=False, default="DOWN"),
    UniqueConstraint("port_id", "fixed_address"),
)

security_groups = Table(
    "network_security_groups",
    metadata,
    *_resource(),
    Column("applied_generation", Integer, nullable=False, default=0),
    Column("is_stateful", Boolean, nullable=False, default=True, server_default=true()),
    # Whether hosts have not yet been told of the newest change of its members.
    Column("members_changed", Boolean, nullable=False, default=False, server_default="0"),
    # The project again where this is its default group: one for each project.
    uuid_column("default_of", unique=True),
)

security_group_rules = Table(
    "network_security_group_rules",
    metadata,
    *_resource(),
    Column("group_id", ForeignKey("network_security_groups.id"), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("ethertype", String(4), nullable=False),
    Column("protocol", String(16)),
    Column("port_min", Integer),
    Column("port_max", Integer),
    Column("remote_group_id", ForeignKey("network_security_groups.id"), index=True),
    Column("remote_cidr", String(64)),
    uuid_column("remote_address_group_id", index=True),
    Column("key", String(255), nullable=False),
    UniqueConstraint("group_id", "key"),
)

default_rules = Table(
    "network_default_rules",
    metadata,
    *_resource(),
    Column("direction", String(8), nullable=False),
    Column("ethertype", String(4), nullable=False),
    Column("protocol", String(16)),
    Column("port_min", Integer),
    Column("port_max", Integer),
    # Whether the remote group is the group that the rule becomes part of.
    Column("is_remote_parent", Boolean, nullable=False, default=False),
    uuid_column("remote_group_id"),
    uuid_column("remote_address_group_id"),
    Column("remote_cidr", String(64)),
    Column("is_for_default", Boolean, nullable=False, default=False),
    Column("is_for_others", Boolean, nullable=False, default=True),
    # Of the rules that a cloud begins with: taken away, and not to be made again.
    Column("is_removed", Boolean, nullable=False, default=False),
)

address_groups = Table(
    "network_address_groups",
    metadata,
    *_resource(),
    Column("applied_generation", Integer, nullable=False, default=0),
    Column("addresses", Json, nullable=False),
)

address_scopes = Table(
    "network_address_scopes",
    metadata,
    *_resource(),
    Column("ip_version", Integer, nullable=False),
)

subnetpools = Table(
    "network_subnetpools",
    metadata,
    *_resource(),
    Column("ip_version", Integer, nullable=False),
    Column("prefixes", Json, nullable=False),
    Column("default_prefixlen", Integer, nullable=False),
    Column("min_prefixlen", Integer, nullable=False),
    Column("max_prefixlen", Integer, nullable=False),
    Column("default_quota", Integer),
    Column("is_default", Boolean, nullable=False, default=False),
    Column("address_scope_id", ForeignKey("network_address_scopes.id"), index=True),
)

qos_policies = Table(
    "network_qos_policies",
    metadata,
    *_resource(),
    Column("is_default", Boolean, nullable=False, default=False),
)

qos_rules = Table(
    "network_qos_rules",
    metadata,
    *_resource(),
    Column("policy_id", ForeignKey("network_qos_policies.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    # Of limits and minimums; empty in a marking.
    Column("direction", String(8), nullable=False, default=""),
    Column("max_kbps", Integer),
    Column("max_burst_kbps", Integer),
    Column("max_kpps", Integer),
    Column("max_burst_kpps", Integer),
    Column("min_kbps", Integer),
    Column("min_kpps", Integer),
    Column("dscp_mark", Integer),
    UniqueConstraint("policy_id", "kind", "direction"),
)

port_forwardings = Table(
    "network_port_forwardings",
    metadata,
    *_resource(),
    Column("floating_ip_id", ForeignKey("network_floating_ips.id"), nullable=False, index=True),
    Column("protocol", String(8), nullable=False),
    Column("external_first", Integer, nullable=False),
    Column("external_last", Integer, nullable=False),
    Column("internal_first", Integer, nullable=False),
    Column("internal_last", Integer, nullable=False),
    Column("internal_address", String(15), nullable=False),
    Column("port_id", ForeignKey("network_ports.id"), nullable=False, index=True),
    UniqueConstraint(
        "floating_ip_id",
        "protocol",
        "external_first",
        name="uq_network_port_forwardings_external",
    ),
)

rbac_policies = Table(
    "network_rbac_policies",
    metadata,
    *_resource(),
    Column("object_type", String(32), nullable=False),
    uuid_column("object_id", nullable=False),
    Column("action", String(32), nullable=False),
    # A project, or * for every project.
    uuid_column("target", nullable=False),
    UniqueConstraint("object_id", "action", "target"),
    Index("ix_network_rbac_policies_target", "object_type", "target"),
)

port_groups = Table(
    "network_port_groups",
    metadata,
    Column("port_id", ForeignKey("network_ports.id"), primary_key=True),
    Column("group_id", ForeignKey("network_security_groups.id"), primary_key=True),
    Index("ix_network_port_groups_group_id", "group_id"),
)

tags = Table(
    "network_tags",
    metadata,
    uuid_column("resource_id", primary_key=True),
    Column("tag", String(255), primary_key=True),
)

quotas = Table(
    "network_quotas",
    metadata,
    uuid_column("project_id", primary_key=True),
    Column("resource", String(32), primary_key=True),
    Column("quota", Integer, nullable=False),
)
