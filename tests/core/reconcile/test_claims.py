from pilvi.core.reconcile import Alone


async def test_who_is_alone_may_work_on_everything() -> None:
    async with Alone().held("server", "a") as is_mine, Alone().held("server", "a") as again:
        assert is_mine and again
