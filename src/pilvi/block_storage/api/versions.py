"""Every microversion of block storage.

Rows about things that this cloud does not have (snapshots, groups, backups, clusters, …) say so:
their requests are refused, or their lists are empty, at every version.
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
        _row(1, f"Uploading a volume to an image takes visibility; {_REFUSED}."),
        _row(2, "Volumes are filtered by bootable in any word for a flag."),
        _row(3, "Messages say why a volume is not as it was wished."),
        _row(4, "Volumes are filtered by glance_metadata.", "glance_metadata_filter"),
        _row(5, "Messages come in pages (here at every version that has them)."),
        _row(6, f"Consistency groups may have empty names; {_NONE}."),
        _row(
            7,
            "Services name their cluster, which is none.",
            reply_fields={"list_services": ("services[].cluster",)},
        ),
        _row(8, f"Volumes made elsewhere can be listed and managed; {_REFUSED}."),
        _row(9, f"Backups can be updated; {_NONE}."),
        _row(10, "Volumes are filtered by group_id, which no volume has.", "group_filter"),
        _row(11, f"Group types; {_NONE}."),
        _row(12, "A summary counts volumes."),
        _row(
            13,
            "Volumes show their group, which is none.",
            reply_fields=_fields("group_id"),
            request_fields={"create_volume": ("volume.group_id",)},
        ),
        _row(14, f"Groups from other groups; {_NONE}."),
        _row(15, "Metadata has an ETag, and If-Match guards its changes.", "etags"),
        _row(16, f"Volumes migrate to clusters; {_REFUSED}."),
        _row(17, f"Managing volumes takes a cluster; {_REFUSED}."),
        _row(18, f"Backups show their project; {_NONE}."),
        _row(19, f"The status of a group snapshot can be reset; {_NONE}."),
        _row(20, f"The status of a group can be reset; {_NONE}."),
        _row(
            21,
            "Admins see a volume's provider id, which is none.",
            reply_fields=_fields("provider_id"),
        ),
        _row(22, f"Snapshots are filtered by metadata; {_NONE}."),
        _row(23, "A deletion may be forced by an admin.", "force_delete"),
        _row(24, f"Left-over work of dead services can be cleaned up; {_REFUSED}."),
        _row(25, f"Groups show their volumes; {_NONE}."),
        _row(26, f"Clusters fail over; {_REFUSED}."),
        _row(27, "Attachments can be looked at; servers alone make and end them."),
        _row(28, "Pools are filtered by name.", "pool_filters"),
        _row(29, f"Group snapshots are filtered and sorted; {_NONE}."),
        _row(30, f"Snapshots are sorted by name; {_NONE}."),
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
        _row(37, f"Backups are sorted by name; {_NONE}."),
        _row(38, f"Groups are replicated; {_NONE}."),
        _row(39, "Admins see the limits of any project.", "limits_of_project"),
        _row(40, f"A volume goes back to its snapshot; {_NONE}."),
        _row(41, f"Snapshots show their user; {_NONE}."),
        _row(42, f"A volume grows while a server has it; {_REFUSED}: it must be detached."),
        _row(43, f"Backups have metadata; {_NONE}."),
        _row(44, f"An attachment is completed by hand; {_REFUSED}: servers do it."),
        _row(45, "Lists of volumes can be counted.", "counts"),
        _row(46, f"A volume is made of an image's snapshot; {_REFUSED}."),
        _row(
            47,
            f"A volume is made of a backup; {_REFUSED}.",
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
        _row(50, f"Types may allow several servers for one volume; {_REFUSED}."),
        _row(51, f"Backups in other zones; {_NONE}."),
        _row(52, "Volume types are filtered by extra specs.", "extra_specs_filter"),
        _row(
            53,
            "A field that is unknown is refused, not ignored.",
            upgrade={
                "create_volume": _without_unknown_fields,
                "update_volume": _without_unknown_changes,
            },
        ),
        _row(54, f"An attachment is made with a mode; {_REFUSED}: servers do it."),
        _row(55, f"Volume transfers at a path of their own; {_NONE}."),
        _row(56, f"Backups show their user; {_NONE}."),
        _row(57, f"Transfers show both projects; {_NONE}."),
        _row(58, f"Group snapshots show their project; {_NONE}."),
        _row(59, f"Transfers come in pages; {_NONE}."),
        _row(60, "Volumes are filtered by times.", "time_filters"),
        _row(
            61,
            "Admins see a volume's cluster, which is none.",
            reply_fields=_fields("cluster_name"),
        ),
        _row(62, f"Projects have default volume types; {_REFUSED}."),
        _row(63, "Volumes show the id of their type.", reply_fields=_fields("volume_type_id")),
        _row(64, "Encrypted volumes show their key; none is encrypted."),
        _row(
            65,
            "Volumes show that they count for quotas, and are filtered by it.",
            "consumes_quota",
            reply_fields=_fields("consumes_quota"),
        ),
        _row(66, f"Snapshots of volumes in use need no force; {_NONE}."),
        _row(67, "The project in a path may be left out (here at every version)."),
        _row(68, f"A volume is made anew from an image; {_REFUSED}."),
        _row(69, "shared_targets may be null; here it is false."),
        _row(70, f"Transfers take encrypted volumes along; {_NONE}."),
        _row(71, f"The end of an extension is told by hand; {_REFUSED}: hosts tell it."),
    ),
)
