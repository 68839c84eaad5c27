"""Rows of security groups and rules."""

import pytest

from network.inserts import insert_group, insert_network, insert_port, insert_rule, insert_subnet
from pilvi.core.db import Database
from pilvi.errors import Conflict, NotFound
from pilvi.network.store import security_groups as store
from pilvi.network.store import subnets
from pilvi.network.store.listing import Listing

MAC = "fa:16:3e:00:00:0"


async def test_a_project_has_one_default_group(db: Database) -> None:
    async with db.write() as tx:
        id = await insert_group(tx, "default", default_of="p")
        found = await store.find_default_group(tx, "p")
        assert found is not None and found.id == id and found.is_default
        assert await store.find_default_group(tx, "q") is None
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await insert_group(tx, "default", default_of="p")


async def test_a_rule_is_once_in_a_group(db: Database) -> None:
    async with db.write() as tx:
        one, two = await insert_group(tx, "one"), await insert_group(tx, "two")
        rule = await insert_rule(tx, one, "key")
        await insert_rule(tx, two, "key")
        assert await store.find_rule_by_key(tx, one, "key") == rule
        assert await store.find_rule_by_key(tx, one, "other") is None
        with pytest.raises(NotFound):
            await store.get_rule(tx, rule, "q")
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await insert_rule(tx, one, "key")


async def test_a_deleted_group_takes_the_rules_that_name_it(db: Database) -> None:
    async with db.write() as tx:
        one, two = await insert_group(tx, "one"), await insert_group(tx, "two")
        rule = await insert_rule(tx, one, "a", remote_group_id=two)
        await insert_rule(tx, two, "b", remote_group_id=two)
        assert await store.list_groups_naming(tx, two) == [one]
        await store.delete_group(tx, two)
        assert await store.list_rules_of(tx, [one, two]) == {}
        with pytest.raises(NotFound):
            await store.get_rule(tx, rule, None)
        groups, _ = await store.list_groups(tx, Listing(project_id="p"))
        assert [group.id for group in groups] == [one]


async def test_members_and_who_depends_on_them(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        subnet = await insert_subnet(tx, network)
        web, store_group = await insert_group(tx, "web"), await insert_group(tx, "db")
        await insert_rule(tx, store_group, "a", remote_group_id=web)
        pairs = [("", "10.0.0.9"), ("", "10.1.0.0/16")]
        front = await insert_port(tx, network, MAC + "1", (web,), address_pairs=pairs)
        await subnets.insert_fixed_ip(tx, front, subnet, "10.9.0.5")
        going = await insert_port(tx, network, MAC + "2", (web,), is_deleting=True)
        await subnets.insert_fixed_ip(tx, going, subnet, "10.9.0.6")
        back = await insert_port(tx, network, MAC + "3", (store_group,), held_host_id="h")
        members = await store.list_members(tx, [web, store_group])
        assert sorted(members[web]) == ["10.0.0.9", "10.1.0.0/16", "10.9.0.5"]
        assert store_group not in members
        # The front port is on no host: there is nothing to bring up to date.
        assert await store.list_ports_in_group(tx, web) == []
        assert await store.list_ports_in_group(tx, store_group) == [back]
        assert await store.list_hosts_naming(tx, [web, store_group]) == {
            web: {"h"},
            store_group: set(),
        }
        assert await store.list_members_changed(tx) == []
        await store.note_members_changed(tx, [web], changed=True)
        assert await store.list_members_changed(tx) == [web]
        assert await store.is_group_used(tx, web)
        groups = await store.list_groups_named(tx, "p", ["web", store_group, "nobody"])
        assert {group.id for group in groups} == {web, store_group}
