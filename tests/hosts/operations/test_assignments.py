"""What services wish of hosts."""

from fake_hosts import add_host
from pilvi.core.db import Database
from pilvi.core.requests import acting_for
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.hosts.operations.assignments import (
    abandon,
    assign,
    change_wishes,
    find_held,
    list_abandoned,
    list_held,
    withdraw,
)


def spec(port_id: str, mac: str = "fa:16:3e:00:00:01") -> PortSpec:
    """A port without anything special."""
    return PortSpec(
        port_id=port_id,
        server_id="s",
        network_id="n",
        segment=1,
        mac=mac,
        addresses=[],
        allowed_pairs=[],
        port_security=True,
        admin_state_up=True,
        rules=[],
    )


async def test_many_wishes_change_at_once_and_only_those_that_differ(db: Database) -> None:
    one, two = await add_host(db, "one"), await add_host(db, "two")
    async with db.write() as tx:
        for host, id in ((one, "a"), (one, "b"), (two, "c")):
            await assign(tx, host.host.id, Kind.PORT, id, spec(id), owner=("port", id))
    for wish in (await one.wishes(Kind.PORT)).values():
        await one.answer(wish)
    before = {id: wish.revision for id, wish in (await one.wishes(Kind.PORT)).items()}
    async with db.write() as tx:
        held = {h.id: h for h in await list_held(tx, Kind.PORT, ["a", "b", "c"])}
        changes = [(held["a"], spec("a")), (held["b"], spec("b", "fa:16:3e:00:00:02"))]
        changed = await change_wishes(tx, [*changes, (held["c"], spec("c", "fa:16:3e:00:00:03"))])
        assert [h.id for h in changed] == ["b", "c"]
        assert await change_wishes(tx, []) == []
    wishes = await one.wishes(Kind.PORT)
    assert wishes["a"].revision == before["a"] and wishes["a"].generation == 1
    assert wishes["b"].revision > max(before.values()) and wishes["b"].generation == 2
    assert b"00:00:02" in bytes(wishes["b"].spec)
    async with db.read() as tx:
        now = await find_held(tx, Kind.PORT, "b")
    assert now is not None and not now.is_settled and now.settled


async def test_a_withdrawn_wish_is_wished_again(db: Database) -> None:
    host = await add_host(db)
    async with db.write() as tx:
        await assign(tx, host.host.id, Kind.PORT, "a", spec("a"), owner=("port", "a"))
        assert not await withdraw(tx, Kind.PORT, "a")
        (held,) = await list_held(tx, Kind.PORT, ["a"])
        assert [h.id for h in await change_wishes(tx, [(held, spec("a"))])] == ["a"]
        (held,) = await list_held(tx, Kind.PORT, ["a"])
        assert held.present and held.generation == 3


async def test_what_was_abandoned_is_listed_until_its_host_says_that_it_is_gone(
    db: Database,
) -> None:
    one, two = await add_host(db, "one"), await add_host(db, "two")
    async with db.write() as tx:
        await assign(tx, one.host.id, Kind.PORT, "a", spec("a"), owner=("port", "a"))
        assert await list_abandoned(tx, Kind.PORT, "a") == []
        await abandon(tx, Kind.PORT, "a", one.host.id)
        await assign(tx, two.host.id, Kind.PORT, "a", spec("a"), owner=("port", "a"))
        assert [held.host_id for held in await list_abandoned(tx, Kind.PORT, "a")] == [one.host.id]
        assert [held.host_id for held in await list_held(tx, Kind.PORT, ["a"])] == [two.host.id]
    [wish] = (await one.wishes(Kind.PORT)).values()
    assert not wish.present
    await one.answer(wish)
    async with db.read() as tx:
        assert await list_abandoned(tx, Kind.PORT, "a") == []


async def test_a_wish_names_the_request_that_changed_it_last(db: Database) -> None:
    host = await add_host(db)

    async def newest() -> tuple[str, int, int]:
        wish = (await host.wishes(Kind.PORT))["a"]
        return wish.request_id, wish.generation, wish.revision

    async with db.write() as tx:
        with acting_for("req-1"):
            await assign(tx, host.host.id, Kind.PORT, "a", spec("a"), owner=("port", "a"))
    first = await newest()
    assert first[:2] == ("req-1", 1)
    async with db.write() as tx:
        # The same wish of another request is no change: its host hears nothing of it.
        with acting_for("req-2"):
            await assign(tx, host.host.id, Kind.PORT, "a", spec("a"), owner=("port", "a"))
    assert await newest() == first
    async with db.write() as tx:
        (held,) = await list_held(tx, Kind.PORT, ["a"])
        with acting_for("req-3"):
            await change_wishes(tx, [(held, spec("a", "fa:16:3e:00:00:09"))])
    assert (await newest())[:2] == ("req-3", 2)
    async with db.write() as tx:
        await withdraw(tx, Kind.PORT, "a")
    assert (await newest())[:2] == ("", 3)


async def test_a_report_wakes_the_owner_for_the_request_of_the_wish(db: Database) -> None:
    host = await add_host(db)
    async with db.write() as tx:
        with acting_for("req-1"):
            await assign(tx, host.host.id, Kind.PORT, "a", spec("a"), owner=("port", "a"))
    woken: dict[tuple[str, str], str] = {}
    db.on_commit = woken.update
    with acting_for("req-of-the-report"):
        await host.answer((await host.wishes(Kind.PORT))["a"])
    assert woken == {("port", "a"): "req-1"}
