"""The microversions from 2.2 to 2.50."""

from pilvi.compute.api import version_shapes as shapes
from pilvi.compute.api.version_fields import (
    in_aggregates,
    in_server_groups,
    in_servers,
    row,
)

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
_VOLUMES = "os-extended-volumes:volumes_attached[].delete_on_termination"

ROWS = (
    row(
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
    row(
        3,
        "Admins see more of how a server was made; attached volumes say whether they go with it.",
        reply_fields=in_servers(*_EXTENDED, _VOLUMES),
    ),
    row(4, "Fixed addresses say whether they are reserved (not served)."),
    row(5, "Anybody may filter servers by an IPv6 address.", "ip6-filter"),
    row(6, "Remote consoles have a collection of their own; the actions are gone."),
    row(7, "Giving access to a public flavor is refused.", "private-access-only"),
    row(8, "Remote consoles of the protocol mks (not served)."),
    row(9, "Servers say whether they are locked.", reply_fields=in_servers("locked")),
    row(
        10,
        "Admins use other users' key pairs.",
        "keypair-user",
        request_fields={"create_keypair": ("keypair.user_id",)},
    ),
    row(
        11,
        "Services say whether they were forced down.",
        "force-down",
        request_fields={"update_service_by_host": ("forced_down",)},
        reply_fields={"list_services": ("services[].forced_down",)},
    ),
    row(12, "Virtual interfaces say their network (not served)."),
    row(
        13,
        "Server groups say their project and user.",
        reply_fields=in_server_groups("project_id", "user_id"),
    ),
    row(14, "Evacuating knows shared storage by itself.", "evacuate-finds-storage"),
    row(
        15,
        "The policies of server groups may be soft.",
        upgrade={"create_server_group": shapes.refuse_soft_policies},
    ),
    row(
        16,
        "Admins see the status of a server's host.",
        reply_fields=in_servers("host_status"),
    ),
    row(17, "A crash dump can be triggered (not served)."),
    row(18, "The project need not be in the path."),
    row(
        19,
        "Servers have a description.",
        request_fields={
            "create_server": ("server.description",),
            "update_server": ("server.description",),
            "rebuild_server": ("rebuild.description",),
        },
        reply_fields=in_servers("description"),
    ),
    row(20, "Volumes of shelved servers can be changed.", "shelved-volumes"),
    row(21, "Actions of deleted servers can be read.", "actions-of-deleted"),
    row(22, "A live migration can be forced to its end (not served)."),
    row(
        23,
        "Migrations say their type; live migrations of a server can be listed (there are none).",
        reply_fields={"list_migrations": ("migrations[].migration_type",)},
    ),
    row(24, "A live migration can be cancelled (not served)."),
    row(25, "Live migration finds out about storage by itself (not served)."),
    row(
        26,
        "Servers have tags, and can be listed by them.",
        "tags",
        reply_fields=in_servers("tags"),
    ),
    row(27, "The version is also asked for by the header OpenStack-API-Version."),
    row(
        28,
        "A hypervisor's cpu_info is an object.",
        downgrade=dict.fromkeys(
            ("show_hypervisor", "list_hypervisors_detail"), shapes.cpu_info_as_text
        ),
    ),
    row(29, "Evacuating to a named host is checked.", "evacuate-checks-host"),
    row(30, "Live migration to a named host is checked (not served)."),
    row(31, "Console tokens of every kind can be read.", "console-tokens"),
    row(
        32,
        "Network cards and disks of a new server can have a tag.",
        request_fields={
            "create_server": ("server.networks[].tag", "server.block_device_mapping_v2[].tag")
        },
    ),
    row(
        33,
        "Hypervisors are paged; disks can have no tag until 2.42.",
        "hypervisor-paging",
        upgrade={"create_server": shapes.keep_disk_tags},
    ),
    row(34, "Checks before a live migration are actions (not served)."),
    row(35, "Key pairs are paged.", "keypair-paging"),
    row(
        36,
        "What belongs to network, image and volume services is gone: security groups, floating "
        "IPs, their limits and quotas.",
        "no-network-quotas",
    ),
    row(
        37,
        "Networks of a new server must be named, or be auto or none; network cards can have no "
        "tag until 2.42.",
        upgrade={"create_server": shapes.default_networks},
    ),
    row(38, "Filtering by a status that does not exist is refused.", "strict-status"),
    row(
        39,
        "Limits of image metadata are gone.",
        downgrade={"show_limits": shapes.add_image_limits},
    ),
    row(40, "Usage of projects is paged.", "usage-paging"),
    row(41, "Aggregates have a UUID.", reply_fields=in_aggregates("uuid")),
    row(
        42,
        "Network cards and disks of a new server can have a tag again.",
        upgrade={"create_server": shapes.restore_tags},
    ),
    row(43, "os-hosts is gone."),
    row(44, "Actions on fixed and floating addresses are gone."),
    row(
        45,
        "Creating an image answers its id in the body, not in Location.",
        "image-id-in-body",
    ),
    row(46, "Every reply has x-openstack-request-id."),
    row(
        47,
        "A server shows the flavor it was made of, not a link.",
        "embedded-flavor",
    ),
    row(48, "Diagnostics have names of their own.", "structured-diagnostics"),
    row(
        49,
        "A volume or network card can be attached with a tag.",
        request_fields={
            "create_volume_attachment": ("volumeAttachment.tag",),
            "create_interface": ("interfaceAttachment.tag",),
        },
    ),
    row(
        50,
        "Quota classes lose what was of networks and gain server groups.",
        "new-quota-classes",
    ),
)
