"""Every microversion of the compute API that this cloud serves: what each brought.

Handlers know the newest shapes. Rows of routes that are not served say so and change nothing.
"""

from typing import Any

from pilvi.compute.api import version_shapes as shapes
from pilvi.core.http import Version, Versions

_SERVER_REPLIES = ("show_server", "update_server")
_LIST = "list_servers_detail"
_FLAVORS = ("show_flavor", "create_flavor", "update_flavor")


def _in_servers(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a server in every reply that shows one."""
    shown = dict.fromkeys(_SERVER_REPLIES, tuple(f"server.{name}" for name in names))
    return {**shown, _LIST: tuple(f"servers[].{name}" for name in names)}


def _in_flavors(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a flavor in every reply that shows one whole."""
    shown = dict.fromkeys(_FLAVORS, tuple(f"flavor.{name}" for name in names))
    return {**shown, "list_flavors_detail": tuple(f"flavors[].{name}" for name in names)}


def _in_attachments(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a volume attachment in every reply that shows one."""
    one = tuple(f"volumeAttachment.{name}" for name in names)
    return {
        "create_volume_attachment": one,
        "show_volume_attachment": one,
        "list_volume_attachments": tuple(f"volumeAttachments[].{name}" for name in names),
    }


def _row(minor: int, sentence: str, *flags: str, **changes: Any) -> Version:
    return Version(number=(2, minor), sentence=sentence, flags=frozenset(flags), **changes)


_EXTENDED = tuple(
    f"OS-EXT-SRV-ATTR:{name}"
    for name in (
        "hostname",
        "reservation_id",
        "launch_index",
        "kernel_id",
        "ramdisk_id",
        "root_device_name",
        "user_data",
    )
)
_QUOTAS = ("show_quotas", "show_quota_defaults", "show_quota_details", "update_quotas")
_VOLUMES = "os-extended-volumes:volumes_attached[].delete_on_termination"

_FIRST = (
    _row(
        2,
        "Key pairs have a type; creating one answers 201, deleting one 204.",
        "keypair-codes",
        request_fields={"create_keypair": ("keypair.type",)},
        reply_fields={
            "create_keypair": ("keypair.type",),
            "show_keypair": ("keypair.type",),
            "list_keypairs": ("keypairs[].keypair.type",),
        },
    ),
    _row(
        3,
        "Admins see more of how a server was made; attached volumes say whether they go with it.",
        reply_fields=_in_servers(*_EXTENDED, _VOLUMES),
    ),
    _row(4, "Fixed addresses say whether they are reserved (not served)."),
    _row(5, "Anybody may filter servers by an IPv6 address.", "ip6-filter"),
    _row(6, "Remote consoles have a collection of their own (not served)."),
    _row(7, "Giving access to a public flavor is refused.", "private-access-only"),
    _row(8, "Remote consoles of the protocol mks (not served)."),
    _row(9, "Servers say whether they are locked.", reply_fields=_in_servers("locked")),
    _row(
        10,
        "Admins use other users' key pairs.",
        "keypair-user",
        request_fields={"create_keypair": ("keypair.user_id",)},
    ),
    _row(
        11,
        "Services say whether they were forced down.",
        reply_fields={"list_services": ("services[].forced_down",)},
    ),
    _row(12, "Virtual interfaces say their network (not served)."),
    _row(13, "Server groups say their project and user (none are made here)."),
    _row(14, "Evacuating knows shared storage by itself (not served)."),
    _row(15, "Server groups may be soft (none are made here)."),
    _row(
        16,
        "Admins see the status of a server's host.",
        reply_fields=_in_servers("host_status"),
    ),
    _row(17, "A crash dump can be triggered (not served)."),
    _row(18, "The project need not be in the path."),
    _row(
        19,
        "Servers have a description.",
        request_fields={
            "create_server": ("server.description",),
            "update_server": ("server.description",),
        },
        reply_fields=_in_servers("description"),
    ),
    _row(20, "Volumes of shelved servers can be changed (nothing is shelved here)."),
    _row(21, "Actions of deleted servers can be read.", "actions-of-deleted"),
    _row(22, "A live migration can be forced to its end (not served)."),
    _row(23, "Migrations of a server can be listed (not served)."),
    _row(24, "A live migration can be cancelled (not served)."),
    _row(25, "Live migration finds out about storage by itself (not served)."),
    _row(
        26,
        "Servers have tags, and can be listed by them.",
        "tags",
        reply_fields=_in_servers("tags"),
    ),
    _row(27, "The version is also asked for by the header OpenStack-API-Version."),
    _row(
        28,
        "A hypervisor's cpu_info is an object.",
        downgrade=dict.fromkeys(
            ("show_hypervisor", "list_hypervisors_detail"), shapes.cpu_info_as_text
        ),
    ),
    _row(29, "Evacuating to a named host is checked (not served)."),
    _row(30, "Live migration to a named host is checked (not served)."),
    _row(31, "Console tokens of every kind can be read (not served)."),
    _row(
        32,
        "Network cards and disks of a new server can have a tag.",
        request_fields={
            "create_server": ("server.networks[].tag", "server.block_device_mapping_v2[].tag")
        },
    ),
    _row(
        33,
        "Hypervisors are paged; disks can have no tag until 2.42.",
        "hypervisor-paging",
        upgrade={"create_server": shapes.keep_disk_tags},
    ),
    _row(34, "Checks before a live migration are actions (not served)."),
    _row(35, "Key pairs are paged.", "keypair-paging"),
    _row(
        36,
        "What belongs to network, image and volume services is gone: security groups, floating "
        "IPs, their limits and quotas.",
        downgrade={
            "show_limits": shapes.add_network_limits,
            **dict.fromkeys(_QUOTAS, shapes.add_network_quotas),
        },
    ),
    _row(
        37,
        "Networks of a new server must be named, or be auto or none; network cards can have no "
        "tag until 2.42.",
        upgrade={"create_server": shapes.default_networks},
    ),
    _row(38, "Filtering by a status that does not exist is refused.", "strict-status"),
    _row(
        39,
        "Limits of image metadata are gone.",
        downgrade={"show_limits": shapes.add_image_limits},
    ),
    _row(40, "Usage of projects is paged.", "usage-paging"),
    _row(41, "Aggregates have a UUID (there are none)."),
    _row(
        42,
        "Network cards and disks of a new server can have a tag again.",
        upgrade={"create_server": shapes.restore_tags},
    ),
    _row(43, "os-hosts is gone (not served)."),
    _row(44, "Actions on fixed and floating addresses are gone."),
    _row(
        45,
        "Creating an image answers its id in the body, not in Location.",
        "image-id-in-body",
    ),
    _row(46, "Every reply has x-openstack-request-id."),
    _row(
        47,
        "A server shows the flavor it was made of, not a link.",
        "embedded-flavor",
    ),
    _row(48, "Diagnostics have names of their own.", "structured-diagnostics"),
    _row(
        49,
        "A volume or network card can be attached with a tag.",
        request_fields={
            "create_volume_attachment": ("volumeAttachment.tag",),
            "create_interface": ("interfaceAttachment.tag",),
        },
    ),
    _row(50, "Quota classes lose what was of networks (not served)."),
)

_SECOND = (
    _row(
        51,
        "Everybody sees the events of an action; where they happened, admins only.",
        "events-for-all",
    ),
    _row(
        52,
        "A new server can have tags.",
        request_fields={"create_server": ("server.tags",)},
    ),
    _row(
        53,
        "Hypervisors and services are known by UUID; servers of a hypervisor by a query.",
        "host-uuids",
    ),
    _row(54, "A rebuild can change the key pair (not served)."),
    _row(
        55,
        "Flavors have a description, which can be changed.",
        request_fields={"create_flavor": ("flavor.description",)},
        reply_fields={
            **_in_flavors("description"),
            "list_flavors": ("flavors[].description",),
        },
    ),
    _row(56, "A cold migration can name its host (not served)."),
    _row(
        57,
        "Files can no longer be put into new servers, and their limits and quotas are gone.",
        upgrade={"create_server": shapes.refuse_personality},
        downgrade={
            "show_limits": shapes.add_file_limits,
            **dict.fromkeys(_QUOTAS, shapes.add_file_quotas),
        },
    ),
    _row(
        58,
        "Actions are paged, and say when they were updated.",
        "action-paging",
        reply_fields={
            "list_instance_actions": ("instanceActions[].updated_at",),
            "show_instance_action": ("instanceAction.updated_at",),
        },
    ),
    _row(59, "Migrations are paged (not served)."),
    _row(60, "One volume can be attached to several servers (no volume here allows it)."),
    _row(
        61,
        "Flavors show their extra specs.",
        reply_fields=_in_flavors("extra_specs"),
    ),
    _row(
        62,
        "Events of actions say their host: its name to admins, a hash to others.",
        reply_fields={
            "show_instance_action": (
                "instanceAction.events[].host",
                "instanceAction.events[].hostId",
            )
        },
    ),
    _row(
        63,
        "Images can be checked against trusted certificates (not served: always null).",
        request_fields={"create_server": ("server.trusted_image_certificates",)},
        reply_fields=_in_servers("trusted_image_certificates"),
    ),
    _row(64, "Server groups have one policy (none are made here)."),
    _row(65, "A queued live migration can be cancelled (not served)."),
    _row(66, "Servers and actions can be listed by changes-before.", "changes-before"),
    _row(
        67,
        "A disk of a new server can name its volume type.",
        request_fields={"create_server": ("server.block_device_mapping_v2[].volume_type",)},
    ),
    _row(68, "Live migration and evacuation cannot be forced (not served)."),
    _row(69, "What a cell that is down hides is marked (there are no cells)."),
    _row(
        70,
        "Attachments of volumes and network cards say their tag.",
        reply_fields={
            **_in_attachments("tag"),
            "show_interface": ("interfaceAttachment.tag",),
            "create_interface": ("interfaceAttachment.tag",),
            "list_interfaces": ("interfaceAttachments[].tag",),
        },
    ),
    _row(
        71,
        "Servers say their server groups.",
        reply_fields=dict.fromkeys(_SERVER_REPLIES, ("server.server_groups",)),
    ),
    _row(72, "Ports that ask for bandwidth can be used (none here do)."),
    _row(
        73,
        "Locking can give a reason; servers can be listed by whether they are locked.",
        "locked-filter",
        "lock-reason",
        reply_fields=_in_servers("locked_reason"),
    ),
    _row(
        74,
        "Admins choose the host of a new server by its name.",
        request_fields={"create_server": ("server.host", "server.hypervisor_hostname")},
    ),
    _row(
        75,
        "Unknown query parameters are refused; changing a server answers all of it; swap is a "
        "number.",
        "strict-query",
        downgrade={
            "update_server": shapes.brief_update,
            "list_flavors_detail": shapes.blank_swaps,
            **dict.fromkeys(_FLAVORS, shapes.blank_swap),
        },
    ),
    _row(76, "Hosts can report a power change from outside (not served)."),
    _row(77, "Unshelving can choose an availability zone (not served)."),
    _row(78, "The NUMA topology of a server can be read (not served)."),
    _row(
        79,
        "Volumes can be attached so that they go with the server.",
        request_fields={"create_volume_attachment": ("volumeAttachment.delete_on_termination",)},
        reply_fields=_in_attachments("delete_on_termination"),
    ),
    _row(80, "Migrations say their user and project (not served)."),
    _row(81, "Images can be sent to the hosts of an aggregate (not served)."),
    _row(82, "Accelerators report that they are bound (not served)."),
    _row(83, "Anybody may filter servers by zone, key, state and user.", "more-filters"),
    _row(
        84,
        "Events of failed actions have details, for admins.",
        reply_fields={"show_instance_action": ("instanceAction.events[].details",)},
    ),
    _row(
        85,
        "Whether an attached volume goes with the server can be changed.",
        request_fields={"update_volume_attachment": ("volumeAttachment.delete_on_termination",)},
    ),
    _row(86, "Extra specs of known names are checked (none are known here)."),
    _row(87, "Servers that boot from a volume can be rescued (not served)."),
    _row(
        88,
        "Hypervisors show no more sums of what is used: placement knows.",
        "no-usage-sums",
    ),
    _row(
        89,
        "Attachments of volumes show their own id, no more the volume's.",
        reply_fields={
            "show_volume_attachment": (
                "volumeAttachment.attachment_id",
                "volumeAttachment.bdm_uuid",
            ),
            "list_volume_attachments": (
                "volumeAttachments[].attachment_id",
                "volumeAttachments[].bdm_uuid",
            ),
        },
        downgrade={
            "show_volume_attachment": shapes.attachment_with_id,
            "list_volume_attachments": shapes.attachments_with_ids,
        },
    ),
    _row(
        90,
        "A server's host name can be chosen and changed, and everybody sees it.",
        "hostname-for-all",
        request_fields={
            "create_server": ("server.hostname",),
            "update_server": ("server.hostname",),
        },
    ),
    _row(91, "Unshelving can choose a host (not served)."),
    _row(
        92,
        "Key pairs are only imported; their names may hold '@' and '.'.",
        "import-only",
        "wide-keypair-names",
    ),
    _row(93, "Servers that boot from a volume can be rebuilt (not served)."),
    _row(94, "A server's host name can be a full domain name.", "domain-hostname"),
    _row(95, "Evacuated servers stay stopped (not served)."),
    _row(
        96,
        "Servers say to which availability zone they were asked.",
        reply_fields=_in_servers("pinned_availability_zone"),
    ),
)

VERSIONS = Versions(
    service="compute",
    minimum=(2, 1),
    rows=_FIRST + _SECOND,
    legacy_header="x-openstack-nova-api-version",
)
