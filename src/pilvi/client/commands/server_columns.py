"""What is shown of a server, and the names of its image and flavor."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pilvi.client.columns import (
    Column,
    dicts,
    lists,
    lists_of_dicts,
    words_of_dict,
    words_of_dict_of_lists,
)
from pilvi.client.command import Record, Thing
from pilvi.client.finding import IMAGE
from pilvi.client.session import Session
from pilvi.errors import PilviError

FROM_VOLUME = "N/A (booted from volume)"
POWER_STATES = ("NOSTATE", "Running", "", "Paused", "Shutdown", "", "Crashed", "Suspended")


def _power_words(state: Any) -> str:
    is_known = isinstance(state, int) and 0 <= state < len(POWER_STATES)
    return POWER_STATES[state] if is_known else "N/A"


def _addresses(server: Mapping[str, Any]) -> dict[str, list[str]]:
    found = server.get("addresses") or {}
    return {name: [one["addr"] for one in some if "addr" in one] for name, some in found.items()}


def _flavor(server: Mapping[str, Any]) -> dict[str, Any]:
    """The flavor as it was at launch; what the API leaves out is None."""
    flavor = server.get("flavor") or {}
    name = flavor.get("original_name")
    return {
        "name": name,
        "original_name": name,
        "description": flavor.get("description"),
        "disk": flavor.get("disk"),
        "is_public": True,
        "ram": flavor.get("ram"),
        "vcpus": flavor.get("vcpus"),
        "swap": flavor.get("swap"),
        "ephemeral": flavor.get("ephemeral"),
        "is_disabled": None,
        "rxtx_factor": None,
        "extra_specs": flavor.get("extra_specs"),
        "id": name,
        "location": None,
    }


def _host(server: Mapping[str, Any]) -> Any:
    return server.get("OS-EXT-SRV-ATTR:hypervisor_hostname")


NETWORKS = Column("Networks", _addresses, words_of_dict_of_lists)
FLAVOR = Column("Flavor", lambda server: (server.get("flavor") or {}).get("original_name"))
SHORT = (
    Column("ID", "id"),
    Column("Name", "name"),
    Column("Status", "status"),
    NETWORKS,
    Column("Image", "image_name"),
    FLAVOR,
)
LONG = (
    *SHORT[:3],
    Column("Task State", "OS-EXT-STS:task_state"),
    Column("Power State", "OS-EXT-STS:power_state", _power_words),
    NETWORKS,
    Column("Image Name", "image_name"),
    Column("Image ID", "image_id"),
    FLAVOR,
    Column("Availability Zone", "OS-EXT-AZ:availability_zone"),
    Column("Host", _host, lambda name: name or ""),
    dicts("Properties", "metadata"),
    Column("Pinned Availability Zone", "pinned_availability_zone"),
    Column(
        "Scheduler Hints",
        lambda server: dict(server.get("scheduler_hints") or {}),
        words_of_dict_of_lists,
    ),
)
HOST_STATUS = Column("Host Status", "host_status")
PROJECT_ID = Column("Project ID", "tenant_id")
ON_DEMAND = (
    PROJECT_ID,
    Column("User ID", "user_id"),
    Column("Created At", "created"),
    Column(
        "Security Groups",
        lambda server: [group["name"] for group in server.get("security_groups") or []],
        lambda names: ", ".join(sorted(names)),
    ),
    *(column for column in LONG if column not in SHORT),
    Column("Flavor ID", "flavor_id"),
)
"""Columns that are shown where they are named with -c."""

_ATTRIBUTES = tuple(
    Column(f"OS-EXT-SRV-ATTR:{name}")
    for name in (
        "host",
        "hostname",
        "hypervisor_hostname",
        "instance_name",
        "kernel_id",
        "launch_index",
        "ramdisk_id",
        "reservation_id",
        "root_device_name",
        "user_data",
    )
)
SHOW = (
    Column("OS-DCF:diskConfig"),
    Column("OS-EXT-AZ:availability_zone"),
    *_ATTRIBUTES,
    Column("OS-EXT-STS:power_state", "", _power_words),
    Column("OS-EXT-STS:task_state"),
    Column("OS-EXT-STS:vm_state"),
    Column("OS-SRV-USG:launched_at"),
    Column("OS-SRV-USG:terminated_at"),
    Column("accessIPv4"),
    Column("accessIPv6"),
    Column("addresses", _addresses, words_of_dict_of_lists),
    Column("config_drive"),
    Column("created"),
    Column("description"),
    Column("fault"),
    Column("flavor", _flavor, words_of_dict),
    Column("hostId"),
    Column("host_status"),
    Column("id"),
    Column("image", "image_words"),
    Column("key_name"),
    Column("locked"),
    Column("locked_reason"),
    Column("name"),
    Column("pinned_availability_zone"),
    Column("progress"),
    Column("project_id", "tenant_id"),
    dicts("properties", "metadata"),
    Column(
        "scheduler_hints",
        lambda server: dict(server.get("scheduler_hints") or {}),
        words_of_dict_of_lists,
    ),
    lists_of_dicts("security_groups"),
    Column("server_groups"),
    Column("status"),
    lists("tags"),
    Column("trusted_image_certificates"),
    Column("updated"),
    Column("user_id"),
    lists_of_dicts("volumes_attached", "os-extended-volumes:volumes_attached"),
)
_ONLY_IF_THERE = ("fault", "security_groups")


def record(session: Session, server: Thing) -> Record:
    """One server with its image's name; a password that came with it is left out."""
    image = server.get("image") or {}
    words = FROM_VOLUME
    if image.get("id"):
        words = str(image["id"])
        # An image that is deleted or hidden has its id shown.
        with suppress(PilviError):
            words = f"{IMAGE.get(session, words)['name']} ({words})"
    columns = [
        column
        for column in SHOW
        if column.name not in _ONLY_IF_THERE or server.get(column.name) is not None
    ]
    return Record(columns, {**server, "image_words": words})


def name_images(session: Session, servers: Sequence[Thing], *, lookup: bool) -> None:
    """Give each server the id and the name of its image."""
    ids = sorted({server["image"]["id"] for server in servers if server.get("image")})
    names: dict[str, str] = {}
    if lookup and ids:
        with suppress(PilviError):
            found = IMAGE.list(session, {"id": f"in:{','.join(ids)}", "limit": 1000})
            names = {image["id"]: image["name"] for image in found}
    for server in servers:
        id = (server.get("image") or {}).get("id") or FROM_VOLUME
        server["image_id"] = id
        server["image_name"] = id if not lookup or id == FROM_VOLUME else names.get(id, "")
