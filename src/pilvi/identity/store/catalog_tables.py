"""Tables of the catalog, of policies, endpoint filters and limits."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from pilvi.core.db import Json, metadata, uuid_column

services = Table(
    "identity_services",
    metadata,
    uuid_column("id", primary_key=True),
    Column("type", String(255), nullable=False),
    Column("name", String(255), nullable=False, default=""),
    Column("description", Text),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("extra", Json, nullable=False, default=dict),
)

regions = Table(
    "identity_regions",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("description", Text, nullable=False, default=""),
    Column("parent_region_id", String(255)),
    Column("extra", Json, nullable=False, default=dict),
)

endpoints = Table(
    "identity_endpoints",
    metadata,
    uuid_column("id", primary_key=True),
    Column("service_id", ForeignKey("identity_services.id"), nullable=False, index=True),
    Column("region_id", String(255)),
    Column("interface", String(8), nullable=False),
    # One that begins with a slash is below this cloud's own address.
    Column("url", Text, nullable=False),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("extra", Json, nullable=False, default=dict),
)

policies = Table(
    "identity_policies",
    metadata,
    uuid_column("id", primary_key=True),
    Column("type", String(255), nullable=False),
    Column("blob", Json, nullable=False),
    Column("extra", Json, nullable=False, default=dict),
)

# What a policy belongs to: an endpoint, a service, or a service in a region; the rest is empty.
policy_links = Table(
    "identity_policy_links",
    metadata,
    Column("policy_id", ForeignKey("identity_policies.id", ondelete="CASCADE"), nullable=False),
    uuid_column("endpoint_id", primary_key=True),
    uuid_column("service_id", primary_key=True),
    Column("region_id", String(255), primary_key=True),
)

endpoint_groups = Table(
    "identity_endpoint_groups",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("filters", Json, nullable=False),
)

# What a project's catalog is narrowed to: endpoints and endpoint groups.
endpoint_filters = Table(
    "identity_endpoint_filters",
    metadata,
    uuid_column("project_id", primary_key=True),
    Column("kind", String(8), primary_key=True),
    uuid_column("target_id", primary_key=True, index=True),
)

registered_limits = Table(
    "identity_registered_limits",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("service_id", nullable=False),
    Column("region_id", String(255)),
    Column("resource_name", String(255), nullable=False),
    Column("default_limit", Integer, nullable=False),
    Column("description", Text),
)

limits = Table(
    "identity_limits",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("project_id", index=True),
    uuid_column("domain_id"),
    uuid_column("service_id", nullable=False),
    Column("region_id", String(255)),
    Column("resource_name", String(255), nullable=False),
    Column("resource_limit", Integer, nullable=False),
    Column("description", Text),
)

domain_configs = Table(
    "identity_domain_configs",
    metadata,
    Column("domain_id", ForeignKey("identity_domains.id", ondelete="CASCADE"), primary_key=True),
    Column("config", Json, nullable=False),
)
