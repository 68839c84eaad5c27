"""Conversations about what a running guest uses, and what local disks hold."""

import datetime

import msgspec
import pytest

from compute.servers import ComputeCloud
from fake_host import FakeAgent, running_agent
from fake_hosts import add_host
from pilvi.core.db import now
from pilvi.host_api.contract import GuestCounts, Kind, Observation, Report
from pilvi.hosts.operations.hosts import get_host, record_report


@pytest.mark.edge("compute", "2.48")
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


async def test_disks_of_all_servers_are_one_list(compute: ComputeCloud) -> None:
    compute.agent.disk_bytes = {"vda": 5 << 20, "vdb": 1024}
    ids = [await compute.active(name=name) for name in ("a", "b")]
    path = "/pilvi-disks?sort_key=created_at&sort_dir=asc"
    told = (await compute.call("GET", path)).json()["servers"]
    assert [one["id"] for one in told] == ids
    disks = [{"device": "vda", "used_bytes": 5 << 20}, {"device": "vdb", "used_bytes": 1024}]
    assert [one["disks"] for one in told] == [disks, disks]
    first = (await compute.call("GET", f"{path}&limit=1")).json()
    assert [one["id"] for one in first["servers"]] == ids[:1]
    link = first["servers_links"][0]["href"]
    rest = await compute.cloud.call("GET", link.removeprefix("http://cloud.test"))
    assert [one["id"] for one in rest.json()["servers"]] == ids[1:]


async def test_disks_are_told_of_ones_own_servers_only(compute: ComputeCloud) -> None:
    compute.agent.disk_bytes = {"vda": 5 << 20}
    id = await compute.active()
    path = "/pilvi-disks"
    assert (await compute.call("GET", path, user="admin")).json()["servers"] == []
    everybodys = (await compute.call("GET", f"{path}?all_tenants=1", user="admin")).json()
    assert [one["id"] for one in everybodys["servers"]] == [id]
    assert (await compute.call("GET", f"{path}?all_tenants=1")).status_code == 403


async def test_what_nobody_can_read_hides_no_other_servers_disks(compute: ComputeCloud) -> None:
    compute.agent.disk_bytes = {"vda": 5 << 20}
    ids = [await compute.active(name=name) for name in ("a", "b")]
    async with compute.cloud.db.write() as tx:
        host = await get_host(tx, compute.agent.host.id)
        strange = Observation(
            kind=Kind.VM,
            id=ids[0],
            generation=1,
            present=True,
            settled=True,
            seen=msgspec.Raw(b'"rubbish"'),
        )
        await record_report(tx, host, Report(facts=host.facts, observations=[strange]))
    reply = await compute.call("GET", "/pilvi-disks?all_tenants=1", user="admin")
    assert reply.status_code == 200, reply.text
    reply_of_one = await compute.call("GET", f"/servers/{ids[0]}/diagnostics", user="admin")
    assert reply_of_one.status_code == 409
    told = {one["id"]: one["disks"] for one in reply.json()["servers"]}
    assert told == {ids[0]: [], ids[1]: [{"device": "vda", "used_bytes": 5 << 20}]}


async def test_a_server_without_a_host_has_no_disks(compute: ComputeCloud) -> None:
    id = await compute.create(flavorRef="5")
    await compute.wait(id, "ERROR")
    told = (await compute.call("GET", "/pilvi-disks")).json()
    assert told["servers"] == [{"id": id, "disks": []}]


async def tell_usage(compute: ComputeCloud, host_id: str, id: str, cpu_s: float) -> None:
    """Let a host say what a guest has used."""
    async with compute.cloud.db.write() as tx:
        host = await get_host(tx, host_id)
        counts = [GuestCounts(server_id=id, cpu_s=cpu_s, sent_bytes=7)]
        await record_report(tx, host, Report(facts=host.facts, counts=counts), 3600)


async def show_usage(compute: ComputeCloud, id: str) -> dict[str, object]:
    reply = await compute.call("GET", f"/servers/{id}/pilvi-usage")
    assert reply.status_code == 200, reply.text
    usage: dict[str, object] = reply.json()["usage"]
    return usage


async def test_what_a_guest_uses_is_told_by_its_own_host_alone(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert set((await show_usage(compute, id)).values()) == {None}
    other = FakeAgent(compute.cloud, await add_host(compute.cloud.db, "other"))
    await tell_usage(compute, other.host.id, id, 99.0)
    assert (await show_usage(compute, id))["cpu_s"] is None
    await tell_usage(compute, compute.agent.host.id, id, 1.5)
    usage = await show_usage(compute, id)
    assert usage["measured_at"] is not None
    assert (usage["cpu_s"], usage["sent_bytes"], usage["read_bytes"]) == (1.5, 7, None)


async def list_history(compute: ComputeCloud, id: str) -> list[dict[str, object]]:
    reply = await compute.call("GET", f"/servers/{id}/pilvi-usage/history")
    assert reply.status_code == 200, reply.text
    usages: list[dict[str, object]] = reply.json()["usages"]
    return usages


async def test_what_a_guest_used_is_told_minute_by_minute(
    compute: ComputeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, began = await compute.active(), now().replace(second=0)
    assert await list_history(compute, id) == []
    other = FakeAgent(compute.cloud, await add_host(compute.cloud.db, "other"))
    for second in (0, 10, 70, 130):
        moment = began + datetime.timedelta(seconds=second)
        monkeypatch.setattr("pilvi.hosts.operations.hosts.now", lambda moment=moment: moment)
        await tell_usage(compute, other.host.id, id, 99.0)
        await tell_usage(compute, compute.agent.host.id, id, float(second))
    usages = await list_history(compute, id)
    assert [one["cpu_s"] for one in usages] == [0, 70, 130]
    assert usages[-1] == await show_usage(compute, id)


async def test_a_server_that_moves_is_on_two_hosts_and_told_of_by_one(
    compute: ComputeCloud,
) -> None:
    id = await compute.active()
    async with running_agent(compute.cloud, "other"):
        compute.agent.silent.add(Kind.VM)
        assert (await compute.act(id, "migrate", user="admin")).status_code == 202
        for path in ("pilvi-usage", "pilvi-usage/history", "diagnostics"):
            reply = await compute.call("GET", f"/servers/{id}/{path}", user="admin")
            assert reply.status_code in (200, 409), reply.text
        compute.agent.silent.clear()
        await compute.wait(id, "VERIFY_RESIZE")
        for path in ("pilvi-usage", "diagnostics"):
            reply = await compute.call("GET", f"/servers/{id}/{path}", user="admin")
            assert reply.status_code == 200, reply.text
