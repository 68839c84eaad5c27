"""Parts of the API that are gone, or that this cloud has no use for, say so."""

from cloud import Cloud
from compute.servers import ROOT, ComputeCloud
from pilvi.compute.api.gone import PATHS

NOWHERE = "00000000-0000-4000-8000-000000000000"


async def test_every_path_of_the_table_is_gone(seeded: Cloud) -> None:
    values = {"id": "1", "network_id": "1", "domain": "d", "server_id": NOWHERE}
    for path, methods in PATHS.items():
        for method in methods:
            reply = await seeded.call(method, ROOT + path.format_map(values), {})
            assert reply.status_code == 410, (method, path)
            assert reply.json()["computeFault"]["code"] == 410


async def test_bare_metal_and_shares_are_not_here(compute: ComputeCloud) -> None:
    async def status(method: str, path: str, version: str, user: str = "admin") -> int:
        return (await compute.call(method, path, version=version, user=user)).status_code

    assert await status("GET", "/os-baremetal-nodes", "2.35") == 501
    assert await status("POST", "/os-baremetal-nodes", "2.35") == 400
    assert await status("GET", "/os-baremetal-nodes", "2.36") == 404
    path = f"/servers/{await compute.active()}/shares"
    assert await status("GET", path, "2.97", "demo") == 501
    assert await status("POST", path, "2.97", "demo") == 501
    assert await status("GET", path, "2.96", "demo") == 404
    assert await status("GET", f"/servers/{NOWHERE}/shares", "2.97", "demo") == 404


async def test_old_clients_boot_from_volumes_by_another_path(compute: ComputeCloud) -> None:
    id = await compute.active()
    shown = await compute.call("GET", f"/os-volumes_boot/{id}", version="2.102")
    assert shown.json()["server"]["id"] == id
    stop = {"os-stop": None}
    reply = await compute.call("POST", f"/os-volumes_boot/{id}/action", stop, version="2.1")
    assert reply.status_code == 202
    await compute.wait(id, "SHUTOFF")
    gone = await compute.call("DELETE", f"/os-volumes_boot/{id}", version="2.102")
    assert gone.status_code == 204
    await compute.gone(id)
    assert (await compute.call("GET", "/os-volumes_boot", version="2.103")).status_code == 404


async def test_assisted_snapshots_are_refused(compute: ComputeCloud) -> None:
    path = "/os-assisted-volume-snapshots"
    info = {"snapshot_id": NOWHERE, "type": "qcow2", "new_file": "f"}
    body = {"snapshot": {"volume_id": NOWHERE, "create_info": info}}
    assert (await compute.call("POST", path, body)).status_code == 403
    assert (await compute.call("POST", path, body, user="admin")).status_code == 501
    bad = {"snapshot": {"volume_id": NOWHERE, "create_info": {**info, "type": "raw"}}}
    assert (await compute.call("POST", path, bad, user="admin")).status_code == 400
    for query, status in (
        ("", 400),
        ("?delete_info=x", 400),
        ("?delete_info={}", 400),
        ('?delete_info={"volume_id":"x"}', 501),
    ):
        reply = await compute.call("DELETE", f"{path}/{NOWHERE}{query}", user="admin")
        assert reply.status_code == status, query
