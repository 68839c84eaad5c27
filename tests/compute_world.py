"""Consoles, server groups, aggregates and other collections of compute, for every route's test."""

from typing import Any

from compute.servers import ComputeCloud

NOWHERE = "00000000-0000-4000-8000-000000000000"


def compute_admin_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that each operation accepts, by its name."""
    info = {"snapshot_id": NOWHERE, "type": "qcow2", "new_file": "f"}
    return {
        "create_remote_console": {"remote_console": {"protocol": "vnc", "type": "novnc"}},
        "get_vnc_console": {"type": "novnc"},
        "get_serial_console": {"type": "serial"},
        "create_server_group": {"server_group": {"name": "g", "policy": "anti-affinity"}},
        "create_aggregate": {"aggregate": {"name": "a", "availability_zone": "z"}},
        "update_aggregate": {"aggregate": {"name": "changed"}},
        "add_aggregate_host": {"host": ids["host"]},
        "remove_aggregate_host": {"host": ids["host"]},
        "set_aggregate_metadata": {"metadata": {"a": "changed"}},
        "refuse_aggregate_images": {"cache": [{"id": ids["image_id"]}]},
        "update_service_by_host": {"host": ids["host"], "binary": "nova-compute"},
        "update_compute_host": {"status": "disable"},
        "update_quota_class": {"quota_class_set": {"cores": 3}},
        "refuse_assisted_snapshot": {"snapshot": {"volume_id": NOWHERE, "create_info": info}},
    }


async def fill_compute(compute: ComputeCloud, ids: dict[str, str]) -> None:
    """Give project demo a server group, and the cloud an aggregate."""
    group = {"server_group": {"name": "secret-group", "policy": "soft-affinity"}}
    made = await compute.call("POST", "/os-server-groups", group)
    ids["server_group_id"] = made.json()["server_group"]["id"]
    aggregate = {"aggregate": {"name": "secret-aggregate"}}
    made = await compute.call("POST", "/os-aggregates", aggregate, user="admin")
    ids["aggregate"] = str(made.json()["aggregate"]["id"])
    path = f"/servers/{ids['server_id']}/remote-consoles"
    wanted = {"remote_console": {"protocol": "serial", "type": "serial"}}
    made = await compute.call("POST", path, wanted)
    ids["console_token"] = made.json()["remote_console"]["url"].partition("token=")[2]
    ids |= {"extension_alias": "os-hosts", "before": "2024-03-05 12:00:00"}
    ids |= {"domain": "d", "share_id": NOWHERE}
