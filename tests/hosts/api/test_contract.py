"""The host contract as an agent sees it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from cloud import Cloud
from pilvi.host_api.contract import (
    ConsoleOutput,
    Desired,
    GuestPassword,
    HostFacts,
    Kind,
    Observation,
    Report,
)
from pilvi.host_api.holdings import Holding, HoldingKind, Holdings
from pilvi.host_api.vms import CaptureSpec
from pilvi.host_api.volumes import VolumeSpec
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations import assignments, audits, hosts

FACTS = HostFacts(
    hostname="h1",
    vcpus=2,
    memory_mib=1024,
    disk_gib=10,
    disk_free_gib=5,
    accelerator="tcg",
)


def _volume(id: str, size: int = 1) -> VolumeSpec:
    return VolumeSpec(volume_id=id, project_id="p", size_bytes=size << 30, exports=[])


class Agent:
    """Speaks the contract as one host."""

    def __init__(self, cloud: Cloud, host: Host, credential: str) -> None:
        self.cloud, self.host = cloud, host
        self.headers = {"authorization": f"Bearer {credential}"}

    async def desired(self, after: int = 0, wait: float = 0) -> Desired:
        path = f"/host/v1/desired?after={after}&wait={wait}"
        reply = await self.cloud.http.get(path, headers=self.headers)
        assert reply.status_code == 200, reply.text
        return msgspec.json.decode(reply.content, type=Desired)

    async def report(self, *observations: Observation, **fields: Any) -> None:
        report = Report(facts=FACTS, observations=list(observations), **fields)
        reply = await self.cloud.http.post(
            "/host/v1/report",
            content=msgspec.json.encode(report),
            headers={**self.headers, "content-type": "application/json"},
        )
        assert reply.status_code == 200, reply.text


@pytest.fixture
async def agent(cloud: Cloud) -> Agent:
    async with cloud.db.write() as tx:
        host = await hosts.enrol_host(tx, "h1", "secret-1")
    return Agent(cloud, host, "secret-1")


async def _assign(agent: Agent, id: str, size: int = 1) -> int:
    async with agent.cloud.db.write() as tx:
        owner = ("volume", id)
        spec = _volume(id, size)
        return await assignments.assign(tx, agent.host.id, Kind.VOLUME, id, spec, owner=owner)


async def test_credentials_are_asked_for(cloud: Cloud, agent: Agent) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic secret-1"}):
        reply = await cloud.http.get("/host/v1/desired", headers=headers)
        assert reply.status_code == 401


@pytest.mark.parametrize("path", ["report", "holdings"])
async def test_of_a_stranger_no_body_is_read_and_no_writer_waits(
    cloud: Cloud, agent: Agent, path: str
) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"{"

    async with cloud.db.write():
        for headers in ({}, {"authorization": "Bearer wrong"}):
            reply = await cloud.http.post(f"/host/v1/{path}", content=body(), headers=headers)
            assert reply.status_code == 401
    assert read == 0
    known = {**agent.headers, "content-type": "application/json"}
    reply = await cloud.http.post(f"/host/v1/{path}", content=body(), headers=known)
    assert (reply.status_code, read) == (400, 1)


async def test_a_zero_byte_in_a_guests_password_silences_no_host(agent: Agent) -> None:
    """Agents of the release before tell what guests posted as it is."""
    async with agent.cloud.db.write() as tx:
        for id in ("s", "t"):
            spec = CaptureSpec(image_id="i", server_id=id, device="vda", disk_format="qcow2")
            await assignments.assign(tx, agent.host.id, Kind.VM, id, spec, owner=("server", id))
    posted = [GuestPassword(server_id=id, password=text) for id, text in (("s", "\0"), ("t", "t"))]
    await agent.report(passwords=posted)
    async with agent.cloud.db.read() as tx:
        assert (await hosts.get_host(tx, agent.host.id)).seen_at is not None
        assert [await assignments.read_password(tx, id) for id in ("s", "t")] == ["", "t"]


@pytest.mark.parametrize(("run", "number"), [(-1, 1), (1, -1), (2**31, 1), (1, 2**63 - 1)])
async def test_numbers_of_reports_that_cannot_be_are_refused(
    agent: Agent, run: int, number: int
) -> None:
    report = Report(facts=FACTS, run=run, number=number)
    reply = await agent.cloud.http.post(
        "/host/v1/report",
        content=msgspec.json.encode(report),
        headers={**agent.headers, "content-type": "application/json"},
    )
    assert reply.status_code == 400
    async with agent.cloud.db.read() as tx:
        host = await hosts.get_host(tx, agent.host.id)
    assert (host.newest_report, host.seen_at) == ((0, 0), None)


async def test_a_strange_revision_is_refused(cloud: Cloud, agent: Agent) -> None:
    for text in ("inf", "nan", "-inf", "x"):
        reply = await cloud.http.get(f"/host/v1/desired?after={text}", headers=agent.headers)
        assert reply.status_code == 400


async def test_only_what_is_newer_and_the_same_wish_is_no_change(agent: Agent) -> None:
    assert await _assign(agent, "a") == 1
    first = await agent.desired()
    assert [(a.id, a.generation, a.present) for a in first.assignments] == [("a", 1, True)]
    assert await _assign(agent, "a") == 1
    assert (await agent.desired(first.revision)).assignments == []
    assert await _assign(agent, "a", size=2) == 2
    changed = (await agent.desired(first.revision)).assignments
    spec = msgspec.json.decode(changed[0].spec, type=VolumeSpec)
    assert (changed[0].generation, spec.size_bytes) == (2, 2 << 30)


async def test_another_host_sees_nothing_of_it(cloud: Cloud, agent: Agent) -> None:
    await _assign(agent, "a")
    async with cloud.db.write() as tx:
        other = Agent(cloud, await hosts.enrol_host(tx, "h2", "secret-2"), "secret-2")
    assert (await other.desired()).assignments == []
    seen = Observation(kind=Kind.VOLUME, id="a", generation=1, present=True, settled=True)
    await other.report(seen)
    async with cloud.db.read() as tx:
        held = await assignments.find_held(tx, Kind.VOLUME, "a")
    assert held is not None
    assert held.seen_generation is None


async def test_news_ends_a_long_poll(agent: Agent) -> None:
    await _assign(agent, "a")
    revision = (await agent.desired()).revision
    poll = asyncio.create_task(agent.desired(revision, wait=20))
    await asyncio.sleep(0.05)
    assert not poll.done()
    await _assign(agent, "b")
    async with asyncio.timeout(20):
        assert [a.id for a in (await poll).assignments] == ["b"]


async def test_a_withdrawn_object_stays_until_it_is_seen_gone(agent: Agent) -> None:
    await _assign(agent, "a")
    seen = Observation(kind=Kind.VOLUME, id="a", generation=1, present=True, settled=True)
    await agent.report(seen)
    async with agent.cloud.db.write() as tx:
        assert not await assignments.withdraw(tx, Kind.VOLUME, "a")
    withdrawn = (await agent.desired()).assignments[0]
    assert (withdrawn.present, withdrawn.generation) == (False, 2)
    stale = Observation(kind=Kind.VOLUME, id="a", generation=1, present=False, settled=True)
    await agent.report(stale)
    async with agent.cloud.db.write() as tx:
        assert not await assignments.withdraw(tx, Kind.VOLUME, "a")
    gone = Observation(kind=Kind.VOLUME, id="a", generation=2, present=False, settled=True)
    await agent.report(gone)
    await agent.report(gone)
    async with agent.cloud.db.write() as tx:
        assert await assignments.withdraw(tx, Kind.VOLUME, "a")


async def test_facts_and_lease(agent: Agent) -> None:
    await agent.report()
    async with agent.cloud.db.read() as tx:
        host = await hosts.get_host(tx, agent.host.id)
    assert host.facts == FACTS
    assert host.seen_at is not None
    assert host.is_alive(host.seen_at, 15)


async def test_console_output_of_a_vm_of_another_host_is_dropped(agent: Agent) -> None:
    await agent.report(consoles=[ConsoleOutput(server_id="s", start=0, data=b"forged")])
    async with agent.cloud.db.read() as tx:
        assert await assignments.read_console(tx, "s") == b""


async def test_console_output_is_joined_and_bounded(agent: Agent) -> None:
    async with agent.cloud.db.write() as tx:
        spec = CaptureSpec(image_id="i", server_id="s", device="vda", disk_format="qcow2")
        owner = ("server", "s")
        await assignments.assign(tx, agent.host.id, Kind.VM, "s", spec, owner=owner)
    pieces = [ConsoleOutput(server_id="s", start=0, data=b"hello ")]
    pieces.append(ConsoleOutput(server_id="s", start=6, data=b"\xffworld"))
    await agent.report(consoles=pieces)
    await agent.report(consoles=pieces[1:])
    async with agent.cloud.db.read() as tx:
        assert await assignments.read_console(tx, "s") == b"hello \xffworld"
    start = 12
    for _ in range(12):
        await agent.report(consoles=[ConsoleOutput(server_id="s", start=start, data=b"x" * 65536)])
        start += 65536
    async with agent.cloud.db.read() as tx:
        kept = await assignments.read_console(tx, "s")
    assert kept == b"x" * len(kept)
    assert 256 * 1024 <= len(kept) <= 256 * 1024 + 65536


async def test_an_audit_ends_the_wait_and_is_answered_with_what_is_there(agent: Agent) -> None:
    revision = (await agent.desired()).revision
    waiting = asyncio.create_task(agent.desired(revision, 10))
    await asyncio.sleep(0.05)
    async with agent.cloud.db.write() as tx:
        number = await audits.begin_audit(tx)
    news = await waiting
    assert news.audit == number and news.revision > revision
    listed = Holdings(audit=number, items=[Holding(kind=HoldingKind.TAP, name="tap1")])
    for credential, status in (("secret-1", 204), ("another's", 401), ("secret-1", 204)):
        reply = await agent.cloud.http.post(
            "/host/v1/holdings",
            content=msgspec.json.encode(listed),
            headers={
                "authorization": f"Bearer {credential}",
                "content-type": "application/json",
            },
        )
        assert reply.status_code == status
    assert (await agent.desired()).audit == 0
    async with agent.cloud.db.read() as tx:
        (seen,) = await audits.list_sightings(tx)
    assert seen.holdings == listed
