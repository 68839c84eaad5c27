"""What compute asks of ports."""

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from fake_host import FakeAgent
from network.neutron import Neutron
from network.servers import launch, release, server_ports
from pilvi.errors import Conflict, Forbidden, InvalidRequest, PilviError, QuotaExceeded
from pilvi.network.model import NetworkRequest
from pilvi.network.operations import ports


async def check(
    neutron: Neutron,
    requests: list[NetworkRequest] | None,
    groups: list[str] | None = None,
    *,
    is_admin: bool = False,
) -> list[NetworkRequest]:
    """`check_requests` for demo."""
    project_id = neutron.cloud.project_ids["demo"]
    async with neutron.cloud.db.write() as tx:
        return await ports.check_requests(tx, project_id, requests, groups, is_admin=is_admin)


async def refused(neutron: Neutron, kind: type[PilviError], request: NetworkRequest) -> str:
    """The message of a refusal of that kind."""
    with pytest.raises(kind) as caught:
        await check(neutron, [request])
    return caught.value.message


async def test_no_choice_is_the_projects_one_network(neutron: Neutron) -> None:
    private = await neutron.named("networks", "private")
    assert await check(neutron, None) == [NetworkRequest(network_id=private["id"])]
    await neutron.make_network("10.9.0.0/24", name="second")
    with pytest.raises(Conflict) as caught:
        await check(neutron, None)
    assert "second" in caught.value.message
    assert await check(neutron, []) == []


async def test_without_a_network_of_its_own_a_project_uses_a_shared_one(neutron: Neutron) -> None:
    admin = neutron.cloud.project_ids["service"]
    async with neutron.cloud.db.write() as tx:
        assert await ports.check_requests(tx, admin, None, None, is_admin=False) == []
    shared, _ = await neutron.make_network("10.9.0.0/24", "admin", shared=True)
    async with neutron.cloud.db.write() as tx:
        found = await ports.check_requests(tx, admin, None, None, is_admin=False)
    assert found == [NetworkRequest(network_id=shared["id"])]


async def test_bad_requests_are_refused(neutron: Neutron) -> None:
    public = await neutron.named("networks", "public")
    bare = await neutron.make("networks")
    private = await neutron.named("networks", "private")
    hidden, _ = await neutron.make_network("10.9.0.0/24", "admin")
    foreign = await neutron.make("ports", "admin", network_id=hidden["id"])
    mine = await neutron.make("ports", network_id=private["id"])
    used = await neutron.make("ports", network_id=private["id"], device_id="something")
    address = mine["fixed_ips"][0]["ip_address"]
    await refused(neutron, InvalidRequest, NetworkRequest(network_id="nobody"))
    await refused(neutron, InvalidRequest, NetworkRequest(network_id=hidden["id"]))
    await refused(neutron, Forbidden, NetworkRequest(network_id=public["id"]))
    await refused(neutron, InvalidRequest, NetworkRequest(network_id=bare["id"]))
    await refused(neutron, InvalidRequest, NetworkRequest(port_id=foreign["id"]))
    await refused(neutron, Conflict, NetworkRequest(port_id=used["id"]))
    wish = NetworkRequest(network_id=private["id"], fixed_ip=address)
    assert address in await refused(neutron, InvalidRequest, wish)
    wish = NetworkRequest(network_id=private["id"], fixed_ip="192.0.2.1")
    await refused(neutron, InvalidRequest, wish)
    same = NetworkRequest(port_id=mine["id"])
    with pytest.raises(InvalidRequest):
        await check(neutron, [same, same])
    assert await check(neutron, [same]) == [same]


async def test_security_groups_are_found_by_name_and_id(neutron: Neutron) -> None:
    private = await neutron.named("networks", "private")
    wish = [NetworkRequest(network_id=private["id"])]
    group = await neutron.make("security-groups", name="web")
    await neutron.make("security-groups", "admin", name="theirs")
    assert await check(neutron, wish, ["default", "web", group["id"]]) == wish
    with pytest.raises(InvalidRequest):
        await check(neutron, wish, ["theirs"])
    await neutron.make("security-groups", name="web")
    with pytest.raises(Conflict):
        await check(neutron, wish, ["web"])
    assert await check(neutron, wish, [group["id"]]) == wish


async def test_claimed_ports_are_the_servers_and_a_claim_can_be_repeated(neutron: Neutron) -> None:
    server_id, (port,) = await launch(neutron, None)
    assert (port.device_id, port.device_owner) == (server_id, "compute:nova")
    assert port.hostname == "guest" and len(port.fixed_ips) == 1
    _, again = await launch(neutron, None, server_id=server_id)
    assert [one.id for one in again] == [port.id]
    (shown,) = await server_ports(neutron, server_id)
    assert shown.fixed_ips == ((port.fixed_ips[0].subnet_id, port.addresses[0]),)
    assert shown.network_name == "private" and shown.security_groups == ("default",)
    assert (shown.mtu, shown.status, shown.floating_ips) == (1450, "DOWN", ())


async def test_cards_keep_the_order_of_the_requests(neutron: Neutron) -> None:
    second, _ = await neutron.make_network("10.9.0.0/24")
    private = await neutron.named("networks", "private")
    own = await neutron.make("ports", network_id=private["id"])
    server_id, claimed = await launch(
        neutron,
        None,
        NetworkRequest(network_id=second["id"], fixed_ip="10.9.0.44"),
        NetworkRequest(port_id=own["id"]),
        NetworkRequest(network_id=second["id"]),
    )
    assert [port.network_id for port in claimed] == [second["id"], private["id"], second["id"]]
    assert claimed[0].addresses == ["10.9.0.44"] and claimed[1].id == own["id"]
    async with neutron.cloud.db.read() as tx:
        document = await ports.network_data(tx, server_id)
    assert [link["vif_id"] for link in document["links"]] == [port.id for port in claimed]
    assert {network["type"] for network in document["networks"]} == {"ipv4_dhcp"}


async def test_what_a_tenant_writes_into_device_id_gives_it_nothing(neutron: Neutron) -> None:
    server_id, (port,) = await launch(neutron, None)
    network, _ = await neutron.make_network("10.9.0.0/24", "admin")
    wish = {"network_id": network["id"], "device_id": server_id, "device_owner": "compute:nova"}
    await neutron.make("ports", "admin", **wish)
    shown = await server_ports(neutron, server_id)
    assert [one.port_id for one in shown] == [port.id]


async def test_a_claim_over_the_quota_leaves_nothing(neutron: Neutron) -> None:
    project = neutron.cloud.project_ids["demo"]
    before = (await neutron.get("/ports"))["ports"]
    await neutron.put("quotas", project, "admin", port=len(before) + 1)
    private = await neutron.named("networks", "private")
    wish = NetworkRequest(network_id=private["id"])
    with pytest.raises(QuotaExceeded):
        await launch(neutron, None, wish, wish)
    assert len((await neutron.get("/ports"))["ports"]) == len(before)


async def test_release_takes_what_was_made_and_frees_what_was_there(
    neutron: Neutron, agent: FakeAgent
) -> None:
    private = await neutron.named("networks", "private")
    own = await neutron.make("ports", network_id=private["id"], name="mine")
    wishes = NetworkRequest(network_id=private["id"]), NetworkRequest(port_id=own["id"])
    server_id, claimed = await launch(neutron, agent.host.id, *wishes)
    await neutron.cloud.settle()
    assert not await release(neutron, server_id)
    await neutron.cloud.settle()
    assert await release(neutron, server_id)
    assert await release(neutron, server_id)
    shown = (await neutron.get("/ports?device_owner="))["ports"]
    assert [port["name"] for port in shown] == ["mine"]
    assert shown[0]["device_id"] == "" and shown[0]["status"] == "DOWN"
    again, _ = await launch(neutron, agent.host.id, NetworkRequest(port_id=own["id"]))
    assert [one.port_id for one in await server_ports(neutron, again)] == [own["id"]]
    assert claimed[0].id not in {port["id"] for port in (await neutron.get("/ports"))["ports"]}


async def test_ports_come_and_go_on_a_server_that_runs(neutron: Neutron, agent: FakeAgent) -> None:
    server_id, (first,) = await launch(neutron, agent.host.id)
    private = await neutron.named("networks", "private")
    own = await neutron.make("ports", network_id=private["id"])
    async with neutron.cloud.db.write() as tx:
        for _ in range(2):
            await ports.attach_port(tx, server_id, own["id"])
        made = await ports.add_port(
            tx,
            server_id=server_id,
            project_id=neutron.cloud.project_ids["demo"],
            hostname="guest",
            request=NetworkRequest(network_id=private["id"]),
        )
        await ports.bind_ports(tx, server_id, agent.host.id)
    await neutron.cloud.settle()
    shown = await server_ports(neutron, server_id)
    assert [one.port_id for one in shown] == [first.id, own["id"], made.id]
    assert {one.status for one in shown} == {"ACTIVE"}
    async with neutron.cloud.db.write() as tx:
        assert not await ports.detach_port(tx, server_id, own["id"])
    await neutron.cloud.settle()
    async with neutron.cloud.db.write() as tx:
        assert await ports.detach_port(tx, server_id, own["id"])
        assert await ports.detach_port(tx, server_id, own["id"])
    assert len(await server_ports(neutron, server_id)) == 2
    assert (await neutron.get(f"/ports/{own['id']}"))["port"]["device_id"] == ""
    with pytest.raises(Conflict):
        async with neutron.cloud.db.write() as tx:
            await ports.attach_port(tx, "another", first.id)


async def test_a_servers_port_is_not_replugged_through_the_network_api(
    neutron: Neutron, agent: FakeAgent
) -> None:
    _, (port,) = await launch(neutron, agent.host.id)
    for field in ({"device_id": ""}, {"device_owner": "x"}):
        assert (await neutron.put("ports", port.id, **field)).status_code == 409
    moved = await neutron.put("ports", port.id, "admin", binding__host_id="elsewhere")
    assert moved.status_code == 409


async def test_a_launch_costs_few_statements(neutron: Neutron, agent: FakeAgent) -> None:
    server_id, _ = await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await launch(neutron, agent.host.id)
        in_request = len(seen)
        await neutron.cloud.settle()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    # Reading `private` and its token is in it; the host looks for news now and then after that.
    assert in_request < 45
    changes = [text for text in seen if text.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(changes) < 45
    assert len(await server_ports(neutron, server_id)) == 1
