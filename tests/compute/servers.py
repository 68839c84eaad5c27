"""Short ways to speak about servers in conversations."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from cloud import Cloud
from fake_host import FakeAgent

ROOT = "/compute/v2.1"
NEWEST = "2.104"
# Seconds for what comes by itself. Lower: a busy machine fails tests; higher: late to fail.
SOON_S = 30.0


async def until(check: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(SOON_S):
        while not check():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)


@dataclass
class ComputeCloud:
    """A cloud, its one host, and an image that every flavor can hold."""

    cloud: Cloud
    agent: FakeAgent
    image_id: str

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        version: str | None = NEWEST,
        user: str = "demo",
    ) -> httpx.Response:
        """One request to compute at a version."""
        headers = {} if version is None else {"openstack-api-version": f"compute {version}"}
        return await self.cloud.call(method, ROOT + path, json, user=user, headers=headers)

    async def post_server(
        self, *, version: str = NEWEST, user: str = "demo", **fields: Any
    ) -> httpx.Response:
        """Ask for a server of the smallest flavor."""
        body = {"name": "one", "imageRef": self.image_id, "flavorRef": "p1.nano", **fields}
        if int(version.partition(".")[2]) >= 37:
            body.setdefault("networks", "auto")
        body = {name: value for name, value in body.items() if value is not None}
        return await self.call("POST", "/servers", {"server": body}, version=version, user=user)

    async def create(self, **fields: Any) -> str:
        """A server that was accepted; its id."""
        reply = await self.post_server(**fields)
        assert reply.status_code == 202, reply.text
        id: str = reply.json()["server"]["id"]
        return id

    async def show(self, id: str, *, version: str = NEWEST, user: str = "demo") -> dict[str, Any]:
        """A server as the API shows it."""
        reply = await self.call("GET", f"/servers/{id}", version=version, user=user)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()["server"]
        return found

    async def wait(self, id: str, status: str, *, idle: bool = True) -> dict[str, Any]:
        """The server once it has a status (and no task)."""
        async with asyncio.timeout(SOON_S):
            while True:
                server = await self.show(id)
                is_idle = not idle or server["OS-EXT-STS:task_state"] is None
                if server["status"] == status and is_idle:
                    return server
                assert server["status"] != "ERROR" or status == "ERROR", server.get("fault")
                await asyncio.sleep(0.01)

    async def active(self, **fields: Any) -> str:
        """A server that runs; its id."""
        id = await self.create(**fields)
        await self.wait(id, "ACTIVE")
        return id

    async def act(self, id: str, action: str, value: Any = None, **options: Any) -> httpx.Response:
        """Do an action."""
        return await self.call("POST", f"/servers/{id}/action", {action: value}, **options)

    async def delete(self, id: str) -> None:
        """Delete a server and wait until it is gone."""
        reply = await self.call("DELETE", f"/servers/{id}")
        assert reply.status_code == 204, reply.text
        await self.gone(id)

    async def gone(self, id: str) -> None:
        """Wait until a server is gone."""
        async with asyncio.timeout(SOON_S):
            while True:
                if (await self.call("GET", f"/servers/{id}")).status_code == 404:
                    return
                await asyncio.sleep(0.01)

    async def create_volume(self, size: int = 1) -> str:
        """A volume that is available; its id."""
        body = {"volume": {"size": size}}
        reply = await self.cloud.call("POST", "/volume/v3/volumes", body)
        assert reply.status_code == 202, reply.text
        id: str = reply.json()["volume"]["id"]
        await self.volume_is(id, "available")
        return id

    async def volume_is(self, id: str, status: str) -> dict[str, Any]:
        """Wait until a volume has a status."""
        async with asyncio.timeout(SOON_S):
            while True:
                reply = await self.cloud.call("GET", f"/volume/v3/volumes/{id}")
                volume: dict[str, Any] = reply.json().get("volume", {"status": "gone"})
                if volume["status"] == status:
                    return volume
                await asyncio.sleep(0.01)
