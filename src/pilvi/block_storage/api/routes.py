"""THE SURFACE of block storage: one row per method and path, and per action."""

from pilvi.block_storage.api import (
    attachments,
    backends,
    discovery,
    messages,
    quotas,
    unserved,
    volume_actions,
    volume_metadata,
    volume_types,
    volumes,
)
from pilvi.block_storage.api.unserved import COLLECTIONS
from pilvi.core.http import Route
from pilvi.core.http.route import Handler

_READ, _WRITE, _ADMIN = "volume:read", "volume:write", "volume:administer"
_TYPES, _MANAGE_TYPES = "volume:read_types", "volume:manage_types"
_QUOTAS, _MANAGE_QUOTAS = "volume:read_quotas", "volume:manage_quotas"
_BACKENDS, _AROUND, _REFUSED = (
    "volume:read_backends",
    "volume:read_surroundings",
    "volume:refused",
)

_VOLUME = "/volumes/{volume_id}"
_METADATA = _VOLUME + "/metadata"
_ITEM = _METADATA + "/{key:path}"
_TYPE = "/types/{type_id}"
_SPEC = _TYPE + "/extra_specs/{key:path}"
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
]
_CONNECTIONS = (
    "os-attach",
    "os-detach",
    "os-force_detach",
    "os-reserve",
    "os-unreserve",
    "os-begin_detaching",
    "os-roll_detaching",
    "os-initialize_connection",
    "os-terminate_connection",
)
_UNSERVED_ACTIONS = (
    "os-volume_upload_image",
    "os-migrate_volume",
    "os-migrate_volume_completion",
    "os-unmanage",
    "os-reimage",
    "os-extend_volume_completion",
    "revert",
)
ACTIONS = [
    *(
        Route("POST", _VOLUME + "/action", handler, policy, action=action, body=body, status=status)
        for action, handler, policy, body, status in _SERVED
    ),
    *(
        Route(
            "POST", _VOLUME + "/action", volume_actions.refuse_connection, _REFUSED, action=action
        )
        for action in _CONNECTIONS
    ),
    *(
        Route("POST", _VOLUME + "/action", volume_actions.refuse_action, _REFUSED, action=action)
        for action in _UNSERVED_ACTIONS
    ),
]

ATTACHMENTS = [
    Route("GET", "/attachments", attachments.list_attachments, _READ, since=(3, 27)),
    Route("GET", "/attachments/detail", attachments.list_attachments_detail, _READ, since=(3, 27)),
    Route("GET", _ATTACHMENT, attachments.show_attachment, _READ, since=(3, 27)),
    Route("DELETE", _ATTACHMENT, attachments.delete_attachment, _WRITE, since=(3, 27)),
    Route("POST", "/attachments", attachments.refuse_attachment, _REFUSED, since=(3, 27)),
    Route("PUT", _ATTACHMENT, attachments.refuse_attachment, _REFUSED, since=(3, 27)),
    Route("POST", _ATTACHMENT + "/action", attachments.refuse_attachment, _REFUSED, since=(3, 44)),
]

TYPES = [
    Route("GET", "/types", volume_types.list_volume_types, _TYPES),
    Route(
        "POST",
        "/types",
        volume_types.create_volume_type,
        _MANAGE_TYPES,
        body=volume_types.TypeCreate,
    ),
    Route("GET", "/types/default", volume_types.show_default_volume_type, _TYPES),
    Route("GET", _TYPE, volume_types.show_volume_type, _TYPES),
    Route(
        "PUT", _TYPE, volume_types.update_volume_type, _MANAGE_TYPES, body=volume_types.TypeUpdate
    ),
    Route("DELETE", _TYPE, volume_types.delete_volume_type, _MANAGE_TYPES, status=202),
    Route("GET", _TYPE + "/extra_specs", volume_types.list_extra_specs, _TYPES),
    Route(
        "POST",
        _TYPE + "/extra_specs",
        volume_types.create_extra_specs,
        _MANAGE_TYPES,
        body=volume_types.SpecsBody,
    ),
    Route("GET", _SPEC, volume_types.show_extra_spec, _TYPES),
    Route("PUT", _SPEC, volume_types.update_extra_spec, _MANAGE_TYPES, body=volume_types.Specs),
    Route("DELETE", _SPEC, volume_types.delete_extra_spec, _MANAGE_TYPES, status=202),
    Route("GET", _TYPE + "/encryption", volume_types.show_type_encryption, _TYPES),
    Route("GET", _TYPE + "/os-volume-type-access", volume_types.list_type_access, _MANAGE_TYPES),
    Route(
        "POST",
        _TYPE + "/action",
        volume_types.add_project_access,
        _MANAGE_TYPES,
        action="addProjectAccess",
        body=volume_types.ProjectAccess,
        status=202,
    ),
    Route(
        "POST",
        _TYPE + "/action",
        volume_types.remove_project_access,
        _MANAGE_TYPES,
        action="removeProjectAccess",
        body=volume_types.ProjectAccess,
        status=202,
    ),
]

SURROUNDINGS = [
    Route("GET", _QUOTA, quotas.show_quota_set, _QUOTAS),
    Route("GET", _QUOTA + "/defaults", quotas.show_quota_defaults, _QUOTAS),
    Route("PUT", _QUOTA, quotas.update_quota_set, _MANAGE_QUOTAS, body=quotas.QuotaUpdate),
    Route("DELETE", _QUOTA, quotas.delete_quota_set, _MANAGE_QUOTAS),
    Route("GET", "/os-quota-class-sets/{name}", quotas.show_quota_class_set, _MANAGE_QUOTAS),
    Route("GET", "/limits", quotas.show_limits, _AROUND),
    Route("GET", "/os-availability-zone", backends.list_availability_zones, _AROUND),
    Route("GET", "/extensions", backends.list_extensions, _AROUND),
    Route("GET", "/resource_filters", backends.list_resource_filters, _AROUND, since=(3, 33)),
    Route("GET", "/os-services", backends.list_services, _BACKENDS),
    Route("PUT", "/os-services/{action}", backends.refuse_service_change, _BACKENDS),
    Route("GET", "/scheduler-stats/get_pools", backends.list_backend_pools, _BACKENDS),
    Route("GET", "/capabilities/{host:path}", backends.show_capabilities, _BACKENDS),
    Route("GET", "/messages", messages.list_messages, _READ, since=(3, 3)),
    Route("GET", "/messages/{message_id}", messages.show_message, _READ, since=(3, 3)),
    Route("DELETE", "/messages/{message_id}", messages.delete_message, _REFUSED, since=(3, 3)),
]

UNSERVED = [
    route
    for path in COLLECTIONS
    for since in [(3, 55) if path == "/volume-transfers" else None]
    for route in (
        Route("GET", path, unserved.list_nothing, _READ, since=since),
        Route("POST", path, unserved.refuse_create, _REFUSED, since=since),
        Route("GET", path + "/detail", unserved.list_nothing, _READ, since=since),
        Route("GET", path + "/{id}", unserved.show_nothing, _READ, since=since),
        Route("PUT", path + "/{id}", unserved.show_nothing, _REFUSED, since=since),
        Route("DELETE", path + "/{id}", unserved.show_nothing, _REFUSED, since=since),
    )
]

ROUTES = [*VOLUMES, *ACTIONS, *ATTACHMENTS, *TYPES, *SURROUNDINGS, *UNSERVED]
