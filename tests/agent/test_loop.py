import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from fake_images import FakeImages
from host_server import HostServer, make_test_settings, until
from pilvi.agent.context import AgentContext
from pilvi.agent.facts import Abilities
from pilvi.agent.loop import Agent
from pilvi.agent.parts import AgentParts
from pilvi.agent.volumes.build import build_volume_reconcilers
from pilvi.agent.volumes.fake import FakeVolumeDriver
from pilvi.host_api.contract import ConsoleOutput, Kind
from pilvi.host_api.vms import (
    GuestDocuments,
    Power,
    RebootKind,
    VmSpec,
)
from pilvi.host_api.volumes import Export, VolumeSeen, VolumeSpec
from pilvi.settings import Settings


class Piece(msgspec.Struct, frozen=True):
    start: int
    data: bytes


class Consoles:
    """Guests' consoles as bytes."""

    def __init__(self) -> None:
        self.text: dict[str, bytes] = {}

    async def read_console(self, server_id: str, offset: int, limit: int) -> Piece:
        return Piece(offset, self.text.get(server_id, b"")[offset : offset + limit])


class Host:
    """A fake host: what outlives its agents."""

    def __init__(self, folder: Path) -> None:
        self.settings = make_test_settings(folder, host_lease_s=0.6)
        self.driver = FakeVolumeDriver()
        self.consoles = Consoles()
        self.may_start: Callable[[], bool] = lambda: False

    def build(self, context: AgentContext) -> AgentParts:
        self.may_start = context.may_start
        reconciler, *others = build_volume_reconcilers(context, self.driver, FakeImages())

        async def find_abilities() -> Abilities:
            return Abilities("tcg", "7.2", tuple(self.driver.capabilities))

        return AgentParts([reconciler, *others], self.consoles, find_abilities, [reconciler.watch])

    @asynccontextmanager
    async def agent(self, server: HostServer) -> AsyncIterator[Agent]:
        control_plane = server.connect(self.settings)
        agent = Agent(self.settings, control_plane, self.build)
        ready = asyncio.Event()
        task = asyncio.create_task(agent.run(ready.set))
        try:
            await ready.wait()
            yield agent
        finally:
            task.cancel()
            await asyncio.wait([task])
            await control_plane.close()
            if not task.cancelled():
                task.result()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def server() -> HostServer:
    return HostServer()


def volume(size: int = 1 << 30, *names: str) -> VolumeSpec:
    exports = [
        Export(attachment_id=name, iqn=f"iqn.x:{name}", lun=1, username=name, password="p" * 12)
        for name in names
    ]
    return VolumeSpec(volume_id="v1", project_id="p1", size_bytes=size, exports=exports)


def settled(server: HostServer) -> bool:
    return all(server.is_settled(*key) for key in server.assignments)


async def test_a_wish_is_made_so_and_told(host: Host, server: HostServer) -> None:
    async with host.agent(server):
        generation = server.assign(Kind.VOLUME, "v1", volume(1 << 30, "a1"))
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        seen = server.seen[(Kind.VOLUME, "v1")]
        assert (seen.generation, seen.present) == (generation, True)
        told = msgspec.json.decode(seen.seen, type=VolumeSeen)
        assert (told.size_bytes, told.exported) == (1 << 30, ["a1"])


async def test_what_is_gone_is_told_and_forgotten(host: Host, server: HostServer) -> None:
    async with host.agent(server) as agent:
        server.assign(Kind.VOLUME, "v1", volume())
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        server.assign(Kind.VOLUME, "v1", None)
        await until(lambda: not server.assignments)
        await until(lambda: agent.desired.find(Kind.VOLUME, "v1") is None)
        assert agent.outbox.find(Kind.VOLUME, "v1") is None
        assert not (await host.driver.observe("v1")).is_present
    assert not list((host.settings.agent_dir / "desired").glob("volume-*"))


async def test_the_first_report_of_everything_waits_for_every_look(
    host: Host, server: HostServer
) -> None:
    server.assign(Kind.VOLUME, "v1", volume())
    async with host.agent(server):
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
    server.reports.clear()
    async with host.agent(server):
        await until(lambda: any(report.full for report in server.reports))
        first = next(report for report in server.reports if report.full)
        assert [seen.id for seen in first.observations] == ["v1"]
        await until(lambda: len(server.reports) > 4)
        assert not server.reports[-1].full and not server.reports[-1].observations


async def test_a_heartbeat_comes_without_news(host: Host, server: HostServer) -> None:
    async with host.agent(server):
        await until(lambda: len(server.reports) >= 3)
        assert server.reports[-1].facts.vcpus >= 1
        assert "COMPUTE_VOLUME_EXTEND" in server.reports[-1].facts.capabilities


async def test_an_agent_without_a_control_plane_brings_back_what_it_holds(
    host: Host, server: HostServer
) -> None:
    async with host.agent(server):
        server.assign(Kind.VOLUME, "v1", volume(1 << 30, "a1"))
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
    server.is_away = True
    server.seen.clear()
    rebooted = Host(host.settings.state)
    async with rebooted.agent(server) as agent:
        await until(lambda: agent.outbox.find(Kind.VOLUME, "v1"))
        seen = await rebooted.driver.observe("v1")
        assert (seen.size_bytes, len(seen.targets)) == (1 << 30, 1)
        server.is_away = False
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        assert server.reports[-1].full


async def test_a_control_plane_that_comes_late_is_found(host: Host, server: HostServer) -> None:
    server.is_away = True
    server.assign(Kind.VOLUME, "v1", volume())
    async with host.agent(server):
        await asyncio.sleep(0.3)
        server.is_away = False
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))


async def test_lost_replies_cost_time_only(host: Host, server: HostServer) -> None:
    async with host.agent(server) as agent:
        server.assign(Kind.VOLUME, "v1", volume())
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        server.loses_replies = True
        server.assign(Kind.VOLUME, "v1", None)
        server.assign(Kind.VOLUME, "v2", volume())
        await asyncio.sleep(0.2)
        server.loses_replies = False
        await until(lambda: settled(server) and (Kind.VOLUME, "v1") not in server.assignments)
        await until(lambda: agent.desired.find(Kind.VOLUME, "v1") is None)
        assert (await host.driver.observe("v2")).is_present


async def test_doubled_assignments_change_nothing(host: Host, server: HostServer) -> None:
    server.doubles = True
    async with host.agent(server):
        server.assign(Kind.VOLUME, "v1", volume())
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        server.assign(Kind.VOLUME, "v1", volume(2 << 30))
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        assert (await host.driver.observe("v1")).size_bytes == 2 << 30


async def test_a_control_plane_put_back_is_followed_again(host: Host, server: HostServer) -> None:
    async with host.agent(server) as agent:
        for size in range(1, 6):
            server.assign(Kind.VOLUME, "v1", volume(size << 30))
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        assert agent.desired.revision == 5
        restored = HostServer()
        server.revision, server.assignments = restored.revision, restored.assignments
        server.seen.clear()
        server.assign(Kind.VOLUME, "v2", volume())
        await until(lambda: server.is_settled(Kind.VOLUME, "v2"))
        assert agent.desired.revision == 1
        # What it no longer mentions is left alone, and told.
        await until(lambda: server.find(Kind.VOLUME, "v1"))
        assert (await host.driver.observe("v1")).size_bytes == 5 << 30


async def test_another_host_id_means_another_stream(host: Host, server: HostServer) -> None:
    async with host.agent(server):
        server.assign(Kind.VOLUME, "v1", volume())
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
    renamed = HostServer("host-2")
    renamed.assign(Kind.VOLUME, "v2", volume())
    renamed.assign(Kind.VOLUME, "v3", volume())
    async with host.agent(renamed):
        await until(lambda: settled(renamed))
        assert (await host.driver.observe("v2")).is_present


async def test_killed_between_any_two_lines_it_converges(host: Host, server: HostServer) -> None:
    """An agent that is cut off at many moments, and one that is left alone at the end."""
    for delay_ms in range(12):
        server.assign(Kind.VOLUME, "v1", volume((delay_ms + 1) << 30, f"a{delay_ms}"))
        if delay_ms % 4 == 3:
            server.assign(Kind.VOLUME, "v2", None if delay_ms == 11 else volume())
        async with host.agent(server):
            await asyncio.sleep(delay_ms / 1000)
    async with host.agent(server):
        await until(lambda: settled(server))
    seen = await host.driver.observe("v1")
    assert [target.iqn for target in seen.targets] == ["iqn.x:a11"]
    assert not (await host.driver.observe("v2")).is_present


async def test_a_service_that_ended_comes_back_with_its_targets(
    host: Host, server: HostServer
) -> None:
    async with host.agent(server):
        server.assign(Kind.VOLUME, "v1", volume(1 << 30, "a1"))
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        host.driver.end_service()
        assert (await host.driver.observe("v1")).targets == ()
        await until(lambda: host.driver.list_targets(), 1.0)


async def test_a_failure_is_told_and_ends_with_the_next_wish(
    host: Host, server: HostServer
) -> None:
    async with host.agent(server):
        server.assign(Kind.VOLUME, "v1", volume(1 << 60))
        await until(lambda: (seen := server.find(Kind.VOLUME, "v1")) and seen.fault)
        fault = server.seen[(Kind.VOLUME, "v1")].fault
        assert fault is not None and (fault.kind, fault.terminal) == ("NoCapacity", False)
        server.assign(Kind.VOLUME, "v1", volume())
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
        assert server.seen[(Kind.VOLUME, "v1")].fault is None


def console_text(outputs: list[ConsoleOutput]) -> bytes:
    text = b""
    for output in outputs:
        text = text[: output.start] + output.data
    return text


async def test_consoles_are_told_as_they_grow(host: Host, server: HostServer) -> None:
    server.assign(
        Kind.VM,
        "s1",
        VmSpec(
            server_id="s1",
            project_id="p1",
            name="one",
            vcpus=1,
            memory_mib=64,
            power=Power.RUNNING,
            boot_generation=1,
            boot_kind=RebootKind.HARD,
            image_generation=1,
            disks=[],
            volumes=[],
            nics=[],
            config_drive=False,
            documents=GuestDocuments(meta_data={}, network_data={}, ec2={}),
        ),
    )
    host.consoles.text["s1"] = b"x" * 100_000

    def told() -> bytes:
        return console_text([piece for report in server.reports for piece in report.consoles])

    async with host.agent(server):
        await until(lambda: told() == host.consoles.text["s1"])
        pieces = [piece for report in server.reports for piece in report.consoles]
        assert max(len(piece.data) for piece in pieces) <= 64 * 1024
        server.is_away = True
        host.consoles.text["s1"] += b"more"
        await asyncio.sleep(0.3)
        server.is_away = False
        await until(lambda: told() == host.consoles.text["s1"])


async def test_news_are_told_within_a_moment(host: Host, server: HostServer) -> None:
    """Guards against polling anywhere on the way: far above the usual ten milliseconds."""
    async with host.agent(server):
        await until(lambda: server.reports)
        loop = asyncio.get_running_loop()
        took = []
        for size in range(1, 11):
            began = loop.time()
            server.assign(Kind.VOLUME, "v1", volume(size << 30))
            await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
            took.append(loop.time() - began)
        assert sorted(took)[5] < 0.5


async def test_a_wrong_credential_does_not_end_the_agent(host: Host, server: HostServer) -> None:
    server.assign(Kind.VOLUME, "v1", volume())
    async with host.agent(server):
        pass
    settings: Settings = host.settings
    control_plane = server.connect(settings)
    (settings.agent_dir / "credential").write_text("wrong")
    agent = Agent(settings, control_plane, host.build)
    task = asyncio.create_task(agent.run())
    try:
        await asyncio.sleep(0.2)
        assert not task.done()
        (settings.agent_dir / "credential").write_text("a-credential-of-this-test")
        await until(lambda: server.is_settled(Kind.VOLUME, "v1"))
    finally:
        task.cancel()
        await asyncio.wait([task])
        await control_plane.close()


async def test_guests_wait_until_the_control_plane_was_told_and_asked(
    host: Host, server: HostServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    handle = server.handle_async_request

    async def note(request: httpx.Request) -> httpx.Response:
        response = await handle(request)
        order.append(request.url.path.rpartition("/")[2])
        return response

    monkeypatch.setattr(server, "handle_async_request", note)
    async with host.agent(server) as agent:
        assert not host.may_start()
        await until(host.may_start)
        assert agent.has_asked
        assert order.index("desired") > order.index("report")


async def test_guests_start_when_nobody_answers(
    host: Host, server: HostServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pilvi.agent.loop.WORD_S", 0.3)
    server.is_away = True
    async with host.agent(server) as agent:
        await asyncio.sleep(0.1)
        assert not host.may_start()
        await until(host.may_start)
        assert not agent.has_asked
