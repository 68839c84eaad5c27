"""Ports as compute reads them."""

from network.inserts import (
    insert_floating_ip,
    insert_group,
    insert_network,
    insert_port,
    insert_router,
    insert_subnet,
)
from pilvi.core.db import Database
from pilvi.network.store import subnets
from pilvi.network.store.server_ports import list_server_ports

MAC = "fa:16:3e:00:00:0"


async def test_servers_have_their_ports_in_order_with_everything(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1, name="blue")
        subnet = await insert_subnet(tx, network)
        groups = (await insert_group(tx, "b"), await insert_group(tx, "a"))
        claim = {"server_id": "s", "host_id": "h", "status": "ACTIVE"}
        second = await insert_port(tx, network, MAC + "1", groups, claim_order=1, **claim)
        first = await insert_port(tx, network, MAC + "2", claim_order=0, is_claimed=True, **claim)
        await insert_port(tx, network, MAC + "3", claim_order=2, is_deleting=True, **claim)
        for place, address in enumerate(("10.9.0.9", "10.9.0.5")):
            await subnets.insert_fixed_ip(tx, second, subnet, address, place)
        keeper = await insert_port(tx, network, MAC + "4", project_id="")
        router = await insert_router(tx)
        stands = {"port_id": second, "fixed_address": "10.9.0.5", "router_id": router}
        await insert_floating_ip(tx, network, keeper, "172.24.4.5", **stands)
    async with db.read() as tx:
        found = await list_server_ports(tx, ["s", "none"])
        assert found["none"] == []
        one, two = found["s"]
        assert (one.port_id, one.created_for_server, one.fixed_ips) == (first, True, ())
        assert (two.port_id, two.created_for_server) == (second, False)
        assert two.fixed_ips == ((subnet, "10.9.0.9"), (subnet, "10.9.0.5"))
        assert two.floating_ips == (("172.24.4.5", "10.9.0.5"),)
        assert two.security_groups == ("a", "b")
        assert (two.network_name, two.mtu, two.host_id, two.status) == ("blue", 1450, "h", "ACTIVE")
        assert await list_server_ports(tx, []) == {}
