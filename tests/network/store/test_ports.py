"""Rows of ports."""

import pytest

from network.inserts import insert_group, insert_network, insert_port, insert_router, insert_subnet
from pilvi.core.db import Database
from pilvi.errors import Conflict
from pilvi.network.model.port import DHCP, ROUTER_GATEWAY, PortStatus
from pilvi.network.store import ports, subnets
from pilvi.network.store.listing import Listing

MAC = "fa:16:3e:00:00:0"


async def test_a_port_is_read_with_addresses_and_groups(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        subnet = await insert_subnet(tx, network)
        groups = (await insert_group(tx, "a"), await insert_group(tx, "b"))
        id = await insert_port(tx, network, MAC + "1", groups, address_pairs=[("", "10.0.0.9")])
        await subnets.insert_fixed_ip(tx, id, subnet, "10.9.0.9", 0)
        await subnets.insert_fixed_ip(tx, id, subnet, "10.9.0.5", 1)
        port = await ports.get_port(tx, id, "p")
        assert port.addresses == ["10.9.0.9", "10.9.0.5"]
        assert set(port.group_ids) == set(groups) and port.address_pairs == [("", "10.0.0.9")]
        await ports.replace_groups(tx, id, [groups[0]])
        assert (await ports.get_port(tx, id, "p")).group_ids == (groups[0],)
        await ports.delete_port(tx, id)
        await ports.delete_port(tx, id)
        assert await ports.find_port(tx, id) is None


async def test_a_mac_is_unique_on_a_network_and_a_claim_on_a_server(db: Database) -> None:
    async with db.write() as tx:
        one, two = await insert_network(tx, 1), await insert_network(tx, 2)
        await insert_port(tx, one, MAC + "1", server_id="s", claim_order=0)
        await insert_port(tx, two, MAC + "1")
        assert await ports.list_taken_macs(tx, one, [MAC + "1", MAC + "2"]) == {MAC + "1"}
    for mac, claim in ((MAC + "1", 1), (MAC + "3", 0)):
        with pytest.raises(Conflict):
            async with db.write() as tx:
                await insert_port(tx, one, mac, server_id="s", claim_order=claim)


async def test_lists_for_reconcilers(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        router = await insert_router(tx)
        guest = await insert_port(tx, network, MAC + "1", host_id="a", held_host_id="b")
        going = await insert_port(tx, network, MAC + "2", is_deleting=True, held_host_id="c")
        dhcp = await insert_port(tx, network, MAC + "3", device_owner=DHCP)
        leg = {"device_owner": ROUTER_GATEWAY, "device_id": router, "router_id": router}
        gateway = await insert_port(tx, network, MAC + "4", **leg)
        assert await ports.list_hosts_of_network(tx, network) == {"a", "b", "c"}
        there = await ports.list_ports_of_network(tx, network)
        assert {port.id for port in there} == {guest, dhcp, gateway}
        found = await ports.find_dhcp_port(tx, network)
        assert found is not None and found.id == dhcp
        assert {r: p.id for r, p in (await ports.list_gateways(tx, [router])).items()} == {
            router: gateway
        }
        assert set(await ports.list_unapplied(tx)) == {guest, going}
        port = await ports.get_port(tx, guest, None)
        assert await ports.update_observed(tx, port, PortStatus.ACTIVE, "", 1)
        port = await ports.get_port(tx, guest, None)
        assert not await ports.update_observed(tx, port, PortStatus.ACTIVE, "", 1)
        assert await ports.list_unapplied(tx) == [going]


async def test_filters_by_address_and_group(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        subnet = await insert_subnet(tx, network)
        group = await insert_group(tx, "a")
        id = await insert_port(tx, network, MAC + "a", (group,))
        await subnets.insert_fixed_ip(tx, id, subnet, "10.9.0.55")
        other = await insert_port(tx, network, MAC + "2", project_id="q")
        for values in (
            {"fixed_ips": ["ip_address=10.9.0.55", f"subnet_id={subnet}"]},
            {"fixed_ips": ["ip_address_substr=.0.5"]},
            {"security_groups": [group]},
            {"mac_address": [(MAC + "A").upper()]},
        ):
            found, _ = await ports.list_ports(tx, Listing(project_id=None, values=values))
            assert [port.id for port in found] == [id], values
        values = {"fixed_ips": ["ip_address_substr=_._"]}
        found, _ = await ports.list_ports(tx, Listing(project_id=None, values=values))
        assert found == []
        # The owner of the network sees the ports of others on it.
        seen, _ = await ports.list_ports(tx, Listing(project_id="p"))
        assert {port.id for port in seen} == {id, other}
        seen, _ = await ports.list_ports(tx, Listing(project_id="q"))
        assert {port.id for port in seen} == {other}
        assert await ports.list_foreign_projects(tx, network, "p") == {"q"}


async def test_only_a_servers_claim_makes_it_known(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        await insert_port(tx, network, MAC + "1", device_id="server")
        assert not await ports.is_server_of_another(tx, "server", "q")
        await insert_port(tx, network, MAC + "2", server_id="server", claim_order=0)
        assert await ports.is_server_of_another(tx, "server", "q")
        assert not await ports.is_server_of_another(tx, "server", "p")
        await ports.update_ports_of_server(tx, "server", host_id="h")
        claimed = await ports.list_ports_of_server(tx, "server")
        assert [port.host_id for port in claimed] == ["h"]
