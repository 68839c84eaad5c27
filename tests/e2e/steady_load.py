"""Users of a cloud with two addresses: some operations a second, each tried until it is answered.

A user who gets no answer asks the other address, as a load balancer would, with the same
Idempotency-Key: what was asked for once must be there once, whoever answered.
"""

import asyncio
import itertools
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

# Seconds for which one operation is tried.
PATIENCE_S = 30.0
# Age of a server, in seconds, at which the load deletes it.
DELETE_AFTER_S = 3.0


@dataclass(frozen=True)
class Done:
    """One operation that was answered well."""

    what: str
    began: float
    ended: float
    tries: int


@dataclass
class SteadyLoad:
    """What was asked and acknowledged."""

    urls: list[str]
    token: str
    image_id: str
    network_id: str
    done: list[Done] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    servers: dict[str, float] = field(default_factory=dict)
    """Acknowledged and not deleted, by id, with the moment."""
    deleted: set[str] = field(default_factory=set)
    networks: set[str] = field(default_factory=set)
    _turn: Iterator[int] = field(default_factory=itertools.count)

    async def run(self, per_s: float, seconds: float) -> None:
        """Ask at a steady rate, and return once everything is answered."""
        limits = httpx.Limits(max_connections=200)
        async with (
            httpx.AsyncClient(timeout=10, trust_env=False, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            began = time.monotonic()
            for number in range(int(per_s * seconds)):
                await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))
                group.create_task(self._operate(http, number))

    async def _operate(self, http: httpx.AsyncClient, number: int) -> None:
        match number % 10:
            case 0:
                wish = {
                    "name": f"s{number}",
                    "imageRef": self.image_id,
                    "flavorRef": "p1.nano",
                    "networks": [{"uuid": self.network_id}],
                }
                path = "/compute/v2.1/servers"
                reply = await self._ask(http, "POST", path, {"server": wish})
                if reply is not None:
                    self.servers[reply.json()["server"]["id"]] = time.monotonic()
            case 2 | 6:
                wish = {"name": f"n{number}"}
                reply = await self._ask(http, "POST", "/network/v2.0/networks", {"network": wish})
                if reply is not None:
                    self.networks.add(reply.json()["network"]["id"])
            case 5:
                await self._delete_one(http)
            case _:
                await self._ask(http, "GET", "/compute/v2.1/servers/detail?limit=20")

    async def _delete_one(self, http: httpx.AsyncClient) -> None:
        old = time.monotonic() - DELETE_AFTER_S
        id = next((id for id, made in self.servers.items() if made < old), None)
        if id is None:
            return
        del self.servers[id]
        await self._ask(http, "DELETE", f"/compute/v2.1/servers/{id}")
        self.deleted.add(id)

    async def _ask(
        self, http: httpx.AsyncClient, method: str, path: str, body: Any = None
    ) -> httpx.Response | None:
        began = time.monotonic()
        headers = {"x-auth-token": self.token, "idempotency-key": uuid.uuid4().hex}
        headers["openstack-api-version"] = "compute 2.79"
        problem = ""
        for tries in itertools.count(1):
            url = self.urls[next(self._turn) % len(self.urls)] + path
            try:
                reply = await http.request(method, url, json=body, headers=headers)
            except httpx.TransportError as error:
                problem = type(error).__name__
            else:
                was_deleted = method == "DELETE" and tries > 1 and reply.status_code == 404
                if reply.is_success or was_deleted:
                    self.done.append(Done(method, began, time.monotonic(), tries))
                    return reply
                problem = f"{reply.status_code} {reply.text[:200]}"
                if reply.status_code < 500:
                    break
            if time.monotonic() - began > PATIENCE_S:
                break
            await asyncio.sleep(0.02)
        self.failed.append(f"{method} {path}: {problem}")
        return None
