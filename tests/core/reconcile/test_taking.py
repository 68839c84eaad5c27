"""Every step passes one place."""

from pilvi.core.reconcile import taking
from pilvi.core.reconcile.taking import Taken, Work, watch_steps


async def test_a_step_is_just_taken_unless_somebody_watches() -> None:
    done = list[str]()

    async def work() -> str:
        done.append("work")
        return "answer"

    async def watch(taken: Taken, inner: Work) -> object:
        done.append(f"{taken.kind} {taken.id} {taken.step}")
        return f"{await inner()}!"

    assert await taking("vm", "a", "step", work) == "answer"
    watch_steps(watch)
    try:
        assert await taking("vm", "a", "step", work) == "answer!"
    finally:
        watch_steps(None)
    assert await taking("vm", "a", "step", work) == "answer"
    assert done == ["work", "vm a step", "work", "work"]
