"""What users wish of networks, ports, routers, addresses and security groups."""

from typing import Any

from pilvi.testing.simulation.model import KINDS, Gone, Thing
from pilvi.testing.simulation.users import User


async def create_network(user: User) -> None:
    """A network with a subnet."""
    for network in await user.create("network", {"name": user.name()}):
        fields = {
            "name": user.name(),
            "network_id": network.id,
            "ip_version": 4,
            "cidr": f"10.{user.chance.randint(1, 250)}.{user.chance.randint(0, 255)}.0/28",
        }
        for subnet in await user.create("subnet", fields):
            subnet.parent = network


async def create_port(user: User) -> None:
    """A port that nobody has yet."""
    network = user.pick("network")
    network_id = user.ground.network_id if network is None else network.id
    await user.create("port", {"name": user.name(), "network_id": network_id})


async def attach_interface(user: User) -> None:
    """Give a server a port, a new one or one that is there."""
    server, port = user.pick("server"), user.pick("port")
    if server is None:
        return
    wish: dict[str, str] = {}
    if port is not None and user.chance.random() < 0.6:
        wish = {"port_id": port.id}
    path = f"/compute/v2.1/servers/{server.id}/os-interface"
    await user.client.call("POST", path, {"interfaceAttachment": wish})


async def detach_interface(user: User) -> None:
    """Take a server one of its ports."""
    server = user.pick("server")
    if server is None:
        return
    path = f"/compute/v2.1/servers/{server.id}/os-interface"
    reply = await user.client.call("GET", path)
    found = reply.json().get("interfaceAttachments", []) if reply.is_success else []
    if found:
        port_id = user.chance.choice(found)["port_id"]
        for port in user.promises.things:
            if port.id == port_id:
                port.gone = Gone.MAYBE if port.gone is Gone.NO else port.gone
        await user.client.call("DELETE", f"{path}/{port_id}")


async def create_router(user: User) -> None:
    """A router to the outside."""
    gateway = {"network_id": user.ground.external_id}
    await user.create("router", {"name": user.name(), "external_gateway_info": gateway})


async def change_interface(user: User) -> None:
    """Plug a router into a subnet, or out of it."""
    router, subnet = user.pick("router"), user.pick("subnet")
    if router is not None and subnet is not None:
        verb = user.chance.choice(("add", "add", "remove"))
        path = f"/network/v2.0/routers/{router.id}/{verb}_router_interface"
        await user.client.call("PUT", path, {"subnet_id": subnet.id})


async def create_floating_ip(user: User) -> None:
    """An address from outside, for a port or for nobody yet."""
    name = user.name()
    wish: dict[str, Any] = {"floating_network_id": user.ground.external_id, "description": name}
    port = user.pick("port")
    if port is not None and user.chance.random() < 0.5:
        wish["port_id"] = port.id
    reply = await user.client.call("POST", KINDS["floatingip"].path, {"floatingip": wish})
    if reply.is_success:
        user.promises.add(Thing("floatingip", reply.json()["floatingip"]["id"], name))


async def move_floating_ip(user: User) -> None:
    """Lead an address to another port, or to none."""
    floating, port = user.pick("floatingip"), user.pick("port")
    if floating is not None:
        to = port.id if port is not None and user.chance.random() < 0.7 else None
        path = f"{KINDS['floatingip'].path}/{floating.id}"
        await user.client.call("PUT", path, {"floatingip": {"port_id": to}})


async def change_groups(user: User) -> None:
    """A security group with a rule, and a port that has it."""
    port = user.pick("port")
    for group in await user.create("security_group", {"name": user.name()}):
        rule = {
            "security_group_id": group.id,
            "direction": "ingress",
            "protocol": "tcp",
            "port_range_min": 22,
            "port_range_max": 22,
            "remote_group_id": group.id,
        }
        path = "/network/v2.0/security-group-rules"
        await user.client.call("POST", path, {"security_group_rule": rule})
        if port is not None:
            body = {"port": {"security_groups": [group.id]}}
            await user.client.call("PUT", f"{KINDS['port'].path}/{port.id}", body)
