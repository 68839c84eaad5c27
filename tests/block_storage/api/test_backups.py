"""Conversations about backups."""

from cloud import Cloud
from fake_host import FakeAgent
from pilvi.host_api.contract import Kind
from volume_talk import call, make, message, wait


async def test_a_backup_is_made_restored_and_deleted(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=2, metadata={"a": "b"})
    saved = await make(cloud, "/backups", "backup", volume_id=volume["id"], name="b")
    assert (saved["status"], saved["size"], saved["is_incremental"]) == ("available", 2, False)
    path = f"/backups/{saved['id']}"
    restored = (await call(cloud, "POST", f"{path}/restore", {"restore": {}})).json()["restore"]
    copy = await wait(cloud, f"/volumes/{restored['volume_id']}", "volume")
    assert (copy["status"], copy["size"], copy["metadata"]) == ("available", 2, {"a": "b"})
    assert (await wait(cloud, path, "backup"))["status"] == "available"
    body = {"restore": {"volume_id": volume["id"]}}
    assert (await call(cloud, "POST", f"{path}/restore", body)).status_code == 202
    assert (await wait(cloud, f"/volumes/{volume['id']}", "volume"))["status"] == "available"
    assert (await call(cloud, "DELETE", f"/volumes/{volume['id']}")).status_code == 202
    assert (await call(cloud, "DELETE", path)).status_code == 202
    assert await wait(cloud, path, "backup") is None
    await cloud.settle()
    assert agent.holds(Kind.BACKUP) == []


async def test_incremental_backups_depend_on_their_parent(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    fields = {"volume_id": volume["id"], "incremental": True}
    body = {"backup": fields}
    assert "make a full one" in message(
        await call(cloud, "POST", "/backups", body), 400, "badRequest"
    )
    full = await make(cloud, "/backups", "backup", volume_id=volume["id"])
    part = await make(cloud, "/backups", "backup", **fields)
    assert part["is_incremental"] and not part["has_dependent_backups"]
    shown = (await call(cloud, "GET", f"/backups/{full['id']}")).json()["backup"]
    assert shown["has_dependent_backups"]
    message(await call(cloud, "DELETE", f"/backups/{full['id']}"), 400, "badRequest")
    for one in (part, full):
        assert (await call(cloud, "DELETE", f"/backups/{one['id']}")).status_code == 202
        assert await wait(cloud, f"/backups/{one['id']}", "backup") is None


async def test_a_backup_of_a_volume_in_use_needs_force(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    body = {"os-attach": {"instance_uuid": "s", "mountpoint": "/dev/vdc"}}
    await call(cloud, "POST", f"/volumes/{volume['id']}/action", body)
    wanted = {"backup": {"volume_id": volume["id"]}}
    message(await call(cloud, "POST", "/backups", wanted), 400, "badRequest")
    await make(cloud, "/backups", "backup", volume_id=volume["id"], force=True)
    assert (await wait(cloud, f"/volumes/{volume['id']}", "volume"))["status"] == "in-use"


async def test_a_record_is_exported_and_taken_in(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    saved = await make(cloud, "/backups", "backup", volume_id=volume["id"])
    path = f"/backups/{saved['id']}/export_record"
    message(await call(cloud, "GET", path), 403, "forbidden")
    record = (await call(cloud, "GET", path, user="admin")).json()
    again = await call(cloud, "POST", "/backups/import_record", record, user="admin")
    message(again, 409, "conflictingRequest")
    garbage = {"backup-record": {**record["backup-record"], "backup_url": "e30="}}
    reply = await call(cloud, "POST", "/backups/import_record", garbage, user="admin")
    message(reply, 400, "badRequest")
    async with cloud.db.write() as tx:
        from pilvi.block_storage.store.backups import delete_backup

        await delete_backup(tx, saved["id"])
    reply = await call(cloud, "POST", "/backups/import_record", record, user="admin")
    assert reply.status_code == 201
    taken = await wait(cloud, f"/backups/{saved['id']}", "backup", "admin")
    assert taken["status"] == "available"
