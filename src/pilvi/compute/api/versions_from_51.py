"""The microversions from 2.51 on."""

from pilvi.compute.api import version_shapes as shapes
from pilvi.compute.api.version_fields import (
    FLAVORS,
    SERVER_GROUPS,
    SERVER_REPLIES,
    in_attachments,
    in_flavors,
    in_servers,
    row,
)

ROWS = (
    row(
        51,
        "Everybody sees the events of an action; where they happened, admins only.",
        "events-for-all",
    ),
    row(
        52,
        "A new server can have tags.",
        request_fields={"create_server": ("server.tags",)},
    ),
    row(
        53,
        "Hypervisors and services are known by UUID; servers of a hypervisor by a query.",
        "host-uuids",
    ),
    row(
        54,
        "A rebuild can change the key pair, and shows it.",
        request_fields={"rebuild_server": ("rebuild.key_name",)},
        reply_fields={"rebuild_server": ("server.key_name",)},
    ),
    row(
        55,
        "Flavors have a description, which can be changed.",
        request_fields={"create_flavor": ("flavor.description",)},
        reply_fields={
            **in_flavors("description"),
            "list_flavors": ("flavors[].description",),
        },
    ),
    row(
        56,
        "A cold migration can name its host.",
        request_fields={"migrate_server": ("migrate.host",)},
    ),
    row(
        57,
        "Files can no longer be put into servers, and their limits and quotas are gone; a rebuild "
        "can change the user data.",
        "no-file-quotas",
        request_fields={"rebuild_server": ("rebuild.user_data",)},
        reply_fields={"rebuild_server": ("server.user_data",)},
        upgrade={
            "create_server": shapes.refuse_personality,
            "rebuild_server": shapes.refuse_rebuild_personality,
        },
    ),
    row(
        58,
        "Actions are paged, and say when they were updated.",
        "action-paging",
        reply_fields={
            "list_instance_actions": ("instanceActions[].updated_at",),
            "show_instance_action": ("instanceAction.updated_at",),
        },
    ),
    row(
        59,
        "Migrations are paged, can be listed by when they changed, and have a UUID.",
        "migration-paging",
        reply_fields={"list_migrations": ("migrations[].uuid",)},
    ),
    row(60, "One volume can be attached to several servers (no volume here allows it)."),
    row(
        61,
        "Flavors show their extra specs.",
        reply_fields=in_flavors("extra_specs"),
    ),
    row(
        62,
        "Events of actions say their host: its name to admins, a hash to others.",
        reply_fields={
            "show_instance_action": (
                "instanceAction.events[].host",
                "instanceAction.events[].hostId",
            )
        },
    ),
    row(
        63,
        "Images can be checked against trusted certificates (not served: always null).",
        request_fields={
            "create_server": ("server.trusted_image_certificates",),
            "rebuild_server": ("rebuild.trusted_image_certificates",),
        },
        reply_fields=in_servers("trusted_image_certificates"),
    ),
    row(
        64,
        "Server groups have one policy, and rules for it.",
        request_fields={"create_server_group": ("server_group.policy", "server_group.rules")},
        upgrade={"create_server_group": shapes.one_policy},
        downgrade=dict.fromkeys((*SERVER_GROUPS, "list_server_groups"), shapes.listed_policy),
    ),
    row(65, "A queued live migration can be cancelled (not served)."),
    row(66, "Servers and actions can be listed by changes-before.", "changes-before"),
    row(
        67,
        "A disk of a new server can name its volume type.",
        request_fields={"create_server": ("server.block_device_mapping_v2[].volume_type",)},
    ),
    row(68, "Live migration and evacuation cannot be forced.", "evacuate-unforced"),
    row(69, "What a cell that is down hides is marked (there are no cells)."),
    row(
        70,
        "Attachments of volumes and network cards say their tag.",
        reply_fields={
            **in_attachments("tag"),
            "show_interface": ("interfaceAttachment.tag",),
            "create_interface": ("interfaceAttachment.tag",),
            "list_interfaces": ("interfaceAttachments[].tag",),
        },
    ),
    row(
        71,
        "Servers say their server groups.",
        reply_fields=dict.fromkeys(SERVER_REPLIES, ("server.server_groups",)),
    ),
    row(72, "Ports that ask for bandwidth can be used (none here do)."),
    row(
        73,
        "Locking can give a reason; servers can be listed by whether they are locked.",
        "locked-filter",
        "lock-reason",
        reply_fields=in_servers("locked_reason"),
    ),
    row(
        74,
        "Admins choose the host of a new server by its name.",
        request_fields={"create_server": ("server.host", "server.hypervisor_hostname")},
    ),
    row(
        75,
        "Unknown query parameters are refused; changing a server answers all of it; swap is a "
        "number.",
        "strict-query",
        downgrade={
            "update_server": shapes.brief_update,
            "rebuild_server": shapes.brief_rebuild,
            "list_flavors_detail": shapes.blank_swaps,
            **dict.fromkeys(FLAVORS, shapes.blank_swap),
        },
    ),
    row(76, "Hosts can report a power change from outside (not served)."),
    row(
        77,
        "Unshelving can choose an availability zone.",
        "unshelve-zone",
    ),
    row(78, "The NUMA topology of a server can be read (none here has one)."),
    row(
        79,
        "Volumes can be attached so that they go with the server.",
        request_fields={"create_volume_attachment": ("volumeAttachment.delete_on_termination",)},
        reply_fields=in_attachments("delete_on_termination"),
    ),
    row(
        80,
        "Migrations say their user and project, and can be listed by them.",
        "migration-owner",
        reply_fields={"list_migrations": ("migrations[].user_id", "migrations[].project_id")},
    ),
    row(81, "Images can be sent to the hosts of an aggregate (not served)."),
    row(82, "Accelerators report that they are bound (not served)."),
    row(83, "Anybody may filter servers by zone, key, state and user.", "more-filters"),
    row(
        84,
        "Events of failed actions have details, for admins.",
        reply_fields={"show_instance_action": ("instanceAction.events[].details",)},
    ),
    row(
        85,
        "Whether an attached volume goes with the server can be changed.",
        request_fields={"update_volume_attachment": ("volumeAttachment.delete_on_termination",)},
    ),
    row(86, "Extra specs of known names are checked.", "checked-extra-specs"),
    row(
        87,
        "Servers that boot from a volume can be rescued.",
        "rescue-volume-backed",
    ),
    row(
        88,
        "Hypervisors show no more sums of what is used: placement knows.",
        "no-usage-sums",
    ),
    row(
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
    row(
        90,
        "A server's host name can be chosen and changed, and everybody sees it.",
        "hostname-for-all",
        request_fields={
            "create_server": ("server.hostname",),
            "update_server": ("server.hostname",),
            "rebuild_server": ("rebuild.hostname",),
        },
    ),
    row(
        91,
        "Unshelving can choose a host, or give its zone up.",
        "unshelve-host",
    ),
    row(
        92,
        "Key pairs are only imported; their names may hold '@' and '.'.",
        "import-only",
        "wide-keypair-names",
    ),
    row(
        93,
        "Servers that boot from a volume can be rebuilt: an image is written to the volume.",
        "rebuild-volume-backed",
    ),
    row(94, "A server's host name can be a full domain name.", "domain-hostname"),
    row(95, "Evacuated servers stay stopped.", "evacuated-stays-off"),
    row(
        96,
        "Servers say to which availability zone they were asked.",
        reply_fields=in_servers("pinned_availability_zone"),
    ),
    row(97, "Shares can be attached to servers (there is no share service here)."),
    row(
        98,
        "Servers show the properties of their image.",
        reply_fields=in_servers("image.properties"),
    ),
    row(
        99,
        "Console tokens show a port for TLS; remote consoles may be spice-direct (not served).",
        reply_fields={"show_console_token": ("console.tls_port",)},
    ),
    row(
        100,
        "Servers show the scheduler hints they were created with.",
        reply_fields=in_servers("scheduler_hints"),
    ),
    row(101, "Attaching a volume answers 202 without a body.", "attach-accepted"),
    row(
        102,
        "Flavors have no rxtx_factor and are never disabled; they can be listed by name.",
        "brief-flavors",
    ),
    row(103, "The paths below os-volumes_boot are gone."),
    row(
        104,
        "The availability zone that a server is kept in can be given up, or taken again.",
        request_fields={"update_server": ("server.pinned_availability_zone",)},
    ),
)
