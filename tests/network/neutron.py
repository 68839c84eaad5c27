"""Short words for conversations with the network API."""

from dataclasses import dataclass
from typing import Any

from cloud import Cloud

ROOT = "/network/v2.0"


@dataclass
class Neutron:
    """The network API of one cloud."""

    cloud: Cloud

    async def get(self, path: str, user: str = "demo") -> Any:
        """The body of a successful GET."""
        reply = await self.cloud.call("GET", ROOT + path, user=user)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def make(self, collection: str, user: str = "demo", **fields: Any) -> dict[str, Any]:
        """A new resource, from its fields; a colon in a field's name is written `__`."""
        name = singular(collection)
        reply = await self.post(collection, user, **fields)
        assert reply.status_code == 201, reply.text
        made: dict[str, Any] = reply.json()[name]
        return made

    async def post(self, collection: str, user: str = "demo", **fields: Any) -> Any:
        """The reply to a POST of one resource."""
        body = {singular(collection): colons(fields)}
        return await self.cloud.call("POST", f"{ROOT}/{collection}", body, user=user)

    async def post_to(self, path: str, name: str, user: str = "demo", /, **fields: Any) -> Any:
        """The reply to a POST whose body has another name than its collection."""
        return await self.cloud.call("POST", f"{ROOT}/{path}", {name: fields}, user=user)

    async def put(self, collection: str, id: str, user: str = "demo", **fields: Any) -> Any:
        """The reply to a PUT of one resource."""
        body = {singular(collection): colons(fields)}
        return await self.cloud.call("PUT", f"{ROOT}/{collection}/{id}", body, user=user)

    async def delete(self, collection: str, id: str, user: str = "demo") -> int:
        """The status of a DELETE."""
        reply = await self.cloud.call("DELETE", f"{ROOT}/{collection}/{id}", user=user)
        return reply.status_code

    async def named(self, collection: str, name: str, user: str = "demo") -> dict[str, Any]:
        """The one resource of that name."""
        rows = (await self.get(f"/{collection}?name={name}", user))[collection.replace("-", "_")]
        assert len(rows) == 1, rows
        found: dict[str, Any] = rows[0]
        return found

    async def make_network(self, cidr: str, user: str = "demo", **fields: Any) -> tuple[Any, Any]:
        """A new network with one subnet."""
        network = await self.make("networks", user, **fields)
        subnet = await self.make("subnets", user, network_id=network["id"], cidr=cidr, ip_version=4)
        return network, subnet

    async def interface(self, verb: str, router_id: str, user: str = "demo", **body: Any) -> Any:
        """The reply to add_router_interface or remove_router_interface."""
        path = f"{ROOT}/routers/{router_id}/{verb}_router_interface"
        return await self.cloud.call("PUT", path, body, user=user)


def singular(collection: str) -> str:
    """The name of one resource of a collection in a body."""
    name = collection.replace("-", "_")
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def colons(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields with `__` for the colon that Python's names cannot have."""
    return {name.replace("__", ":"): value for name, value in fields.items()}


def fault(reply: Any) -> str:
    """The message of a Neutron fault."""
    message: str = reply.json()["NeutronError"]["message"]
    return message
