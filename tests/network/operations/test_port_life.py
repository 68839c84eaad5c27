"""How ports go."""

from network.inserts import insert_network, insert_port
from pilvi.core.db import Database, Transaction
from pilvi.network.model.port import Port
from pilvi.network.operations.port_life import remove_port
from pilvi.network.operations.wakes import PORT
from pilvi.network.store import ports


async def test_a_port_that_its_host_has_is_asked_back_once(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        id = await insert_port(tx, network, "fa:16:3e:00:00:01", host_id="h", held_host_id="h")
    wakes = []
    for _ in range(2):
        async with db.write() as tx:
            assert not await remove_port(tx, await _read(tx, id))
            wakes.append((PORT, id) in tx.wakes)
    assert wakes == [True, False]
    async with db.write() as tx:
        # It is listed until it is gone, also when its host agreed with the wish before the last.
        await ports.update_port(tx, id, applied_generation=(await _read(tx, id)).generation)
        assert await ports.list_unapplied(tx) == [id]
        await ports.update_port(tx, id, held_host_id=None)
        assert await remove_port(tx, await _read(tx, id))
        assert await ports.list_ports_by_id(tx, [id]) == []


async def _read(tx: Transaction, id: str) -> Port:
    [port] = await ports.list_ports_by_id(tx, [id])
    return port
