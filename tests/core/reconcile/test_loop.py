import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from pilvi.core.reconcile import Again, Done, Limits, Loop, Result, Terminal
from pilvi.core.requests import acting_for, current_request
from pilvi.errors import Unavailable

QUICK = Limits(retry_s_min=0.002, retry_s_max=0.02, resync_s=0.05, attempt_s=0.2)


class Recorder:
    """A reconciler whose world is what happened in it."""

    kind = "thing"

    def __init__(self, act: Callable[[str, int], Awaitable[Result]]) -> None:
        self.act = act
        self.looks: dict[str, int] = {}
        self.failures: list[tuple[str, str, int]] = []
        self.unsettled: list[str] = []
        self.open = 0
        self.open_most = 0

    async def reconcile(self, id: str) -> Result:
        self.looks[id] = self.looks.get(id, 0) + 1
        self.open += 1
        self.open_most = max(self.open_most, self.open)
        try:
            return await self.act(id, self.looks[id])
        finally:
            self.open -= 1

    async def list_unsettled(self) -> Sequence[str]:
        return list(self.unsettled)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        self.failures.append((id, type(error).__name__, tries))


async def done(id: str, look: int) -> Result:
    return Done()


@asynccontextmanager
async def running(recorder: Recorder, limits: Limits = QUICK) -> AsyncIterator[Loop]:
    loop = Loop([recorder], limits)
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    try:
        yield loop
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert recorder.open == 0


async def settle(loop: Loop) -> None:
    async with asyncio.timeout(20):
        while not loop.idle:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_what_is_unsettled_is_looked_at_without_a_wake() -> None:
    recorder = Recorder(done)
    recorder.unsettled = ["a", "b"]
    async with running(recorder) as loop:
        await asyncio.sleep(0.01)
        assert recorder.looks == {"a": 1, "b": 1}
        recorder.unsettled = ["c"]
        await asyncio.sleep(0.1)
        assert recorder.looks["c"] >= 1
        await settle(loop)


async def test_many_wakes_before_a_look_are_one() -> None:
    recorder = Recorder(done)
    async with running(recorder) as loop:
        for _ in range(10):
            loop.wake("thing", "a")
        await settle(loop)
    assert recorder.looks["a"] <= 2


async def test_a_wake_meanwhile_means_one_more_look_and_never_two_at_once() -> None:
    entered = asyncio.Event()
    leave = asyncio.Event()

    async def act(id: str, look: int) -> Result:
        entered.set()
        await leave.wait()
        return Done()

    recorder = Recorder(act)
    async with running(recorder) as loop:
        loop.wake("thing", "a")
        await entered.wait()
        for _ in range(5):
            loop.wake("thing", "a")
        assert recorder.open == 1
        leave.set()
        await settle(loop)
    assert (recorder.looks["a"], recorder.open_most) == (2, 1)


async def test_a_wake_while_waiting_for_a_slot_costs_no_look() -> None:
    leave = asyncio.Event()

    async def act(id: str, look: int) -> Result:
        await leave.wait()
        return Done()

    recorder = Recorder(act)
    async with running(recorder, Limits(concurrent=1)) as loop:
        loop.wake("thing", "a")
        await asyncio.sleep(0.005)
        loop.wake("thing", "b")
        await asyncio.sleep(0.005)
        loop.wake("thing", "b")
        leave.set()
        await settle(loop)
    assert recorder.looks == {"a": 1, "b": 1}


async def test_the_number_in_work_is_limited() -> None:
    async def act(id: str, look: int) -> Result:
        await asyncio.sleep(0.002)
        return Done()

    recorder = Recorder(act)
    async with running(recorder, Limits(concurrent=3)) as loop:
        for number in range(20):
            loop.wake("thing", str(number))
        await settle(loop)
    assert (len(recorder.looks), recorder.open_most) == (20, 3)


async def test_again_looks_after_its_time_or_at_a_wake() -> None:
    async def act(id: str, look: int) -> Result:
        return Again(60 if id == "late" else 0.01, "a test") if look == 1 else Done()

    recorder = Recorder(act)
    async with running(recorder) as loop:
        loop.wake("thing", "soon")
        loop.wake("thing", "late")
        await asyncio.sleep(0.05)
        assert recorder.looks == {"soon": 2, "late": 1}
        loop.wake("thing", "late")
        await settle(loop)
    assert recorder.looks["late"] == 2


async def test_an_error_is_noted_and_tried_again_until_it_passes() -> None:
    async def act(id: str, look: int) -> Result:
        if look < 4:
            raise Unavailable("cannot yet")
        if look == 4:
            return Again(0.001, "a step")
        if look == 5:
            raise ValueError("a defect")
        return Done()

    recorder = Recorder(act)
    async with running(recorder) as loop:
        loop.wake("thing", "a")
        await settle(loop)
    assert recorder.failures == [
        ("a", "Unavailable", 1),
        ("a", "Unavailable", 2),
        ("a", "Unavailable", 3),
        ("a", "ValueError", 1),
    ]


async def test_terminal_ends_the_tries_until_the_next_wake() -> None:
    async def act(id: str, look: int) -> Result:
        if look == 1:
            raise Terminal("cannot ever")
        return Done()

    recorder = Recorder(act)
    async with running(recorder) as loop:
        loop.wake("thing", "a")
        await settle(loop)
        assert recorder.failures == [("a", "Terminal", 1)]
        loop.wake("thing", "a")
        await settle(loop)
    assert recorder.looks["a"] == 2


async def test_a_try_that_hangs_is_cut_and_tried_again() -> None:
    async def act(id: str, look: int) -> Result:
        if look == 1:
            await asyncio.Event().wait()
        return Done()

    recorder = Recorder(act)
    async with running(recorder, Limits(attempt_s=0.02, retry_s_min=0.001)) as loop:
        loop.wake("thing", "a")
        await settle(loop)
    assert recorder.failures == [("a", "TimeoutError", 1)]


async def test_a_cancelled_part_of_a_step_is_a_failure_and_not_the_end() -> None:
    """A reconciler may await a task that somebody else cancels."""

    async def act(id: str, look: int) -> Result:
        if look == 1:
            part = asyncio.create_task(asyncio.sleep(60))
            asyncio.get_running_loop().call_soon(part.cancel)
            await part
        return Done()

    recorder = Recorder(act)
    async with running(recorder) as loop:
        loop.wake("thing", "a")
        await settle(loop)
    assert recorder.failures == [("a", "Internal", 1)]
    assert recorder.looks["a"] == 2


async def test_wakes_of_what_fails_do_not_skip_every_pause() -> None:
    async def act(id: str, look: int) -> Result:
        loop.wake("thing", id)
        raise Unavailable("cannot")

    recorder = Recorder(act)
    async with running(recorder, Limits(retry_s_min=0.02)) as loop:
        loop.wake("thing", "a")
        await asyncio.sleep(0.2)
    assert 2 <= recorder.looks["a"] <= 11


async def test_a_broken_listing_stops_nothing() -> None:
    class Broken(Recorder):
        async def list_unsettled(self) -> Sequence[str]:
            raise OSError("unreadable")

    recorder = Broken(done)
    async with running(recorder) as loop:
        await asyncio.sleep(0.01)
        loop.wake("thing", "a")
        await settle(loop)
    assert recorder.looks == {"a": 1}


async def test_a_failure_that_cannot_be_noted_is_still_tried_again() -> None:
    class Mute(Recorder):
        async def note_failure(self, id: str, error: Exception, tries: int) -> None:
            raise OSError("no room for notes")

    async def act(id: str, look: int) -> Result:
        if look == 1:
            raise Unavailable("cannot yet")
        return Done()

    recorder = Mute(act)
    async with running(recorder) as loop:
        loop.wake("thing", "a")
        await settle(loop)
    assert recorder.looks["a"] == 2


async def test_a_wake_of_another_kind_or_outside_a_run_is_ignored() -> None:
    recorder = Recorder(done)
    loop = Loop([recorder])
    loop.wake("thing", "a")
    loop.wake("stranger", "a")
    assert loop.idle and not recorder.looks


async def test_a_wake_during_the_end_of_a_run_raises_nothing() -> None:
    raised: list[Exception] = []

    async def act(id: str, look: int) -> Result:
        try:
            await asyncio.Event().wait()
        finally:
            try:
                loop.wake("thing", "other")
            except Exception as error:
                raised.append(error)
        return Done()

    recorder = Recorder(act)
    async with running(recorder) as loop:
        loop.wake("thing", "a")
        await asyncio.sleep(0.01)
    assert not raised and loop.idle


@pytest.mark.parametrize("rounds", [1, 2])
async def test_a_loop_may_run_again(rounds: int) -> None:
    recorder = Recorder(done)
    loop = Loop([recorder], QUICK)
    for _ in range(rounds):
        task = asyncio.create_task(loop.run())
        await asyncio.sleep(0)
        loop.wake("thing", "a")
        await settle(loop)
        task.cancel()
        await asyncio.wait([task])
    assert recorder.looks["a"] == rounds


class Others:
    """Claims of which another process has some."""

    def __init__(self, *taken: str) -> None:
        self.taken = set(taken)

    @asynccontextmanager
    async def held(self, kind: str, id: str) -> AsyncIterator[bool]:
        yield id not in self.taken


async def test_what_another_process_has_in_work_is_looked_at_after_it() -> None:
    recorder, others = Recorder(done), Others("a")
    loop = Loop([recorder], Limits(claimed_s_min=0.001, claimed_s_max=0.01), claims=others)
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    loop.wake("thing", "a")
    loop.wake("thing", "b")
    await asyncio.sleep(0.05)
    assert recorder.looks == {"b": 1} and not recorder.failures
    others.taken.clear()
    await settle(loop)
    assert recorder.looks == {"a": 1, "b": 1}
    task.cancel()
    await asyncio.wait([task])


async def test_after_the_end_of_another_process_everything_is_listed_at_once() -> None:
    class Twofold(Recorder):
        relisted = 0

        def relist(self) -> None:
            self.relisted += 1
            self.unsettled = ["lost"]

    recorder = Twofold(done)
    async with running(recorder, Limits(resync_s=60)) as loop:
        await asyncio.sleep(0.01)
        assert not recorder.looks
        loop.look_for_lost()
        await asyncio.sleep(0.01)
        await settle(loop)
    assert (recorder.looks, recorder.relisted) == ({"lost": 1}, 1)


async def test_what_it_does_is_tallied_by_kind() -> None:
    async def fail_twice(id: str, look: int) -> Result:
        await asyncio.sleep(0.01)
        if look < 3:
            raise Unavailable("cannot yet")
        return Done()

    async with running(Recorder(fail_twice), QUICK) as loop:
        loop.wake("thing", "a")
        await settle(loop)
        tally = loop.tallies["thing"]
    assert (tally.attempts, tally.failures) == (3, 2)
    assert tally.busy_s >= 0.03
    assert 0 <= tally.waited_s < 1


async def test_it_works_for_the_newest_request_that_woke_it_and_for_no_other() -> None:
    seen: list[tuple[str, str]] = []

    async def note(id: str, look: int) -> Result:
        seen.append((id, current_request()))
        return Again(0.001, "more") if id == "a" and look == 1 else Done()

    async with running(Recorder(note), QUICK) as loop:
        with acting_for("req-of-the-waking-task"):
            loop.wake("thing", "a", "req-1")
            loop.wake("thing", "b")
        await settle(loop)
        loop.wake("thing", "a")
        await settle(loop)
    assert seen == [("a", "req-1"), ("b", ""), ("a", "req-1"), ("a", "")]


async def test_who_keeps_wishes_knows_their_requests() -> None:
    seen: list[str] = []

    async def note(id: str, look: int) -> Result:
        seen.append(current_request())
        return Done()

    loop = Loop([Recorder(note)], QUICK, find_request=lambda kind, id: f"req-{kind}-{id}")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(loop.run())
        await asyncio.sleep(0)
        loop.wake("thing", "a")
        await settle(loop)
        task.cancel()
    assert seen == ["req-thing-a"]
