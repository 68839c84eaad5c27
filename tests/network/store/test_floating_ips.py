"""Rows of floating IPs."""

import pytest

from network.inserts import (
    insert_floating_ip,
    insert_network,
    insert_port,
    insert_router,
    insert_subnet,
)
from pilvi.core.db import Database
from pilvi.errors import Conflict, NotFound
from pilvi.network.store import floating_ips, subnets
from pilvi.network.store.listing import Listing

MAC = "fa:16:3e:00:00:0"


async def test_one_floating_ip_stands_for_one_address(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        subnet = await insert_subnet(tx, network)
        router = await insert_router(tx)
        guest = await insert_port(tx, network, MAC + "1")
        await subnets.insert_fixed_ip(tx, guest, subnet, "10.9.0.5")
        keepers = [await insert_port(tx, network, f"{MAC}{n}", project_id="") for n in (2, 3)]
        stands = {"port_id": guest, "fixed_address": "10.9.0.5", "router_id": router}
        one = await insert_floating_ip(tx, network, keepers[0], "172.24.4.5", **stands)
        two = await insert_floating_ip(tx, network, keepers[1], "172.24.4.6", project_id="q")
        assert [f.id for f in await floating_ips.list_of_ports(tx, [guest])] == [one]
        assert [f.id for f in await floating_ips.list_of_router(tx, router)] == [one]
        assert [f.id for f in await floating_ips.list_in_subnet(tx, router, subnet)] == [one]
        assert {f.id for f in await floating_ips.list_of_network(tx, network)} == {one, two}
        await floating_ips.update_status(tx, router, "ACTIVE")
        values = {"status": ["ACTIVE"], "fixed_ip_address": ["10.9.0.5"]}
        found, _ = await floating_ips.list_floating_ips(tx, Listing(project_id="p", values=values))
        assert [f.id for f in found] == [one]
        with pytest.raises(NotFound):
            await floating_ips.get_floating_ip(tx, two, "p")
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await floating_ips.update_floating_ip(tx, two, **stands)
    async with db.write() as tx:
        await floating_ips.delete_floating_ip(tx, one)
        await floating_ips.update_floating_ip(tx, two, **stands)
        assert (await floating_ips.get_floating_ip(tx, two, None)).router_id == router
