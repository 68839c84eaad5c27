"""The agent's answer to audits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from pilvi.agent.auditor import Auditor
from pilvi.agent.desired import DesiredState
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Assignment, Desired, Kind
from pilvi.host_api.holdings import Holding, HoldingKind, Holdings


class Sink:
    """A control plane that may be away."""

    def __init__(self) -> None:
        self.told: list[Holdings] = []
        self.is_away = False
        self.tries = 0

    async def send_holdings(self, holdings: Holdings) -> None:
        self.tries += 1
        if self.is_away:
            raise Unavailable("cannot reach the control plane")
        self.told.append(holdings)


def wish(id: str, revision: int) -> Assignment:
    return Assignment(
        kind=Kind.VM,
        id=id,
        generation=1,
        revision=revision,
        present=True,
        spec=msgspec.Raw(b"{}"),
    )


async def list_tap() -> list[Holding]:
    return [Holding(kind=HoldingKind.TAP, owner="p", name="tap1")]


async def fail() -> list[Holding]:
    raise Unavailable("cannot filter packets: nft does not answer")


async def until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not look():  # noqa: ASYNC110  # nothing announces it
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(
    desired: DesiredState, sink: Sink, **listers: Callable[[], Awaitable[list[Holding]]]
) -> AsyncIterator[Auditor]:
    auditor = Auditor(desired, listers, sink)
    task = asyncio.create_task(auditor.run())
    try:
        yield auditor
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_is_there_is_told_once_for_each_audit(tmp_path: Path) -> None:
    desired, sink = DesiredState(tmp_path), Sink()
    desired.apply(Desired(host_id="h", revision=1, assignments=[wish("a", 1)]))
    (tmp_path / "rubbish").write_text("x" * 5000)
    async with running(desired, sink, ports=list_tap) as auditor:
        for number in (0, 3, 3, 2):
            auditor.ask(number)
        await until(lambda: sink.told)
        auditor.ask(4)
        await until(lambda: len(sink.told) == 2)
    assert [one.audit for one in sink.told] == [3, 4]
    items = {(one.kind, one.owner): one for one in sink.told[0].items}
    assert set(items) == {
        (HoldingKind.WISH, "a"),
        (HoldingKind.FILE, None),
        (HoldingKind.TAP, "p"),
    }
    assert items[HoldingKind.WISH, "a"].part == "vm"
    assert items[HoldingKind.FILE, None].bytes >= 4096
    assert items[HoldingKind.FILE, None].name.endswith("rubbish")


async def test_a_part_that_cannot_be_listed_is_said_and_the_rest_is_told(tmp_path: Path) -> None:
    sink = Sink()
    async with running(DesiredState(tmp_path), sink, networks=fail, ports=list_tap) as auditor:
        auditor.ask(1)
        await until(lambda: sink.told)
    (told,) = sink.told
    assert told.failures == ["cannot list networks: cannot filter packets: nft does not answer"]
    assert [one.kind for one in told.items] == [HoldingKind.TAP]


async def test_an_answer_that_did_not_arrive_is_told_again_unless_a_newer_audit_came(
    tmp_path: Path,
) -> None:
    sink = Sink()
    sink.is_away = True
    async with running(DesiredState(tmp_path), sink, ports=list_tap) as auditor:
        auditor.ask(1)
        await until(lambda: sink.tries)
        auditor.ask(2)
        sink.is_away = False
        await until(lambda: sink.told)
    assert [one.audit for one in sink.told] == [2]
