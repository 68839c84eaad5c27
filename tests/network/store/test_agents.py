"""Rows of what admins said of agents."""

import pytest

from network.inserts import insert_network
from pilvi.core.db import Database, now
from pilvi.errors import Conflict
from pilvi.network.model.agent import AgentKind
from pilvi.network.store import agents


async def test_what_is_said_of_an_agent_is_kept_by_host_and_kind(db: Database) -> None:
    async with db.write() as tx:
        assert await agents.list_records(tx) == {}
        await agents.set_record(tx, "a", AgentKind.L3, admin_state_up=False)
        await agents.set_record(tx, "a", AgentKind.DHCP, description="d")
        await agents.set_record(tx, "b", AgentKind.L3, description="d")
        await agents.set_record(tx, "b", AgentKind.L3, description=None, removed_at=now())
        assert await agents.list_closed_hosts(tx, AgentKind.L3) == {"a"}
        assert await agents.list_closed_hosts(tx, AgentKind.DHCP) == set()
        records = await agents.list_records(tx)
        assert set(records) == {("a", "L3 agent"), ("a", "DHCP agent"), ("b", "L3 agent")}
        assert records["a", "DHCP agent"].description == "d"
        assert records["a", "DHCP agent"].admin_state_up
        assert set(await agents.list_removals(tx, AgentKind.L3)) == {"b"}
        assert await agents.list_removals(tx, AgentKind.DHCP) == {}
        gone = records["b", "L3 agent"]
        assert gone.description is None and gone.removed_at is not None


async def test_networks_are_wanted_on_hosts(db: Database) -> None:
    async with db.write() as tx:
        one, two = await insert_network(tx, 1), await insert_network(tx, 2)
        for network_id, host_id in ((one, "a"), (one, "b"), (two, "a")):
            await agents.insert_dhcp_host(tx, network_id, host_id)
        assert await agents.list_dhcp_hosts(tx, one) == {"a", "b"}
        assert await agents.list_networks_wanted_on(tx, "a") == {one, two}
        await agents.delete_dhcp_host(tx, one, "a")
        await agents.delete_dhcp_hosts_of(tx, two)
        assert await agents.list_networks_wanted_on(tx, "a") == set()
        assert await agents.list_dhcp_hosts(tx, one) == {"b"}
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await agents.insert_dhcp_host(tx, one, "b")
