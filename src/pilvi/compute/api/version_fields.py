"""Short ways to say in which replies a field is, for the rows of the versions. Pure."""

from typing import Any

from pilvi.core.http import Version

SERVER_REPLIES = ("show_server", "update_server", "rebuild_server")
LIST = "list_servers_detail"
FLAVORS = ("show_flavor", "create_flavor", "update_flavor")
SERVER_GROUPS = ("create_server_group", "show_server_group")
_AGGREGATES = (
    "create_aggregate",
    "show_aggregate",
    "update_aggregate",
    "add_aggregate_host",
    "remove_aggregate_host",
    "set_aggregate_metadata",
)


def in_servers(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a server in every reply that shows one."""
    shown = dict.fromkeys(SERVER_REPLIES, tuple(f"server.{name}" for name in names))
    return {**shown, LIST: tuple(f"servers[].{name}" for name in names)}


def in_flavors(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a flavor in every reply that shows one whole."""
    shown = dict.fromkeys(FLAVORS, tuple(f"flavor.{name}" for name in names))
    return {**shown, "list_flavors_detail": tuple(f"flavors[].{name}" for name in names)}


def in_server_groups(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a server group in every reply that shows one."""
    shown = dict.fromkeys(SERVER_GROUPS, tuple(f"server_group.{name}" for name in names))
    return {**shown, "list_server_groups": tuple(f"server_groups[].{name}" for name in names)}


def in_aggregates(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of an aggregate in every reply that shows one."""
    shown = dict.fromkeys(_AGGREGATES, tuple(f"aggregate.{name}" for name in names))
    return {**shown, "list_aggregates": tuple(f"aggregates[].{name}" for name in names)}


def in_attachments(*names: str) -> dict[str, tuple[str, ...]]:
    """Fields of a volume attachment in every reply that shows one."""
    one = tuple(f"volumeAttachment.{name}" for name in names)
    return {
        "create_volume_attachment": one,
        "show_volume_attachment": one,
        "list_volume_attachments": tuple(f"volumeAttachments[].{name}" for name in names),
    }


def row(minor: int, sentence: str, *flags: str, **changes: Any) -> Version:
    return Version(number=(2, minor), sentence=sentence, flags=frozenset(flags), **changes)
