"""Conversations about servers whose host is down."""

import asyncio
import datetime
from typing import Any

import msgspec
import pytest

from compute.servers import ComputeCloud, until
from fake_host import FakeAgent, running_agent
from pilvi.core.db import now
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import Power
from pilvi.host_api.volumes import VolumeSpec
from pilvi.hosts.store.hosts import update_host


async def force_down(compute: ComputeCloud, host: str, is_down: bool) -> None:
    await change_service(compute, host, {"forced_down": is_down})


async def change_service(compute: ComputeCloud, host: str, body: dict[str, Any]) -> None:
    services = (await compute.call("GET", "/os-services", user="admin")).json()["services"]
    id = next(one["id"] for one in services if one["host"] == host)
    reply = await compute.call("PUT", f"/os-services/{id}", body, user="admin")
    assert reply.status_code == 200, reply.text


async def fall_silent(compute: ComputeCloud, agent: FakeAgent | None = None) -> None:
    """A host, or the first, is not heard any more, for longer than its lease."""
    agent = agent or compute.agent
    agent.silent |= set(Kind)
    async with compute.cloud.db.write() as tx:
        long_ago = now() - datetime.timedelta(hours=1)
        await update_host(tx, agent.host.id, seen_at=long_ago)


async def migrations(compute: ComputeCloud) -> list[dict[str, Any]]:
    reply = await compute.call("GET", "/os-migrations", user="admin")
    found: list[dict[str, Any]] = reply.json()["migrations"]
    return found


async def test_a_server_is_built_anew_where_a_host_is_up(compute: ComputeCloud) -> None:
    id = await compute.active()
    addresses = (await compute.show(id))["addresses"]
    alive = await compute.act(id, "evacuate", {}, user="admin")
    assert alive.status_code == 400
    assert "still in use" in alive.json()["badRequest"]["message"]
    async with running_agent(compute.cloud, "host2") as other:
        # A host that is down answers nothing, also when it is told to let go.
        await fall_silent(compute)
        await force_down(compute, "host1", True)
        assert (await compute.act(id, "evacuate", {})).status_code == 403
        for body in ({"host": "nobody"}, {"onSharedStorage": False}, {"force": True}):
            refused = await compute.act(id, "evacuate", body, user="admin")
            assert refused.status_code == 400, body
        reply = await compute.act(id, "evacuate", {"host": "host2"}, user="admin")
        assert (reply.status_code, reply.content) == (200, b"")
        await compute.wait(id, "SHUTOFF")
        assert other.vm(id).power is Power.STOPPED
        assert (await compute.act(id, "os-start")).status_code == 202
        shown = await compute.wait(id, "ACTIVE")
        assert other.vm(id).power is Power.RUNNING
        assert shown["addresses"] == addresses
        port = other.holds(Kind.PORT)
        assert len(port) == 1
        assert (await compute.show(id, user="admin"))["OS-EXT-SRV-ATTR:host"] == "host2"
        record = (await migrations(compute))[0]
        assert (record["migration_type"], record["status"]) == ("evacuation", "done")
        assert (record["source_compute"], record["dest_compute"]) == ("host1", "host2")
        # Back again, the host gives up what it still holds, and nothing else changes.
        assert compute.agent.holds(Kind.VM) == [id]
        compute.agent.silent.clear()
        await force_down(compute, "host1", False)
        await until(lambda: compute.agent.holds(Kind.VM) == compute.agent.holds(Kind.PORT) == [])
        await compute.cloud.settle()
        assert other.holds(Kind.VM) == [id]
        assert other.holds(Kind.PORT) == port
        await compute.delete(id)
        assert other.holds(Kind.VM) == other.holds(Kind.PORT) == []


async def test_an_older_evacuation_keeps_running_and_shows_a_password(
    compute: ComputeCloud,
) -> None:
    id = await compute.active()
    async with running_agent(compute.cloud, "host2") as other:
        await fall_silent(compute)
        await force_down(compute, "host1", True)
        unsaid = await compute.act(id, "evacuate", {}, user="admin", version="2.13")
        assert unsaid.status_code == 400
        shared = {"onSharedStorage": True}
        reply = await compute.act(id, "evacuate", shared, user="admin", version="2.13")
        assert reply.status_code == 501
        body = {"onSharedStorage": False, "adminPass": "secret"}
        reply = await compute.act(id, "evacuate", body, user="admin", version="2.13")
        assert reply.json() == {"adminPass": "secret"}
        await compute.wait(id, "ACTIVE")
        assert other.vm(id).power is Power.RUNNING
        # It may go while the host that is down still holds a trace of it.
        await compute.delete(id)
        compute.agent.silent.clear()
        await force_down(compute, "host1", False)
        async with asyncio.timeout(10):
            while compute.agent.holds(Kind.VM):  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.01)


@pytest.mark.edge("compute", "2.14", "2.29", "2.68", "2.95")
async def test_what_may_be_asked_changes_with_the_version(compute: ComputeCloud) -> None:
    ids = [await compute.active(name=name) for name in ("one", "two", "three")]
    async with running_agent(compute.cloud, "host2") as other:
        await fall_silent(compute)
        await force_down(compute, "host1", True)

        async def ask(version: str, **body: Any) -> int:
            reply = await compute.act(ids[0], "evacuate", body, user="admin", version=version)
            return reply.status_code

        # Storage must be spoken of before 2.14 and may not be from then on.
        assert [await ask("2.13"), await ask("2.14", onSharedStorage=False)] == [400, 400]
        # Force comes with 2.29, where it is refused as not served, and goes with 2.68.
        assert await ask("2.28", force=True) == 400
        assert await ask("2.29", force=True) == await ask("2.67", force=True) == 501
        assert await ask("2.68", force=True) == 400
        for id, version in zip(ids, ("2.14", "2.94", "2.95"), strict=True):
            reply = await compute.act(id, "evacuate", {}, user="admin", version=version)
            assert reply.status_code == 200, reply.text
        for id, status in zip(ids, ("ACTIVE", "ACTIVE", "SHUTOFF"), strict=True):
            await compute.wait(id, status)
            assert (other.vm(id).power is Power.RUNNING) == (status == "ACTIVE")


async def test_without_room_it_stays_and_a_volume_must_not_be_lost(compute: ComputeCloud) -> None:
    id, volume = await compute.active(), await compute.create_volume()
    await compute.call(
        "POST", f"/servers/{id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume}}
    )
    await compute.volume_is(volume, "in-use")
    plain = await compute.active(name="plain")
    async with running_agent(compute.cloud, "host2"):
        await fall_silent(compute)
        await force_down(compute, "host1", True)
        lost = await compute.act(id, "evacuate", {}, user="admin")
        assert lost.status_code == 409
        assert volume in lost.json()["conflictingRequest"]["message"]
        await change_service(compute, "host2", {"status": "disabled"})
        assert (await compute.act(plain, "evacuate", {}, user="admin")).status_code == 200
        shown = await compute.wait(plain, "ERROR")
        assert shown["fault"]["code"] == 500
        assert (await migrations(compute))[0]["status"] == "error"


async def test_a_host_that_answers_after_all_lets_go_first(compute: ComputeCloud) -> None:
    id = await compute.active()
    async with running_agent(compute.cloud, "host2") as other:
        # An admin says that it is down, and it is heard.
        compute.agent.silent.add(Kind.VM)
        await compute.agent.host.report()
        await force_down(compute, "host1", True)
        assert (await compute.act(id, "evacuate", {}, user="admin")).status_code == 200
        await asyncio.sleep(0.5)
        assert other.holds(Kind.VM) == []
        assert compute.agent.holds(Kind.VM) == [id]
        compute.agent.silent.clear()
        await until(lambda: other.holds(Kind.VM) == [id])
        assert compute.agent.holds(Kind.VM) == []


async def test_a_host_that_is_down_is_shut_out_from_volumes(compute: ComputeCloud) -> None:
    async with running_agent(compute.cloud, "host2") as other:
        volume = await compute.create_volume()
        keeper = other if other.holds(Kind.VOLUME) else compute.agent
        away = compute.agent if keeper is other else other
        name = keeper.host.host.name
        await change_service(compute, name, {"status": "disabled"})
        id = await compute.active()
        await change_service(compute, name, {"status": "enabled"})
        body = {"volumeAttachment": {"volumeId": volume}}
        await compute.call("POST", f"/servers/{id}/os-volume_attachments", body)
        await compute.volume_is(volume, "in-use")
        before = away.vm(id).volumes[0]
        await fall_silent(compute, away)
        await force_down(compute, away.host.host.name, True)
        assert (await compute.act(id, "evacuate", {}, user="admin")).status_code == 200
        await compute.wait(id, "SHUTOFF")
        after = keeper.vm(id).volumes[0]
        assert (after.volume_id, after.device) == (before.volume_id, before.device)
        assert after.username != before.username and after.password != before.password
        spec = msgspec.json.decode(keeper.held[Kind.VOLUME, volume].spec, type=VolumeSpec)
        assert [(e.username, e.password) for e in spec.exports] == [
            (after.username, after.password)
        ]
        await compute.volume_is(volume, "in-use")
