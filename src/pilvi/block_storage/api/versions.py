"""Every microversion of block storage.

Rows about things that this cloud does not have (clusters, replication, …) say so: their requests
are refused, or their lists are empty, at every version.
"""

from typing import Any

from pilvi.core.http import Version, Versions

_DETAILED = ("show_volume", "create_volume", "update_volume")
_NONE = "none can be made here"
_REFUSED = "refused here"


def _fields(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a volume, wherever volumes are shown whole."""
    one = {operation: tuple(f"volume.{name}" for name in names) for operation in _DETAILED}
    return {**one, "list_volumes_detail": tuple(f"volumes[].{name}" for name in names)}


def _snapshot_fields(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a snapshot, wherever snapshots are shown."""
    one = ("show_snapshot", "create_snapshot", "update_snapshot")
    many = ("list_snapshots_detail",)
    return {
        **{operation: tuple(f"snapshot.{name}" for name in names) for operation in one},
        **{operation: tuple(f"snapshots[].{name}" for name in names) for operation in many},
    }


def _backup_fields(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a backup, wherever backups are shown whole."""
    return {
        "show_backup": tuple(f"backup.{name}" for name in names),
        "list_backups_detail": tuple(f"backups[].{name}" for name in names),
    }


def _group_fields(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a group, wherever groups are shown whole."""
    return {
        "show_group": tuple(f"group.{name}" for name in names),
        "list_groups_detail": tuple(f"groups[].{name}" for name in names),
    }


def _merge(*parts: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for operation, paths in part.items():
            found[operation] = (*found.get(operation, ()), *paths)
    return found


def _without_unknown_fields(body: dict[str, Any]) -> dict[str, Any]:
    """A request to create or update as Cinder took it before it was strict."""
    volume = body.get("volume")
    if not isinstance(volume, dict):
        return body
    return {**body, "volume": {name: volume[name] for name in volume if name in _KNOWN}}


_KNOWN = frozenset(
    {
        "size",
        "name",
        "display_name",
        "description",
        "display_description",
        "volume_type",
        "availability_zone",
        "metadata",
        "multiattach",
        "snapshot_id",
        "source_volid",
        "backup_id",
        "imageRef",
        "image_id",
        "consistencygroup_id",
        "group_id",
    }
)
_CHANGEABLE = frozenset({"name", "display_name", "description", "display_description", "metadata"})


def _without_unknown_changes(body: dict[str, Any]) -> dict[str, Any]:
    volume = body.get("volume")
    if not isinstance(volume, dict):
        return body
    return {**body, "volume": {name: volume[name] for name in volume if name in _CHANGEABLE}}


def _row(minor: int, sentence: str, *flags: str, **changes: Any) -> Version:
    return Version(number=(3, minor), sentence=sentence, flags=frozenset(flags), **changes)


VERSIONS = Versions(
    service="volume",
    minimum=(3, 0),
    rows=(
        _row(1, "Uploading a volume to an image takes visibility.", "upload_visibility"),
        _row(2, "Volumes are filtered by bootable in any word for a flag."),
        _row(3, "Messages say why a volume is not as it was wished."),
        _row(4, "Volumes are filtered by glance_metadata.", "glance_metadata_filter"),
        _row(5, "Messages come in pages (here at every version that has them)."),
        _row(6, f"Consistency groups may have empty names; {_NONE}."),
        _row(
            7,
            "Services name their cluster, which is none; so the list of clusters is empty.",
            reply_fields={"list_services": ("services[].cluster",)},
        ),
        _row(8, "Disks that could be made volumes are listed; there are none here."),
        _row(9, "Backups can be updated."),
        _row(10, "Volumes are filtered by group_id.", "group_filter"),
        _row(11, "Group types."),
        _row(12, "A summary counts volumes."),
        _row(
            13,
            "Volumes show their group.",
            reply_fields=_fields("group_id"),
            request_fields={"create_volume": ("volume.group_id",)},
        ),
        _row(
            14,
            "Groups from other groups, and snapshots of groups.",
            reply_fields={
                "show_snapshot": ("snapshot.group_snapshot_id",),
                "list_snapshots_detail": ("snapshots[].group_snapshot_id",),
                **_group_fields("group_snapshot_id", "source_group_id"),
            },
        ),
        _row(15, "Metadata has an ETag, and If-Match guards its changes.", "etags"),
        _row(16, f"Volumes migrate to clusters; {_REFUSED}."),
        _row(17, f"Managing volumes takes a cluster; {_REFUSED}."),
        _row(
            18,
            "Backups show their project.",
            reply_fields=_backup_fields("os-backup-project-attr:project_id"),
        ),
        _row(19, "The status of a group snapshot can be reset."),
        _row(20, "The status of a group can be reset."),
        _row(
            21,
            "Admins see a volume's provider id, which is none.",
            reply_fields=_fields("provider_id"),
        ),
        _row(22, "Snapshots are filtered by metadata.", "snapshot_metadata_filter"),
        _row(23, "A deletion may be forced by an admin.", "force_delete"),
        _row(24, "Left-over work of dead services can be cleaned up; here none is left over."),
        _row(25, "Groups show their volumes.", "group_volumes"),
        _row(26, f"Clusters fail over; {_REFUSED}.", "cluster_replication"),
        _row(27, "Attachments can be looked at, and made and ended by hand."),
        _row(28, "Pools are filtered by name.", "pool_filters"),
        _row(29, "Group snapshots are filtered and sorted (here at every version)."),
        _row(30, "Snapshots are sorted by name (here at every version)."),
        _row(31, "A filter that is unknown is refused, not ignored.", "strict_filters"),
        _row(32, f"Log levels of services can be changed; {_REFUSED}."),
        _row(33, "The filters of each list can be read."),
        _row(34, "Volumes are filtered by a part of their name.", "like_filters"),
        _row(35, f"Pools are filtered by volume type; {_REFUSED}."),
        _row(
            36,
            "The summary shows metadata.",
            reply_fields={"show_volumes_summary": ("volume-summary.metadata",)},
        ),
        _row(37, "Backups are sorted by name (here at every version)."),
        _row(
            38,
            f"Groups are replicated; {_REFUSED}.",
            reply_fields=_group_fields("replication_status"),
        ),
        _row(39, "Admins see the limits of any project.", "limits_of_project"),
        _row(40, "A volume goes back to its newest snapshot."),
        _row(41, "Snapshots show their user.", reply_fields=_snapshot_fields("user_id")),
        _row(42, "A volume grows while a server has it.", "extend_attached"),
        _row(
            43,
            "Backups have metadata.",
            request_fields={
                "create_backup": ("backup.metadata",),
                "update_backup": ("backup.metadata",),
            },
            reply_fields=_merge(
                _backup_fields("metadata"),
                {"create_backup": ("backup.metadata",), "update_backup": ("backup.metadata",)},
            ),
        ),
        _row(44, "An attachment that was made by hand is completed."),
        _row(45, "Lists of volumes can be counted.", "counts"),
        _row(46, f"A volume is made of an image's snapshot; {_REFUSED}."),
        _row(
            47,
            "A volume is made of a backup.",
            request_fields={"create_volume": ("volume.backup_id",)},
        ),
        _row(
            48,
            "Volumes say that no target is shared, and name no service.",
            reply_fields=_fields("shared_targets", "service_uuid"),
        ),
        _row(
            49,
            "Services show the state of their backend.",
            reply_fields={"list_services": ("services[].backend_state",)},
        ),
        _row(50, "Types may allow several servers for one volume."),
        _row(
            51,
            "A backup is made in a zone.",
            request_fields={"create_backup": ("backup.availability_zone",)},
        ),
        _row(52, "Volume types are filtered by extra specs.", "extra_specs_filter"),
        _row(
            53,
            "A field that is unknown is refused, not ignored.",
            upgrade={
                "create_volume": _without_unknown_fields,
                "update_volume": _without_unknown_changes,
            },
        ),
        _row(
            54,
            "An attachment is made with a mode.",
            request_fields={"create_attachment": ("attachment.mode",)},
        ),
        _row(55, "Volume transfers at a path of their own, with or without snapshots."),
        _row(56, "Backups show their user.", reply_fields=_backup_fields("user_id")),
        _row(57, "Transfers show both projects.", "transfer_projects"),
        _row(
            58,
            "Group snapshots show their project.",
            reply_fields={
                "show_group_snapshot": ("group_snapshot.project_id",),
                "list_group_snapshots_detail": ("group_snapshots[].project_id",),
            },
        ),
        _row(59, "Transfers come in pages (here at every version)."),
        _row(60, "Volumes are filtered by times.", "time_filters"),
        _row(
            61,
            "Admins see a volume's cluster, which is none.",
            reply_fields=_fields("cluster_name"),
        ),
        _row(62, "Projects have default volume types."),
        _row(63, "Volumes show the id of their type.", reply_fields=_fields("volume_type_id")),
        _row(64, "Encrypted volumes show their key; none is encrypted."),
        _row(
            65,
            "Volumes and snapshots show that they count for quotas, and are filtered by it.",
            "consumes_quota",
            reply_fields=_merge(_fields("consumes_quota"), _snapshot_fields("consumes_quota")),
        ),
        _row(66, "Snapshots of volumes in use need no force.", "snapshots_without_force"),
        _row(67, "The project in a path may be left out (here at every version)."),
        _row(68, "A volume is made anew from an image."),
        _row(69, "shared_targets may be null; here it is false."),
        _row(70, "Transfers take encrypted volumes along; none is encrypted."),
        _row(71, "The end of an extension is told by hand; refused: hosts tell it."),
    ),
)
