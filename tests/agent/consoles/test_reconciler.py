"""Sessions of one host: each is dialled once, tells of itself, and ends when it is not wished."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from pilvi.agent.consoles import reconciler as module
from pilvi.agent.consoles.fake import FakeConsoles
from pilvi.agent.consoles.reconciler import ConsoleReconciler
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.fake_vm import FakeVm
from pilvi.agent.vms.local_vm import Process
from pilvi.core.reconcile import Loop
from pilvi.errors import NotFound, PilviError
from pilvi.host_api.consoles import CloseCode, ConsoleLine, ConsoleSpec
from pilvi.host_api.contract import Assignment, Desired, Kind, Observation
from pilvi.settings import Settings

BEGAN = 1_700_000_000.5


class Viewer:
    """The other end of a dialled socket."""

    def __init__(self) -> None:
        self.typed: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.shown = b""
        self.closed: list[int] = []

    async def receive(self) -> bytes | None:
        return await self.typed.get()

    async def send(self, data: bytes) -> bool:
        self.shown += data
        return True

    async def close(self, code: int, reason: str) -> None:
        self.closed.append(code)


class Host:
    """The consoles part of one agent over a fake guest `g`."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(state_dir=str(folder))
        self.vms = FakeVms(folder)
        self.vms.vms["g"] = FakeVm(process=Process.RUNNING, started_at=BEGAN)
        self.desired = DesiredState(settings.agent_dir / "desired")
        self.outbox = Outbox()
        self.dialled: dict[str, Viewer] = {}
        self.dials = 0
        self.refusals: list[PilviError] = []
        context = AgentContext(settings, self.desired, self.outbox, self._wake)
        self.part = ConsoleReconciler(context, FakeConsoles(self.vms), self._dial)
        self.loop = Loop([self.part])
        self._revision = 0

    def _wake(self, kind: Kind, id: str) -> None:
        self.loop.wake(kind, id)

    async def _dial(self, spec: ConsoleSpec) -> Viewer:
        self.dials += 1
        if self.refusals:
            raise self.refusals.pop()
        return self.dialled.setdefault(spec.session_id, Viewer())

    def wish(self, id: str, *, present: bool = True, **changes: object) -> None:
        """Ask for a session, or for its end."""
        self._revision += 1
        spec = ConsoleSpec(
            session_id=id, server_id="g", line=ConsoleLine.SERIAL, started_at=BEGAN, secret="s"
        )
        raw = msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(spec, **changes)))
        wish = Assignment(
            kind=Kind.CONSOLE,
            id=id,
            generation=self._revision,
            revision=self._revision,
            present=present,
            spec=raw,
        )
        news = Desired(host_id="h", revision=self._revision, assignments=[wish])
        self.desired.apply(news)
        self.loop.wake(Kind.CONSOLE, id)

    def told(self, id: str) -> Observation | None:
        """What is told of a session."""
        return self.outbox.find(Kind.CONSOLE, id)

    def is_over(self, id: str) -> bool:
        """Whether it is told that nothing of a session is here."""
        told = self.told(id)
        return told is not None and told.settled and not told.present


@asynccontextmanager
async def working(host: Host) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(host.loop.run()), asyncio.ensure_future(host.part.watch())]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    host = Host(tmp_path)
    async with working(host):
        yield host


async def test_a_session_is_joined_told_and_ended_by_its_withdrawal(host: Host) -> None:
    host.wish("one")
    await until(lambda: "one" in host.dialled)
    viewer = host.dialled["one"]
    viewer.typed.put_nowait(b"hello\r")
    await until(lambda: b"heard: hello" in viewer.shown)
    told = host.told("one")
    assert told is not None
    assert told.present
    host.wish("one", present=False)
    await until(lambda: host.is_over("one"))
    assert viewer.closed


async def test_a_session_that_ended_is_not_dialled_again(host: Host) -> None:
    host.wish("one")
    await until(lambda: "one" in host.dialled)
    host.dialled["one"].typed.put_nowait(None)
    await until(lambda: host.is_over("one"))
    assert host.dialled["one"].closed == [CloseCode.DONE]
    for _ in range(3):
        host.loop.wake(Kind.CONSOLE, "one")
        await asyncio.sleep(0.02)
    assert host.dials == 1


async def test_another_boot_of_the_guest_is_not_opened(host: Host) -> None:
    host.wish("one", started_at=BEGAN - 1)
    await until(lambda: host.is_over("one"))
    assert host.dialled["one"].closed == [CloseCode.GUEST_GONE]
    assert host.dialled["one"].shown == b""


async def test_a_guest_that_ends_ends_its_session(host: Host) -> None:
    host.wish("one", line=ConsoleLine.VNC)
    await until(lambda: "one" in host.dialled)
    host.vms.crash("g")
    await until(lambda: host.is_over("one"))
    assert host.dialled["one"].closed == [CloseCode.GUEST_GONE]


async def test_the_newest_has_the_serial_line_and_screens_are_shared(host: Host) -> None:
    for id in ("one", "two", "three"):
        host.wish(id)
        await until(lambda id=id: id in host.dialled)
        host.wish(f"screen {id}".replace(" ", "-"), line=ConsoleLine.VNC)
    await until(lambda: host.is_over("one") and host.is_over("two"))
    assert host.dialled["one"].closed == [CloseCode.TAKEN_OVER]
    assert host.dialled["two"].closed == [CloseCode.TAKEN_OVER]
    host.dialled["three"].typed.put_nowait(b"mine\r")
    await until(lambda: b"heard: mine" in host.dialled["three"].shown)
    await until(lambda: all(f"screen-{id}" in host.dialled for id in ("one", "two", "three")))
    assert not any(host.dialled[f"screen-{id}"].closed for id in ("one", "two", "three"))


async def test_it_is_dialled_until_the_right_process_answers(host: Host) -> None:
    host.refusals = [NotFound("cannot find it here") for _ in range(3)]
    host.wish("one")
    await until(lambda: "one" in host.dialled)
    assert host.dials == 4


async def test_nobody_waiting_ends_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DIAL_S", 0.2)
    host.refusals = [NotFound("cannot find it here") for _ in range(1000)]
    host.wish("one")
    await until(lambda: host.is_over("one"))


async def test_a_full_host_says_so(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SESSIONS_MAX", 1)
    host.wish("one", line=ConsoleLine.VNC)
    await until(lambda: "one" in host.dialled)
    host.wish("two", line=ConsoleLine.VNC)
    await until(lambda: host.is_over("two"))
    assert host.dialled["two"].closed == [CloseCode.HOST_FULL]


async def test_an_agent_that_ends_ends_its_sessions(tmp_path: Path) -> None:
    host = Host(tmp_path)
    async with working(host):
        host.wish("one")
        await until(lambda: "one" in host.dialled)
        await asyncio.sleep(0.05)
    assert host.dialled["one"].closed == [CloseCode.HOST_LOST]
