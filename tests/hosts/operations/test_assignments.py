"""What services wish of hosts."""

from fake_hosts import add_host
from pilvi.core.db import Database
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.hosts.operations.assignments import assign, change_wishes, find_held, list_held, withdraw


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
