"""Claims that an admin writes: all or nothing, and never more than there is."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilvi.core.db import Database, Transaction
from pilvi.errors import Conflict, NoCapacity, NotFound
from pilvi.placement.model.claim import ClaimWish, Generation
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import ProviderId
from pilvi.placement.operations.allocations import claim, find_claim
from pilvi.placement.operations.consumers import delete_claim, write_claims
from pilvi.placement.operations.usages import list_usages
from pilvi.placement.store import providers

TOTAL = 10


def wish(
    consumer: str, generation: int | Generation | None = Generation.UNCHECKED, **held: int
) -> ClaimWish:
    """A wish for processors of providers, by their names."""
    parts = {id: {"VCPU": amount} for id, amount in held.items() if amount}
    return ClaimWish(
        consumer_id=consumer, project_id="p", user_id="u", held=parts, generation=generation
    )


async def fill(tx: Transaction) -> None:
    for name in ("a", "b"):
        await providers.insert_provider(tx, ProviderId(name), name, follows_host=False)
        await providers.replace_inventories(tx, name, [Inventory("VCPU", TOTAL)])


async def test_generations_guard_a_consumer(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        await write_claims(tx, [wish("c", None, a=1)])
        for stale in (None, 2):
            with pytest.raises(Conflict):
                await write_claims(tx, [wish("c", stale, a=2)])
        await write_claims(tx, [wish("c", 1, b=2)])
        held = await find_claim(tx, "c")
        assert held is not None and held.held == {"b": {"VCPU": 2}} and held.generation == 2
        assert [(await providers.get_provider(tx, id)).generation for id in "ab"] == [2, 1]
        await delete_claim(tx, "c")
        with pytest.raises(NotFound):
            await delete_claim(tx, "c")


async def test_one_that_does_not_fit_refuses_all(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        with pytest.raises(NoCapacity):
            await write_claims(tx, [wish("c", a=6), wish("d", a=5)])
        assert await find_claim(tx, "c") is None


async def test_a_servers_claim_is_left_alone(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        await claim(
            tx,
            consumer_id="server",
            project_id="p",
            user_id="u",
            provider_id="a",
            resources={"VCPU": 3},
        )
        for change in (write_claims(tx, [wish("server", a=1)]), delete_claim(tx, "server")):
            with pytest.raises(Conflict):
                await change
        assert (await list_usages(tx))["a"].used == {"VCPU": 3}


AMOUNTS = st.integers(0, TOTAL)
WISHES = st.lists(
    st.lists(
        st.tuples(st.sampled_from("cde"), AMOUNTS, AMOUNTS),
        max_size=3,
        unique_by=lambda row: row[0],
    ),
    max_size=6,
)


@given(rounds=WISHES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_more_is_ever_held_than_there_is(
    db: Database, rounds: list[list[tuple[str, int, int]]]
) -> None:
    async with db.write() as tx:
        for id in "cde":
            if await find_claim(tx, id) is not None:
                await write_claims(tx, [wish(id)])
        if await providers.find_provider(tx, "a") is None:
            await fill(tx)
        held: dict[str, tuple[int, int]] = {}
        for asked in rounds:
            after = {**held, **{name: (a, b) for name, a, b in asked}}
            sums = [sum(parts) for parts in zip(*after.values(), strict=True)] or [0, 0]
            fits = max(sums) <= TOTAL
            try:
                await write_claims(tx, [wish(name, a=a, b=b) for name, a, b in asked])
            except NoCapacity:
                assert not fits
            else:
                held = after
            usages = await list_usages(tx)
            for place, id in enumerate("ab"):
                expected = sum(parts[place] for parts in held.values())
                assert usages[id].used.get("VCPU", 0) == expected <= TOTAL
