"""What a host that was asked for something is at, in words."""

import msgspec

from fake_hosts import FakeHost, add_host
from pilvi.core.db import Database
from pilvi.host_api.contract import HostFault, Kind, Observation
from pilvi.host_api.networks import AddressSetSpec
from pilvi.hosts.operations.assignments import assign, find_held, withdraw
from pilvi.hosts.operations.reasons import Reason, explain

SPEC = AddressSetSpec(set_id="s", addresses=[])


async def why(db: Database, lease_s: float = 60.0) -> Reason | None:
    async with db.read() as tx:
        return await explain(tx, await find_held(tx, Kind.ADDRESS_SET, "s"), lease_s)


async def see(host: FakeHost, **values: object) -> None:
    wish = (await host.wishes(Kind.ADDRESS_SET))["s"]
    seen = {
        "kind": wish.kind,
        "id": wish.id,
        "generation": wish.generation,
        "present": True,
        "settled": False,
        **values,
    }
    await host.report(msgspec.convert(seen, Observation))


async def test_each_state_of_a_wish_is_told_in_words(db: Database) -> None:
    assert await why(db) is None
    host = await add_host(db)
    async with db.write() as tx:
        await assign(tx, host.host.id, Kind.ADDRESS_SET, "s", SPEC, owner=("nobody", "s"))
    assert await why(db) == Reason("its host to take up the wish", is_trouble=False)
    down = await why(db, lease_s=-1.0)
    assert down is not None and down.is_trouble
    assert down.words.startswith("its host, which is not heard of since 2")
    await see(host, waiting="the bridge")
    assert await why(db) == Reason("its host, which waits for the bridge", is_trouble=False)
    fault = HostFault(kind="Unavailable", message="cannot filter packets")
    await see(host, fault=msgspec.to_builtins(fault))
    found = await why(db)
    assert found == Reason("its host, which says: cannot filter packets", is_trouble=True)
    await see(host)
    assert await why(db) == Reason("its host to agree", is_trouble=False)
    await see(host, settled=True)
    assert await why(db) is None
    async with db.write() as tx:
        await withdraw(tx, Kind.ADDRESS_SET, "s")
    assert await why(db) == Reason("its host to take up the wish", is_trouble=False)
