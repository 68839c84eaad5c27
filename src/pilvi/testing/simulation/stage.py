"""Where one scenario of the matrix is played: a world, a client, and what they have made so far."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pilvi.agent.disks.qcow2 import empty_qcow2
from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.model import KINDS, Promises, Thing
from pilvi.testing.simulation.network import Lost, Reply
from pilvi.testing.simulation.users import Ground
from pilvi.testing.simulation.world import World

# Virtual seconds until a preparation, where nothing fails, must be there.
PREPARED_S = 60.0
LOOK_S = 0.25
# Seconds between two tries of a request that nobody answered.
AGAIN_S = 1.0
TRIES = 40

SERVERS = "/compute/v2.1/servers"
VOLUMES = "/volume/v3/volumes"
NETWORK = "/network/v2.0"


class Unprepared(Exception):
    """A preparation did not come to its end although nothing failed."""


@dataclass
class Stage:
    """What the steps of a scenario are given."""

    world: World
    client: Client
    ground: Ground
    admin: Client
    promises: Promises = field(default_factory=Promises)
    ids: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Reply:
        """A request of a user who tries again for as long as nobody answers."""
        return await self.insist(self.client, method, path, body, **options)

    async def ask_as_admin(self, method: str, path: str, body: Any = None) -> Reply:
        """The same of an admin."""
        return await self.insist(self.admin, method, path, body)

    async def change_service(self, host: str, body: dict[str, Any]) -> None:
        """What an admin says of a host."""
        found = (await self.ask_as_admin("GET", "/compute/v2.1/os-services")).json()["services"]
        id = next(one["id"] for one in found if one["host"] == host)
        await self.ask_as_admin("PUT", f"/compute/v2.1/os-services/{id}", body)

    async def insist(
        self, client: Client, method: str, path: str, body: Any, **options: Any
    ) -> Reply:
        """A request that is tried again for as long as nobody answers it."""
        for _ in range(TRIES):
            try:
                reply = await client.call(method, path, body, **options)
            except Lost:
                await asyncio.sleep(AGAIN_S)
                continue
            if reply.status < 500 or reply.status == 501:
                return reply
            await asyncio.sleep(AGAIN_S)
        raise Lost(f"nobody answers {method} {path}")

    async def show(self, kind: str, key: str) -> Any:
        """A thing as the API shows it; None when it is gone."""
        reply = await self.call("GET", f"{KINDS[kind].path}/{self.ids[key]}")
        if reply.status == 404:
            return None
        return reply.json() if kind == "image" else reply.json()[KINDS[kind].key]

    async def make(self, kind: str, key: str, fields: dict[str, Any]) -> str:
        """A thing that is asked for, once, whatever becomes of the replies; its id."""
        row, name = KINDS[kind], f"{key}-of-the-matrix"
        # A request that comes late makes another of this name.
        self.promises.names[name] = kind
        body = {"name": name, **fields}
        reply = None
        for _ in range(TRIES):
            try:
                reply = await self.client.call(
                    "POST", row.path, body if kind == "image" else {row.key: body}
                )
            except Lost:
                reply = None
            if reply is not None and reply.status < 500:
                break
            await asyncio.sleep(AGAIN_S)
            if found := await self.find(kind, name):
                return self.keep(kind, key, found)
        if reply is None or not reply.is_success:
            raise Unprepared(f"cannot make the {kind} {key}: {reply and reply.body!r}")
        found = reply.json() if kind == "image" else reply.json()[row.key]
        return self.keep(kind, key, found["id"])

    async def find(self, kind: str, name: str) -> str | None:
        """The id of a thing that has a name."""
        row = KINDS[kind]
        found = (await self.call("GET", row.path)).json()[row.keys]
        return next((one["id"] for one in found if one.get("name") == name), None)

    def keep(self, kind: str, key: str, id: str) -> str:
        """Remember a thing that is there."""
        self.ids[key] = id
        self.promises.add(Thing(kind, id, key))
        return id

    async def wait(self, kind: str, key: str, *statuses: str) -> None:
        """Wait until a thing has one of some statuses and no task."""
        deadline = self.world.loop.time() + PREPARED_S
        found = None
        while self.world.loop.time() < deadline:
            found = await self.show(kind, key)
            if found is None and "gone" in statuses:
                return
            is_there = found is not None and found["status"] in statuses
            if is_there and not found.get("OS-EXT-STS:task_state"):
                return
            await asyncio.sleep(LOOK_S)
        raise Unprepared(f"the {kind} {key} does not become {statuses}: {found}")

    async def server(self, key: str = "server", **fields: Any) -> None:
        """A server that runs."""
        await self.ask_server(key, **fields)
        await self.wait("server", key, "ACTIVE")

    async def ask_server(self, key: str = "server", **fields: Any) -> None:
        """A server that was asked for."""
        body: dict[str, Any] = {
            "flavorRef": self.ground.flavors[0],
            "imageRef": self.ground.image_id,
            "networks": [{"uuid": self.ground.network_id}],
            **fields,
        }
        body = {name: value for name, value in body.items() if value is not None}
        await self.make("server", key, body)

    async def volume(self, key: str = "volume", **fields: Any) -> None:
        """A volume that is available."""
        await self.make("volume", key, {"size": 1, **fields})
        await self.wait("volume", key, "available")

    async def act(self, key: str, action: str, value: Any = None) -> None:
        """An action of a server that is accepted, perhaps by an earlier try."""
        await self.call("POST", f"{SERVERS}/{self.ids[key]}/action", {action: value})

    async def migrate(self) -> None:
        """The server to another host, as only an admin may."""
        path = f"{SERVERS}/{self.ids['server']}/action"
        await self.ask_as_admin("POST", path, {"migrate": None})

    async def act_on_volume(self, key: str, action: str, value: Any = None) -> Reply:
        """An action of a volume."""
        return await self.call("POST", f"{VOLUMES}/{self.ids[key]}/action", {action: value})

    async def attach(self) -> None:
        """The volume to the server."""
        path = f"{SERVERS}/{self.ids['server']}/os-volume_attachments"
        await self.call("POST", path, {"volumeAttachment": {"volumeId": self.ids["volume"]}})

    async def upload(self, key: str = "image") -> None:
        """The bytes of an image, sent again for as long as a try that was broken off holds it."""
        for _ in range(TRIES):
            await self.call("PUT", f"/image/v2/images/{self.ids[key]}/file", data=small_disk())
            image = await self.show("image", key)
            if image is None or image["status"] == "active":
                return
            await asyncio.sleep(AGAIN_S)

    async def delete(self, kind: str, key: str) -> None:
        """Ask for an end of something."""
        await self.call("DELETE", f"{KINDS[kind].path}/{self.ids[key]}")


def small_disk(size: int = 1 << 24) -> bytes:
    """An empty qcow2."""
    disk = bytearray()
    for offset, piece in empty_qcow2(size):
        disk += bytes(offset - len(disk)) + piece
    return bytes(disk)
