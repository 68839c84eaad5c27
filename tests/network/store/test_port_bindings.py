"""Rows of the hosts that ports are to be ready for."""

import pytest

from network.inserts import insert_network, insert_port
from pilvi.core.db import Database
from pilvi.errors import Conflict
from pilvi.network.store import port_bindings, ports


async def test_bindings_are_a_ports_own_and_go_with_it(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        one = await insert_port(tx, network, "fa:16:3e:00:00:01")
        two = await insert_port(tx, network, "fa:16:3e:00:00:02")
        for port_id, host in ((one, "b"), (one, "a"), (two, "a")):
            await port_bindings.insert_binding(tx, port_id, host)
        assert await port_bindings.list_bindings(tx, one) == ["a", "b"]
        await port_bindings.delete_binding(tx, one, "a")
        assert await port_bindings.list_bindings(tx, one) == ["b"]
        await ports.delete_port(tx, two)
        assert await port_bindings.list_bindings(tx, two) == []
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await port_bindings.insert_binding(tx, one, "b")
