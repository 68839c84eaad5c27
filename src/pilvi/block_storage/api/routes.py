"""THE SURFACE of block storage: one row per method and path, and per action."""

from pilvi.block_storage.api import (
    attachments,
    backends,
    clusters,
    connections,
    discovery,
    manageable,
    messages,
    quotas,
    services,
    stories,
    unserved,
    volume_actions,
    volume_encryption,
    volume_metadata,
    volumes,
    workers,
)
from pilvi.block_storage.api.copy_routes import BACKUPS, SNAPSHOTS, TRANSFERS
from pilvi.block_storage.api.type_routes import TYPE_ROUTES
from pilvi.block_storage.api.unserved import COLLECTIONS
from pilvi.core.http import Route
from pilvi.core.http.route import Handler

_READ, _WRITE, _ADMIN = "volume:read", "volume:write", "volume:administer"
_QUOTAS, _MANAGE_QUOTAS = "volume:read_quotas", "volume:manage_quotas"
_BACKENDS, _AROUND, _REFUSED = (
    "volume:read_backends",
    "volume:read_surroundings",
    "volume:refused",
)
_MANAGE = "volume:manage_backends"

_VOLUME = "/volumes/{volume_id}"
_METADATA = _VOLUME + "/metadata"
_ITEM = _METADATA + "/{key:path}"
_ATTACHMENT = "/attachments/{attachment_id}"
_QUOTA = "/os-quota-sets/{project_id}"

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "volume:discover"),
    Route("GET", "/", discovery.list_versions, "volume:discover"),
    Route("GET", "/v3", discovery.show_version, "volume:discover"),
    Route("GET", "/v3/", discovery.show_version, "volume:discover"),
]

VOLUMES = [
    Route("GET", "/volumes", volumes.list_volumes, _READ),
    Route("POST", "/volumes", volumes.create_volume, _WRITE, body=volumes.VolumeCreate, status=202),
    Route("GET", "/volumes/detail", volumes.list_volumes_detail, _READ),
    Route("GET", "/volumes/summary", volumes.show_volumes_summary, _READ, since=(3, 12)),
    Route("GET", _VOLUME, volumes.show_volume, _READ),
    Route("PUT", _VOLUME, volumes.update_volume, _WRITE, body=volumes.VolumeUpdate),
    Route("DELETE", _VOLUME, volumes.delete_volume, _WRITE, status=202),
    Route("GET", _VOLUME + "/pilvi-story", stories.explain_volume, "volume:explain"),
    Route("GET", _METADATA, volume_metadata.list_volume_metadata, _READ),
    Route(
        "POST",
        _METADATA,
        volume_metadata.create_volume_metadata,
        _WRITE,
        body=volume_metadata.MetadataBody,
    ),
    Route(
        "PUT",
        _METADATA,
        volume_metadata.replace_volume_metadata,
        _WRITE,
        body=volume_metadata.MetadataBody,
    ),
    Route("GET", _ITEM, volume_metadata.show_volume_metadata_item, _READ),
    Route(
        "PUT",
        _ITEM,
        volume_metadata.update_volume_metadata_item,
        _WRITE,
        body=volume_metadata.ItemBody,
    ),
    Route("DELETE", _ITEM, volume_metadata.delete_volume_metadata_item, _WRITE),
    Route("GET", _VOLUME + "/encryption", volume_encryption.show_volume_encryption, _READ),
    Route(
        "GET",
        _VOLUME + "/encryption/{name}",
        volume_encryption.show_volume_encryption_item,
        _READ,
    ),
]

# Action, handler, policy, type of what is below the action's key, and status.
_SERVED: list[tuple[str, Handler, str, type | None, int]] = [
    ("os-extend", volume_actions.extend_volume, _WRITE, volume_actions.Extend, 202),
    ("os-set_bootable", volume_actions.set_bootable, _WRITE, volume_actions.SetBootable, 200),
    (
        "os-update_readonly_flag",
        volume_actions.set_read_only,
        _WRITE,
        volume_actions.SetReadOnly,
        202,
    ),
    ("os-retype", volume_actions.retype_volume, _WRITE, volume_actions.Retype, 202),
    ("os-reset_status", volume_actions.reset_status, _ADMIN, volume_actions.ResetStatus, 202),
    ("os-force_delete", volume_actions.force_delete_volume, _ADMIN, None, 202),
    (
        "os-set_image_metadata",
        volume_actions.set_image_metadata,
        _WRITE,
        volume_actions.SetImageMetadata,
        200,
    ),
    (
        "os-unset_image_metadata",
        volume_actions.unset_image_metadata,
        _WRITE,
        volume_actions.UnsetImageMetadata,
        200,
    ),
    ("os-show_image_metadata", volume_actions.show_image_metadata, _READ, None, 200),
    (
        "os-volume_upload_image",
        volume_actions.upload_volume,
        _WRITE,
        volume_actions.UploadImage,
        202,
    ),
    ("os-reserve", connections.reserve_volume, _WRITE, None, 202),
    ("os-unreserve", connections.unreserve_volume, _WRITE, None, 202),
    ("os-attach", connections.attach_volume, _WRITE, connections.Attach, 202),
    ("os-detach", connections.detach_volume, _WRITE, connections.Detach, 202),
    ("os-force_detach", connections.force_detach_volume, _ADMIN, connections.Detach, 202),
    ("os-begin_detaching", connections.begin_detaching, _WRITE, None, 202),
    ("os-roll_detaching", connections.roll_detaching, _WRITE, None, 202),
    (
        "os-initialize_connection",
        connections.initialize_connection,
        _WRITE,
        connections.Connector,
        200,
    ),
    (
        "os-terminate_connection",
        connections.terminate_connection,
        _WRITE,
        connections.Connector,
        202,
    ),
    ("os-migrate_volume", volume_actions.refuse_migration, _ADMIN, None, 202),
    ("os-migrate_volume_completion", volume_actions.refuse_migration, _ADMIN, None, 202),
    ("os-unmanage", volume_actions.refuse_unmanage, _ADMIN, None, 202),
]
ACTIONS = [
    *(
        Route("POST", _VOLUME + "/action", handler, policy, action=action, body=body, status=status)
        for action, handler, policy, body, status in _SERVED
    ),
    Route(
        "POST",
        _VOLUME + "/action",
        volume_actions.revert_to_snapshot,
        _WRITE,
        action="revert",
        body=volume_actions.Revert,
        status=202,
        since=(3, 40),
    ),
    Route(
        "POST",
        _VOLUME + "/action",
        volume_actions.reimage_volume,
        _WRITE,
        action="os-reimage",
        body=volume_actions.Reimage,
        status=202,
        since=(3, 68),
    ),
    Route(
        "POST",
        _VOLUME + "/action",
        volume_actions.complete_extension,
        _ADMIN,
        action="os-extend_volume_completion",
        status=202,
        since=(3, 71),
    ),
]

ATTACHMENTS = [
    Route("GET", "/attachments", attachments.list_attachments, _READ, since=(3, 27)),
    Route("GET", "/attachments/detail", attachments.list_attachments_detail, _READ, since=(3, 27)),
    Route("GET", _ATTACHMENT, attachments.show_attachment, _READ, since=(3, 27)),
    Route("DELETE", _ATTACHMENT, attachments.delete_attachment, _WRITE, since=(3, 27)),
    Route(
        "POST",
        "/attachments",
        attachments.create_attachment,
        _WRITE,
        body=attachments.AttachmentCreate,
        since=(3, 27),
    ),
    Route(
        "PUT",
        _ATTACHMENT,
        attachments.update_attachment,
        _WRITE,
        body=attachments.AttachmentUpdate,
        since=(3, 27),
    ),
    Route(
        "POST",
        _ATTACHMENT + "/action",
        attachments.complete_attachment,
        _WRITE,
        action="os-complete",
        status=204,
        since=(3, 44),
    ),
]

SURROUNDINGS = [
    Route("GET", _QUOTA, quotas.show_quota_set, _QUOTAS),
    Route("GET", _QUOTA + "/defaults", quotas.show_quota_defaults, _QUOTAS),
    Route("PUT", _QUOTA, quotas.update_quota_set, _MANAGE_QUOTAS, body=quotas.QuotaUpdate),
    Route("DELETE", _QUOTA, quotas.delete_quota_set, _MANAGE_QUOTAS),
    Route("GET", "/os-quota-class-sets/{name}", quotas.show_quota_class_set, _MANAGE_QUOTAS),
    Route(
        "PUT",
        "/os-quota-class-sets/{name}",
        quotas.update_quota_class_set,
        _MANAGE_QUOTAS,
        body=quotas.QuotaClassUpdate,
    ),
    Route("GET", "/limits", quotas.show_limits, _AROUND),
    Route("GET", "/os-availability-zone", backends.list_availability_zones, _AROUND),
    Route("GET", "/extensions", backends.list_extensions, _AROUND),
    Route("GET", "/resource_filters", backends.list_resource_filters, _AROUND, since=(3, 33)),
    Route("GET", "/os-services", services.list_services, _BACKENDS),
    Route("PUT", "/os-services/enable", services.enable_service, _MANAGE, body=services.Change),
    Route("PUT", "/os-services/disable", services.disable_service, _MANAGE, body=services.Change),
    Route(
        "PUT",
        "/os-services/disable-log-reason",
        services.disable_service_with_reason,
        _MANAGE,
        body=services.ChangeWithReason,
    ),
    *(
        Route(
            "PUT",
            f"/os-services/{word}",
            services.refuse_host_change,
            _MANAGE,
            body=services.HostChange,
        )
        for word in ("freeze", "thaw", "failover_host")
    ),
    Route("PUT", "/os-services/get-log", services.refuse_logs, _MANAGE, since=(3, 32)),
    Route("PUT", "/os-services/set-log", services.refuse_logs, _MANAGE, since=(3, 32)),
    Route("GET", "/os-hosts", services.list_hosts, _BACKENDS),
    Route("GET", "/os-hosts/{host:path}", services.show_host, _BACKENDS),
    Route("PUT", "/os-hosts/{host:path}", services.update_host, _MANAGE, body=services.HostUpdate),
    Route("GET", "/scheduler-stats/get_pools", backends.list_backend_pools, _BACKENDS),
    Route("GET", "/capabilities/{host:path}", backends.show_capabilities, _BACKENDS),
    Route("GET", "/messages", messages.list_messages, _READ, since=(3, 3)),
    Route("GET", "/messages/{message_id}", messages.show_message, _READ, since=(3, 3)),
    Route(
        "DELETE",
        "/messages/{message_id}",
        messages.delete_message,
        _WRITE,
        status=204,
        since=(3, 3),
    ),
]

CLUSTERS = [
    Route("GET", "/clusters", clusters.list_clusters, _BACKENDS, since=(3, 7)),
    Route("GET", "/clusters/detail", clusters.list_clusters, _BACKENDS, since=(3, 7)),
    Route("GET", "/clusters/{name:path}", clusters.show_cluster, _BACKENDS, since=(3, 7)),
    *(
        Route(
            "PUT",
            f"/clusters/{word}",
            clusters.change_cluster,
            _MANAGE,
            body=clusters.ClusterChange,
            since=(3, 7),
        )
        for word in ("enable", "disable")
    ),
    Route(
        "POST",
        "/workers/cleanup",
        workers.clean_workers,
        _MANAGE,
        body=workers.Cleanup,
        status=202,
        since=(3, 24),
    ),
]

MANAGEABLE = [
    route
    for path in manageable.KINDS
    for since in ((3, 8) if path.startswith("/manageable") else None,)
    for route in (
        Route("GET", path, manageable.list_manageable, _BACKENDS, since=since),
        Route("GET", path + "/detail", manageable.list_manageable, _BACKENDS, since=since),
        Route("POST", path, manageable.refuse_takeover, _MANAGE, since=since),
    )
]

UNSERVED = [
    route
    for path in COLLECTIONS
    for route in (
        Route("GET", path, unserved.list_nothing, _READ),
        Route("POST", path, unserved.refuse_create, _REFUSED),
        Route("GET", path + "/detail", unserved.list_nothing, _READ),
        Route("GET", path + "/{id}", unserved.show_nothing, _READ),
        Route("PUT", path + "/{id}", unserved.show_nothing, _REFUSED),
        Route("DELETE", path + "/{id}", unserved.show_nothing, _REFUSED),
    )
]

ROUTES = [
    *VOLUMES,
    *ACTIONS,
    *SNAPSHOTS,
    *BACKUPS,
    *TRANSFERS,
    *ATTACHMENTS,
    *TYPE_ROUTES,
    *SURROUNDINGS,
    *CLUSTERS,
    *MANAGEABLE,
    *UNSERVED,
]
