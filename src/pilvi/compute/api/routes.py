"""THE SURFACE of compute: one row per method and path, and per server action."""

from dataclasses import replace
from typing import Any

from pilvi.compute.api import (
    aggregates,
    assisted_snapshots,
    availability_zones,
    diagnostics,
    discovery,
    evacuate,
    extensions,
    flavors,
    gone,
    hosts,
    hypervisors,
    instance_actions,
    interfaces,
    keypairs,
    migrations,
    quotas,
    remote_consoles,
    security_groups,
    server_actions,
    server_events,
    server_groups,
    server_life,
    server_parts,
    server_security_groups,
    servers,
    services,
    stories,
    unserved,
    usages,
)
from pilvi.compute.api import volume_attachments as volumes
from pilvi.compute.api.old_routes import OLD_ROUTES
from pilvi.compute.api.server_wire import ServerCreate, ServerUpdate
from pilvi.core.http import Route

# Bodies that may also be null, as some clients send them.
_LOCK: Any = server_actions.LockReason | None
_CONSOLE: Any = server_actions.ConsoleOutput | None
_RESCUE: Any = server_life.Rescue | None
_MIGRATION: Any = server_life.Migrate | None
_UNSHELVE: Any = server_life.Unshelve | None
_SPEC: Any = dict[str, str | int | float]

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "compute:discover"),
    Route("GET", "/", discovery.list_versions, "compute:discover"),
    Route("GET", "/v2", discovery.show_plain_version, "compute:discover"),
    Route("GET", "/v2/", discovery.show_plain_version, "compute:discover"),
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
_MIGRATE = "compute:servers:migrate"

_SERVERS = [
    Route("GET", "/servers", servers.list_servers, _READ),
    Route("GET", "/servers/detail", servers.list_servers_detail, _READ),
    Route("GET", "/pilvi-disks", diagnostics.list_disks, "compute:servers:disks"),
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
          security_groups.list_groups_of_server, _READ),
    Route("GET", "/servers/{server_id}/pilvi-story", stories.explain_server,
          "compute:servers:explain"),
    Route("GET", "/servers/{server_id}/pilvi-usage", diagnostics.show_usage,
          "compute:servers:usage"),
    Route("GET", "/servers/{server_id}/pilvi-usage/history", diagnostics.list_usage_history,
          "compute:servers:usage"),
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
    Route("GET", "/servers/{server_id}/topology", server_parts.show_topology, _READ,
          since=(2, 78)),
    Route("GET", "/servers/{server_id}/migrations", migrations.list_server_migrations,
          _MIGRATE, since=(2, 23)),
    Route("GET", "/servers/{server_id}/migrations/{migration_id}",
          migrations.refuse_server_migration, _MIGRATE, since=(2, 23)),
    Route("DELETE", "/servers/{server_id}/migrations/{migration_id}",
          migrations.refuse_server_migration, _MIGRATE, since=(2, 24)),
    Route("POST", "/servers/{server_id}/migrations/{migration_id}/action",
          migrations.refuse_server_migration, _MIGRATE, action="force_complete", since=(2, 22)),
    Route("GET", "/servers/{server_id}/os-server-password", server_parts.show_password, _READ),
    Route("DELETE", "/servers/{server_id}/os-server-password", server_parts.delete_password,
          _WRITE, status=204),
    Route("POST", "/servers/{server_id}/remote-consoles", remote_consoles.create_remote_console,
          "compute:consoles:open", body=remote_consoles.RemoteConsoleCreate, since=(2, 6)),
    Route("GET", "/os-console-auth-tokens/{console_token}", remote_consoles.show_console_token,
          "compute:consoles:tokens"),
    Route("POST", "/os-server-external-events", server_events.create_server_events,
          "compute:servers:events", body=server_events.Events),
    Route("GET", "/os-migrations", migrations.list_migrations, _MIGRATE),
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
    _action("os-getVNCConsole", remote_consoles.get_vnc_console, status=200,
            body=remote_consoles.ConsoleType, policy="compute:consoles:open", until=(2, 5)),
    _action("os-getSerialConsole", remote_consoles.get_serial_console, status=200,
            body=remote_consoles.ConsoleType, policy="compute:consoles:open", until=(2, 5)),
    _action("lock", server_actions.lock_server, body=_LOCK),
    _action("unlock", server_actions.unlock_server),
    _action("addSecurityGroup", server_security_groups.add_security_group,
            body=server_security_groups.GroupName),
    _action("removeSecurityGroup", server_security_groups.remove_security_group,
            body=server_security_groups.GroupName),
    _action("os-resetState", server_actions.reset_server_state, body=server_actions.ResetState,
            policy="compute:servers:reset_state"),
    _action("suspend", server_life.suspend_server),
    _action("resume", server_life.resume_server),
    _action("rescue", server_life.rescue_server, body=_RESCUE, status=200),
    _action("unrescue", server_life.unrescue_server),
    _action("rebuild", server_life.rebuild_server, body=server_life.Rebuild),
    _action("resize", server_life.resize_server, body=server_life.Resize),
    _action("confirmResize", server_life.confirm_resize, status=204),
    _action("revertResize", server_life.revert_resize),
    _action("migrate", server_life.migrate_server, body=_MIGRATION, policy=_MIGRATE),
    _action("shelve", server_life.shelve_server),
    _action("shelveOffload", server_life.offload_server, policy=_MIGRATE),
    _action("unshelve", server_life.unshelve_server, body=_UNSHELVE),
    _action("evacuate", evacuate.evacuate, body=evacuate.Evacuate, policy=_MIGRATE, status=200),
    _action("createBackup", server_life.create_server_backup, body=server_life.CreateBackup),
    _action("changePassword", server_life.change_password, body=server_life.ChangePassword),
    _action("forceDelete", server_life.force_delete_server),
    _action("restore", server_life.restore_server),
    _action("injectNetworkInfo", server_life.inject_network_info, policy=_MIGRATE),
    _action("resetNetwork", server_life.reset_network, policy=_MIGRATE),
    _action("addFixedIp", interfaces.add_fixed_ip, body=interfaces.AddFixedIp, until=(2, 43)),
    _action("removeFixedIp", interfaces.remove_fixed_ip, body=interfaces.RemoveFixedIp,
            until=(2, 43)),
    *(_action(name, unserved.refuse_action(name), until=unserved.GONE_AFTER.get(name))
      for name in unserved.ACTIONS),
    *(_action(name, server_actions.refuse_removed_action, since=(last[0], last[1] + 1))
      for name, last in unserved.GONE_AFTER.items()),
]

_SEE, _MANAGE = "compute:hosts:read", "compute:hosts:manage"
_HOSTS = [
    Route("GET", "/os-hypervisors", hypervisors.list_hypervisors, _SEE),
    Route("GET", "/os-hypervisors/detail", hypervisors.list_hypervisors_detail, _SEE),
    Route("GET", "/os-hypervisors/statistics", hypervisors.show_hypervisor_statistics, _SEE,
          until=(2, 87)),
    Route("GET", "/os-hypervisors/{id}", hypervisors.show_hypervisor, _SEE),
    Route("GET", "/os-hypervisors/{id}/search", hypervisors.search_hypervisors, _SEE,
          until=(2, 52)),
    Route("GET", "/os-hypervisors/{id}/servers", hypervisors.list_hypervisor_servers, _SEE,
          until=(2, 52)),
    Route("GET", "/os-hypervisors/{id}/uptime", hypervisors.show_hypervisor_uptime, _SEE,
          until=(2, 87)),
    Route("GET", "/os-hosts", hosts.list_compute_hosts, _SEE, until=(2, 42)),
    Route("GET", "/os-hosts/{id}", hosts.show_compute_host, _SEE, until=(2, 42)),
    Route("PUT", "/os-hosts/{id}", hosts.update_compute_host, _MANAGE, body=hosts.HostUpdate,
          until=(2, 42)),
    *(Route("GET", f"/os-hosts/{{id}}/{word}", hosts.refuse_host_power, _MANAGE, until=(2, 42))
      for word in ("reboot", "shutdown", "startup")),
    Route("GET", "/os-services", services.list_services, _SEE),
    Route("PUT", "/os-services/{id}", services.update_service_by_host, _MANAGE,
          body=services.HostService, until=(2, 52)),
    Route("PUT", "/os-services/{id}", services.update_service, _MANAGE,
          body=services.ServiceUpdate, since=(2, 53)),
    Route("DELETE", "/os-services/{id}", services.delete_service, _MANAGE, status=204),
    Route("GET", "/os-availability-zone", availability_zones.list_zones, "compute:zones:read"),
    Route("GET", "/os-availability-zone/detail", availability_zones.list_zones_detail,
          "compute:zones:detail"),
    Route("GET", "/os-aggregates", aggregates.list_aggregates, _SEE),
    Route("POST", "/os-aggregates", aggregates.create_aggregate, _MANAGE,
          body=aggregates.AggregateCreate),
    Route("GET", "/os-aggregates/{aggregate}", aggregates.show_aggregate, _SEE),
    Route("PUT", "/os-aggregates/{aggregate}", aggregates.update_aggregate, _MANAGE,
          body=aggregates.AggregateUpdate),
    Route("DELETE", "/os-aggregates/{aggregate}", aggregates.delete_aggregate, _MANAGE),
    Route("POST", "/os-aggregates/{aggregate}/action", aggregates.add_aggregate_host, _MANAGE,
          action="add_host", body=aggregates.AggregateHost),
    Route("POST", "/os-aggregates/{aggregate}/action", aggregates.remove_aggregate_host, _MANAGE,
          action="remove_host", body=aggregates.AggregateHost),
    Route("POST", "/os-aggregates/{aggregate}/action", aggregates.set_aggregate_metadata, _MANAGE,
          action="set_metadata", body=aggregates.AggregateMetadata),
    Route("POST", "/os-aggregates/{aggregate}/images", aggregates.refuse_aggregate_images, _MANAGE,
          body=aggregates.AggregateImages, since=(2, 81), status=202),
]

_LIMITS, _SET = "compute:limits:read", "compute:quotas:manage"
_QUOTAS = [
    Route("GET", "/limits", quotas.show_limits, _LIMITS),
    Route("GET", "/os-quota-sets/{project_id}", quotas.show_quotas, _LIMITS),
    Route("GET", "/os-quota-sets/{project_id}/defaults", quotas.show_quota_defaults, _LIMITS),
    Route("GET", "/os-quota-sets/{project_id}/detail", quotas.show_quota_details, _LIMITS),
    Route("PUT", "/os-quota-sets/{project_id}", quotas.update_quotas, _SET,
          body=quotas.QuotaUpdate),
    Route("DELETE", "/os-quota-sets/{project_id}", quotas.delete_quotas, _SET, status=202),
    Route("GET", "/os-quota-class-sets/{name}", quotas.show_quota_class, _SET),
    Route("PUT", "/os-quota-class-sets/{name}", quotas.update_quota_class, _SET,
          body=quotas.ClassUpdate),
    Route("GET", "/os-simple-tenant-usage", usages.list_usages, _SEE),
    Route("GET", "/os-simple-tenant-usage/{project_id}", usages.show_usage, _LIMITS),
    Route("GET", "/os-instance_usage_audit_log", usages.show_usage_audit, _SEE),
    Route("GET", "/os-instance_usage_audit_log/{before}", usages.show_usage_audit_before, _SEE),
]

_GROUPS = [
    Route("GET", "/os-server-groups", server_groups.list_server_groups, "compute:groups:read"),
    Route("POST", "/os-server-groups", server_groups.create_server_group, "compute:groups:write",
          body=server_groups.GroupCreate),
    Route("GET", "/os-server-groups/{server_group_id}", server_groups.show_server_group,
          "compute:groups:read"),
    Route("DELETE", "/os-server-groups/{server_group_id}", server_groups.delete_server_group,
          "compute:groups:write", status=204),
]

_OTHER = [
    Route("GET", "/extensions", extensions.list_extensions, _READ),
    Route("GET", "/extensions/{extension_alias}", extensions.show_extension, _READ),
    Route("GET", "/versions/{id}", discovery.show_version_by_id, _READ),
    Route("POST", "/os-assisted-volume-snapshots", assisted_snapshots.refuse_assisted_snapshot,
          _MANAGE, body=assisted_snapshots.AssistedSnapshot),
    Route("DELETE", "/os-assisted-volume-snapshots/{id}",
          assisted_snapshots.refuse_assisted_snapshot_removal, _MANAGE, status=204),
    *(Route(method, f"/servers/{{server_id}}/shares{item}", gone.refuse_shares,
            _READ if method == "GET" else _WRITE, since=(2, 97))
      for item, methods in (("", ("GET", "POST")), ("/{share_id}", ("GET", "DELETE")))
      for method in methods),
    Route("GET", "/os-baremetal-nodes", gone.refuse_nodes, _SEE, until=(2, 35)),
    Route("GET", "/os-baremetal-nodes/{id}", gone.refuse_nodes, _SEE, until=(2, 35)),
    Route("POST", "/os-baremetal-nodes", gone.refuse_node_changes, _MANAGE, until=(2, 35)),
    Route("DELETE", "/os-baremetal-nodes/{id}", gone.refuse_node_changes, _MANAGE, until=(2, 35)),
    Route("POST", "/os-baremetal-nodes/{id}/action", gone.refuse_node_changes, _MANAGE,
          until=(2, 35)),
    *(Route(method, path, gone.refuse_gone, "compute:gone", status=410)
      for path, methods in gone.PATHS.items() for method in methods),
]
# fmt: on

_LAST_BOOT = (2, 102)
_BOOT_ROUTES = [
    replace(
        route,
        path=route.path.replace("/servers", "/os-volumes_boot"),
        until=min(route.until or _LAST_BOOT, _LAST_BOOT),
    )
    for route in [*_SERVERS, *_ACTIONS]
    if route.path.removeprefix("/servers") in ("", "/detail", "/{server_id}", "/{server_id}/action")
    and (route.since or _LAST_BOOT) <= _LAST_BOOT
]
"""The servers once more, under the path that old clients boot them from volumes by."""

ROUTES = [
    *_FLAVORS,
    *_KEYPAIRS,
    *_SERVERS,
    *_ACTIONS,
    *_HOSTS,
    *_QUOTAS,
    *_GROUPS,
    *_OTHER,
    *_BOOT_ROUTES,
    *OLD_ROUTES,
]
