"""Conversations about what a running guest uses."""

from compute.servers import ComputeCloud


async def test_admins_see_what_a_guest_uses_by_version(compute: ComputeCloud) -> None:
    id = await compute.active()
    path = f"/servers/{id}/diagnostics"
    assert (await compute.call("GET", path)).status_code == 403
    older = (await compute.call("GET", path, version="2.47", user="admin")).json()
    assert older["memory"] == 128 * 1024
    assert all(name == "memory" or name.endswith("_used_bytes") for name in older)
    newer = (await compute.call("GET", path, version="2.48", user="admin")).json()
    assert (newer["state"], newer["num_cpus"], newer["num_nics"]) == ("running", 1, 1)
    assert newer["memory_details"] == {"maximum": 128, "used": None}


async def test_a_stopped_server_has_none(compute: ComputeCloud) -> None:
    id = await compute.active()
    await compute.call("POST", f"/servers/{id}/action", {"os-stop": None})
    await compute.wait(id, "SHUTOFF")
    reply = await compute.call("GET", f"/servers/{id}/diagnostics", user="admin")
    assert reply.status_code == 409
