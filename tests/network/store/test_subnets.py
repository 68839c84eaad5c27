"""Rows of subnets and addresses."""

import pytest

from network.inserts import insert_network, insert_port, insert_subnet
from pilvi.core.db import Database
from pilvi.errors import Conflict
from pilvi.network.model.address import to_number
from pilvi.network.store import ports, subnets
from pilvi.network.store.listing import Listing


async def test_an_address_is_given_once_in_a_subnet(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        subnet = await insert_subnet(tx, network)
        other = await insert_subnet(tx, network, "10.8.0.0/24")
        one = await insert_port(tx, network, "fa:16:3e:00:00:01")
        two = await insert_port(tx, network, "fa:16:3e:00:00:02")
        await subnets.insert_fixed_ip(tx, one, subnet, "10.9.0.5")
        await subnets.insert_fixed_ip(tx, one, other, "10.8.0.5", 1)
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await subnets.insert_fixed_ip(tx, two, subnet, "10.9.0.5")
    async with db.write() as tx:
        start = to_number("10.9.0.0")
        used = await subnets.list_used_numbers(tx, subnet, (start, start + 10))
        assert used == {start + 5}
        assert await subnets.count_addresses(tx, [subnet, other]) == {subnet: 1, other: 1}
        assert await subnets.list_owners(tx, subnet) == {one: ""}
        await subnets.delete_fixed_ips(tx, one, ["10.9.0.5"])
        port = await ports.get_port(tx, one, None)
        assert port.addresses == ["10.8.0.5"]


async def test_a_deleted_subnet_takes_addresses_along(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        subnet = await insert_subnet(tx, network)
        port = await insert_port(tx, network, "fa:16:3e:00:00:01")
        await subnets.insert_fixed_ip(tx, port, subnet, "10.9.0.5")
        await subnets.delete_subnet(tx, subnet)
        assert (await ports.get_port(tx, port, None)).fixed_ips == ()
        assert await subnets.list_subnet_ids(tx, [network]) == {network: []}


async def test_subnets_are_seen_with_their_network(db: Database) -> None:
    async with db.write() as tx:
        mine = await insert_subnet(tx, await insert_network(tx, 1))
        hidden = await insert_subnet(
            tx, await insert_network(tx, 2, project_id="q"), project_id="q"
        )
        shared_network = await insert_network(tx, 3, project_id="q", is_shared=True)
        shared = await insert_subnet(tx, shared_network, project_id="q")
        found, _ = await subnets.list_subnets(tx, Listing(project_id="p"))
        assert {one.id for one in found} == {mine, shared}
        assert await subnets.find_subnet(tx, hidden, "p") is None
        values = {"cidr": ["10.9.0.0/24"], "shared": ["true"], "ip_version": ["4"]}
        found, _ = await subnets.list_subnets(tx, Listing(project_id=None, values=values))
        assert [one.id for one in found] == [shared]
