"""The rows of THE SURFACE about volume types, QoS specifications and groups."""

from pilvi.block_storage.api import (
    default_types,
    group_types,
    groups,
    qos_specs,
    type_encryption,
    volume_types,
)
from pilvi.core.http import Route

_READ, _WRITE, _ADMIN = "volume:read", "volume:write", "volume:administer"
_TYPES, _MANAGE_TYPES = "volume:read_types", "volume:manage_types"
_TYPE = "/types/{type_id}"
_SPEC = _TYPE + "/extra_specs/{key:path}"
_ENCRYPTION = _TYPE + "/encryption"
_ENCRYPTION_ITEM = _ENCRYPTION + "/{encryption_id}"
_QOS = "/qos-specs/{qos_id}"
_DEFAULT = "/default-types/{project_id}"
_GROUP_TYPE = "/group_types/{group_type_id}"
_GROUP_SPEC = _GROUP_TYPE + "/group_specs/{key:path}"
_GROUP = "/groups/{volume_group_id}"
_GROUP_SNAPSHOT = "/group_snapshots/{group_snapshot_id}"

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

ENCRYPTION = [
    Route("GET", _ENCRYPTION, type_encryption.show_type_encryption, _TYPES),
    Route(
        "POST",
        _ENCRYPTION,
        type_encryption.create_type_encryption,
        _MANAGE_TYPES,
        body=type_encryption.EncryptionCreate,
    ),
    Route("GET", _ENCRYPTION_ITEM, type_encryption.show_type_encryption_item, _TYPES),
    Route(
        "PUT",
        _ENCRYPTION_ITEM,
        type_encryption.update_type_encryption,
        _MANAGE_TYPES,
        body=type_encryption.EncryptionUpdate,
    ),
    Route(
        "DELETE",
        _ENCRYPTION_ITEM,
        type_encryption.delete_type_encryption,
        _MANAGE_TYPES,
        status=202,
    ),
]

DEFAULTS = [
    Route("GET", "/default-types", default_types.list_default_types, _MANAGE_TYPES, since=(3, 62)),
    Route("GET", _DEFAULT, default_types.show_default_type, _MANAGE_TYPES, since=(3, 62)),
    Route(
        "PUT",
        _DEFAULT,
        default_types.set_default_type,
        _MANAGE_TYPES,
        body=default_types.DefaultUpdate,
        since=(3, 62),
    ),
    Route(
        "DELETE",
        _DEFAULT,
        default_types.unset_default_type,
        _MANAGE_TYPES,
        status=204,
        since=(3, 62),
    ),
]

QOS = [
    Route("GET", "/qos-specs", qos_specs.list_qos_specs, _MANAGE_TYPES),
    Route("POST", "/qos-specs", qos_specs.create_qos_specs, _MANAGE_TYPES, body=qos_specs.QosBody),
    Route("GET", _QOS, qos_specs.show_qos_specs, _MANAGE_TYPES),
    Route("PUT", _QOS, qos_specs.update_qos_specs, _MANAGE_TYPES, body=qos_specs.QosBody),
    Route("DELETE", _QOS, qos_specs.delete_qos_specs, _MANAGE_TYPES, status=202),
    Route(
        "PUT",
        _QOS + "/delete_keys",
        qos_specs.delete_qos_keys,
        _MANAGE_TYPES,
        body=qos_specs.QosKeys,
        status=202,
    ),
    Route("GET", _QOS + "/associations", qos_specs.list_qos_associations, _MANAGE_TYPES),
    *(
        Route("GET", f"{_QOS}/{word}", handler, _MANAGE_TYPES, status=202, access="write")
        for word, handler in (
            ("associate", qos_specs.associate_qos_specs),
            ("disassociate", qos_specs.disassociate_qos_specs),
            ("disassociate_all", qos_specs.disassociate_all_qos_specs),
        )
    ),
]

GROUP_TYPES = [
    Route("GET", "/group_types", group_types.list_group_types, _TYPES, since=(3, 11)),
    Route(
        "POST",
        "/group_types",
        group_types.create_group_type,
        _MANAGE_TYPES,
        body=group_types.GroupTypeCreate,
        status=202,
        since=(3, 11),
    ),
    Route(
        "GET", "/group_types/default", group_types.show_default_group_type, _TYPES, since=(3, 11)
    ),
    Route("GET", _GROUP_TYPE, group_types.show_group_type, _TYPES, since=(3, 11)),
    Route(
        "PUT",
        _GROUP_TYPE,
        group_types.update_group_type,
        _MANAGE_TYPES,
        body=group_types.GroupTypeUpdate,
        since=(3, 11),
    ),
    Route(
        "DELETE",
        _GROUP_TYPE,
        group_types.delete_group_type,
        _MANAGE_TYPES,
        status=202,
        since=(3, 11),
    ),
    Route(
        "GET",
        _GROUP_TYPE + "/group_specs",
        group_types.list_group_specs,
        _MANAGE_TYPES,
        since=(3, 11),
    ),
    Route(
        "POST",
        _GROUP_TYPE + "/group_specs",
        group_types.create_group_specs,
        _MANAGE_TYPES,
        body=group_types.GroupSpecs,
        status=202,
        since=(3, 11),
    ),
    Route("GET", _GROUP_SPEC, group_types.show_group_spec, _MANAGE_TYPES, since=(3, 11)),
    Route(
        "PUT",
        _GROUP_SPEC,
        group_types.update_group_spec,
        _MANAGE_TYPES,
        body=group_types.Specs,
        since=(3, 11),
    ),
    Route(
        "DELETE",
        _GROUP_SPEC,
        group_types.delete_group_spec,
        _MANAGE_TYPES,
        status=202,
        since=(3, 11),
    ),
]

GROUPS = [
    Route("GET", "/groups", groups.list_groups, _READ, since=(3, 13)),
    Route(
        "POST",
        "/groups",
        groups.create_group,
        _WRITE,
        body=groups.GroupCreate,
        status=202,
        since=(3, 13),
    ),
    Route("GET", "/groups/detail", groups.list_groups_detail, _READ, since=(3, 13)),
    Route(
        "POST",
        "/groups/action",
        groups.create_group_from_src,
        _WRITE,
        action="create-from-src",
        body=groups.GroupSource,
        status=202,
        since=(3, 14),
    ),
    Route("GET", _GROUP, groups.show_group, _READ, since=(3, 13)),
    Route(
        "PUT",
        _GROUP,
        groups.update_group,
        _WRITE,
        body=groups.GroupUpdate,
        status=202,
        since=(3, 13),
    ),
    Route(
        "POST",
        _GROUP + "/action",
        groups.delete_group,
        _WRITE,
        action="delete",
        body=groups.GroupDelete,
        status=202,
        since=(3, 13),
    ),
    Route(
        "POST",
        _GROUP + "/action",
        groups.reset_group_status,
        _ADMIN,
        action="reset_status",
        body=groups.GroupStatusBody,
        status=202,
        since=(3, 20),
    ),
    *(
        Route(
            "POST",
            _GROUP + "/action",
            groups.refuse_replication,
            _ADMIN,
            action=action,
            since=(3, 38),
        )
        for action in (
            "enable_replication",
            "disable_replication",
            "failover_replication",
            "list_replication_targets",
        )
    ),
]

GROUP_SNAPSHOTS = [
    Route("GET", "/group_snapshots", groups.list_group_snapshots, _READ, since=(3, 14)),
    Route(
        "POST",
        "/group_snapshots",
        groups.create_group_snapshot,
        _WRITE,
        body=groups.GroupSnapshotCreate,
        status=202,
        since=(3, 14),
    ),
    Route(
        "GET", "/group_snapshots/detail", groups.list_group_snapshots_detail, _READ, since=(3, 14)
    ),
    Route("GET", _GROUP_SNAPSHOT, groups.show_group_snapshot, _READ, since=(3, 14)),
    Route(
        "DELETE",
        _GROUP_SNAPSHOT,
        groups.delete_group_snapshot,
        _WRITE,
        status=202,
        since=(3, 14),
    ),
    Route(
        "POST",
        _GROUP_SNAPSHOT + "/action",
        groups.reset_group_snapshot_status,
        _ADMIN,
        action="reset_status",
        body=groups.GroupStatusBody,
        status=202,
        since=(3, 19),
    ),
]

TYPE_ROUTES = [
    *TYPES,
    *ENCRYPTION,
    *DEFAULTS,
    *QOS,
    *GROUP_TYPES,
    *GROUPS,
    *GROUP_SNAPSHOTS,
]
