"""THE SURFACE of compute: one row per method and path, and per server action."""

from typing import Any

from pilvi.compute.api import (
    diagnostics,
    discovery,
    flavors,
    hosts,
    instance_actions,
    interfaces,
    keypairs,
    quotas,
    server_actions,
    server_parts,
    server_security_groups,
    servers,
    unserved,
)
from pilvi.compute.api import volume_attachments as volumes
from pilvi.compute.api.server_wire import ServerCreate, ServerUpdate
from pilvi.core.http import Route

# Bodies that may also be null, as some clients send them.
_LOCK: Any = server_actions.LockReason | None
_CONSOLE: Any = server_actions.ConsoleOutput | None
_SPEC: Any = dict[str, str | int | float]

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "compute:discover"),
    Route("GET", "/", discovery.list_versions, "compute:discover"),
    Route("GET", "/v2.1", discovery.show_version, "compute:discover"),
    Route("GET", "/v2.1/", discovery.show_version, "compute:discover"),
]

# fmt: off
_FLAVORS = [
    Route("GET", "/flavors", flavors.list_flavors, "compute:flavors:read"),
    Route("GET", "/flavors/detail", flavors.list_flavors_detail, "compute:flavors:read"),
    Route("POST", "/flavors", flavors.create_flavor, "compute:flavors:manage",
          body=flavors.FlavorCreate),
    Route("GET", "/flavors/{flavor_id}", flavors.show_flavor, "compute:flavors:read"),
    Route("PUT", "/flavors/{flavor_id}", flavors.update_flavor, "compute:flavors:manage",
          body=flavors.FlavorUpdate, since=(2, 55)),
    Route("DELETE", "/flavors/{flavor_id}", flavors.delete_flavor, "compute:flavors:manage",
          status=202),
    Route("POST", "/flavors/{flavor_id}/action", flavors.add_tenant_access,
          "compute:flavors:manage", action="addTenantAccess", body=flavors.TenantAccess),
    Route("POST", "/flavors/{flavor_id}/action", flavors.remove_tenant_access,
          "compute:flavors:manage", action="removeTenantAccess", body=flavors.TenantAccess),
    Route("GET", "/flavors/{flavor_id}/os-flavor-access", flavors.list_flavor_access,
          "compute:flavors:manage"),
    Route("GET", "/flavors/{flavor_id}/os-extra_specs", flavors.list_extra_specs,
          "compute:flavors:read"),
    Route("POST", "/flavors/{flavor_id}/os-extra_specs", flavors.create_extra_specs,
          "compute:flavors:manage", body=flavors.ExtraSpecs),
    Route("GET", "/flavors/{flavor_id}/os-extra_specs/{key}", flavors.show_extra_spec,
          "compute:flavors:read"),
    Route("PUT", "/flavors/{flavor_id}/os-extra_specs/{key}", flavors.update_extra_spec,
          "compute:flavors:manage", body=_SPEC),
    Route("DELETE", "/flavors/{flavor_id}/os-extra_specs/{key}", flavors.delete_extra_spec,
          "compute:flavors:manage"),
]

_KEYPAIRS = [
    Route("GET", "/os-keypairs", keypairs.list_keypairs, "compute:keypairs:read"),
    Route("POST", "/os-keypairs", keypairs.create_keypair, "compute:keypairs:write",
          body=keypairs.KeyPairCreate),
    Route("GET", "/os-keypairs/{name}", keypairs.show_keypair, "compute:keypairs:read"),
    Route("DELETE", "/os-keypairs/{name}", keypairs.delete_keypair, "compute:keypairs:write"),
]

_READ, _WRITE = "compute:servers:read", "compute:servers:write"

_SERVERS = [
    Route("GET", "/servers", servers.list_servers, _READ),
    Route("GET", "/servers/detail", servers.list_servers_detail, _READ),
    Route("POST", "/servers", servers.create_server, _WRITE, body=ServerCreate, status=202),
    Route("GET", "/servers/{server_id}", servers.show_server, _READ),
    Route("PUT", "/servers/{server_id}", servers.update_server, _WRITE, body=ServerUpdate),
    Route("DELETE", "/servers/{server_id}", servers.delete_server, _WRITE, status=204),
    Route("GET", "/servers/{server_id}/metadata", server_parts.list_metadata, _READ),
    Route("POST", "/servers/{server_id}/metadata", server_parts.update_metadata, _WRITE,
          body=server_parts.MetadataBody),
    Route("PUT", "/servers/{server_id}/metadata", server_parts.replace_metadata, _WRITE,
          body=server_parts.MetadataBody),
    Route("GET", "/servers/{server_id}/metadata/{key}", server_parts.show_metadata_item, _READ),
    Route("PUT", "/servers/{server_id}/metadata/{key}", server_parts.update_metadata_item,
          _WRITE, body=server_parts.MetadataItem),
    Route("DELETE", "/servers/{server_id}/metadata/{key}", server_parts.delete_metadata_item,
          _WRITE, status=204),
    Route("GET", "/servers/{server_id}/tags", server_parts.list_tags, _READ, since=(2, 26)),
    Route("PUT", "/servers/{server_id}/tags", server_parts.replace_tags, _WRITE,
          body=server_parts.Tags, since=(2, 26)),
    Route("DELETE", "/servers/{server_id}/tags", server_parts.delete_tags, _WRITE,
          status=204, since=(2, 26)),
    Route("GET", "/servers/{server_id}/tags/{tag}", server_parts.show_tag, _READ,
          status=204, since=(2, 26)),
    Route("PUT", "/servers/{server_id}/tags/{tag}", server_parts.add_tag, _WRITE, since=(2, 26)),
    Route("DELETE", "/servers/{server_id}/tags/{tag}", server_parts.delete_tag, _WRITE,
          status=204, since=(2, 26)),
    Route("GET", "/servers/{server_id}/ips", server_parts.list_addresses, _READ),
    Route("GET", "/servers/{server_id}/ips/{network}", server_parts.show_addresses, _READ),
    Route("GET", "/servers/{server_id}/os-security-groups",
          server_parts.list_server_groups_of_ports, _READ),
    Route("GET", "/servers/{server_id}/os-instance-actions",
          instance_actions.list_instance_actions, _READ),
    Route("GET", "/servers/{server_id}/os-instance-actions/{request_id}",
          instance_actions.show_instance_action, _READ),
    Route("GET", "/servers/{server_id}/os-volume_attachments", volumes.list_volume_attachments,
          _READ),
    Route("POST", "/servers/{server_id}/os-volume_attachments", volumes.create_volume_attachment,
          _WRITE, body=volumes.AttachmentCreate),
    Route("GET", "/servers/{server_id}/os-volume_attachments/{volume_id}",
          volumes.show_volume_attachment, _READ),
    Route("PUT", "/servers/{server_id}/os-volume_attachments/{volume_id}",
          volumes.update_volume_attachment, _WRITE, body=volumes.AttachmentUpdate, status=202),
    Route("DELETE", "/servers/{server_id}/os-volume_attachments/{volume_id}",
          volumes.delete_volume_attachment, _WRITE, status=202),
    Route("GET", "/servers/{server_id}/os-interface", interfaces.list_interfaces, _READ),
    Route("POST", "/servers/{server_id}/os-interface", interfaces.create_interface, _WRITE,
          body=interfaces.InterfaceCreate),
    Route("GET", "/servers/{server_id}/os-interface/{port_id}", interfaces.show_interface, _READ),
    Route("DELETE", "/servers/{server_id}/os-interface/{port_id}", interfaces.delete_interface,
          _WRITE, status=202),
    Route("GET", "/servers/{server_id}/diagnostics", diagnostics.show_diagnostics,
          "compute:servers:diagnostics"),
    Route("GET", "/servers/{server_id}/topology", unserved.refuse_server_part, _READ,
          since=(2, 78)),
    Route("GET", "/servers/{server_id}/migrations", unserved.refuse_server_part, _READ,
          since=(2, 23)),
    Route("GET", "/servers/{server_id}/os-server-password", unserved.refuse_server_part, _READ),
    Route("POST", "/servers/{server_id}/remote-consoles", unserved.refuse_server_part, _WRITE,
          since=(2, 6)),
]


def _action(name: str, handler: Any, *, policy: str = _WRITE, **options: Any) -> Route:
    options.setdefault("status", 202)
    return Route("POST", "/servers/{server_id}/action", handler, policy, action=name, **options)


_ACTIONS = [
    _action("os-start", server_actions.start_server),
    _action("os-stop", server_actions.stop_server),
    _action("reboot", server_actions.reboot_server, body=server_actions.Reboot),
    _action("pause", server_actions.pause_server),
    _action("unpause", server_actions.unpause_server),
    _action("createImage", server_actions.create_server_image, body=server_actions.CreateImage),
    _action("os-getConsoleOutput", server_actions.get_console_output, body=_CONSOLE, status=200),
    _action("lock", server_actions.lock_server, body=_LOCK),
    _action("unlock", server_actions.unlock_server),
    _action("addSecurityGroup", server_security_groups.add_security_group,
            body=server_security_groups.GroupName),
    _action("removeSecurityGroup", server_security_groups.remove_security_group,
            body=server_security_groups.GroupName),
    _action("os-resetState", server_actions.reset_server_state, body=server_actions.ResetState,
            policy="compute:servers:reset_state"),
    *(_action(name, unserved.refuse_action(name), until=unserved.GONE_AFTER.get(name))
      for name in unserved.ACTIONS),
    *(_action(name, server_actions.refuse_removed_action, since=(last[0], last[1] + 1))
      for name, last in unserved.GONE_AFTER.items()),
]

_HOSTS = [
    Route("GET", "/os-hypervisors", hosts.list_hypervisors, "compute:hosts:read"),
    Route("GET", "/os-hypervisors/detail", hosts.list_hypervisors_detail, "compute:hosts:read"),
    Route("GET", "/os-hypervisors/statistics", hosts.show_hypervisor_statistics,
          "compute:hosts:read", until=(2, 87)),
    Route("GET", "/os-hypervisors/{id}", hosts.show_hypervisor, "compute:hosts:read"),
    Route("GET", "/os-hypervisors/{id}/search", hosts.search_hypervisors, "compute:hosts:read",
          until=(2, 52)),
    Route("GET", "/os-hypervisors/{id}/servers", hosts.list_hypervisor_servers,
          "compute:hosts:read", until=(2, 52)),
    Route("GET", "/os-hypervisors/{id}/uptime", hosts.show_hypervisor_uptime,
          "compute:hosts:read", until=(2, 87)),
    Route("GET", "/os-services", hosts.list_services, "compute:hosts:read"),
    Route("PUT", "/os-services/{id}", hosts.update_service, "compute:hosts:manage",
          body=hosts.ServiceUpdate, since=(2, 53)),
    Route("GET", "/os-availability-zone", hosts.list_zones, "compute:zones:read"),
    Route("GET", "/os-availability-zone/detail", hosts.list_zones_detail, "compute:zones:detail"),
    Route("GET", "/os-aggregates", unserved.list_aggregates, "compute:hosts:read"),
    Route("POST", "/os-aggregates", unserved.refuse_collection, "compute:hosts:manage"),
    Route("GET", "/os-migrations", unserved.list_migrations, "compute:hosts:read"),
]

_LIMITS = "compute:limits:read"
_QUOTAS = [
    Route("GET", "/limits", quotas.show_limits, _LIMITS),
    Route("GET", "/os-quota-sets/{project_id}", quotas.show_quotas, _LIMITS),
    Route("GET", "/os-quota-sets/{project_id}/defaults", quotas.show_quota_defaults, _LIMITS),
    Route("GET", "/os-quota-sets/{project_id}/detail", quotas.show_quota_details, _LIMITS),
    Route("PUT", "/os-quota-sets/{project_id}", quotas.update_quotas, "compute:quotas:manage",
          body=quotas.QuotaUpdate),
    Route("DELETE", "/os-quota-sets/{project_id}", quotas.delete_quotas, "compute:quotas:manage",
          status=202),
    Route("GET", "/os-simple-tenant-usage", quotas.list_usages, "compute:hosts:read"),
    Route("GET", "/os-simple-tenant-usage/{project_id}", quotas.show_usage, _LIMITS),
]

_OTHER = [
    Route("GET", "/extensions", discovery.list_extensions, _READ),
    Route("GET", "/os-server-groups", unserved.list_server_groups, _READ),
    Route("POST", "/os-server-groups", unserved.refuse_collection, _WRITE),
    Route("GET", "/os-server-groups/{id}", unserved.show_server_group, _READ),
]
# fmt: on

ROUTES = [*_FLAVORS, *_KEYPAIRS, *_SERVERS, *_ACTIONS, *_HOSTS, *_QUOTAS, *_OTHER]
