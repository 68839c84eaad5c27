"""Talking to block storage: requests, and hosts that answer their wishes."""

import asyncio
from typing import Any

import httpx

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.reconcilers.volume import VolumeReconciler

ROOT = "/volume/v3"
LATEST = {"openstack-api-version": "volume 3.71"}


async def call(
    cloud: Cloud, method: str, path: str, json: Any = None, **options: Any
) -> httpx.Response:
    return await cloud.call(method, ROOT + path, json, headers=LATEST, **options)


async def create(cloud: Cloud, host: FakeHost | None = None, **fields: Any) -> dict[str, Any]:
    """A volume; available when a host is given."""
    reply = await call(cloud, "POST", "/volumes", {"volume": {"size": 1, **fields}})
    assert reply.status_code == 202, reply.text
    made: dict[str, Any] = reply.json()["volume"]
    if host is None:
        return made
    await settle(cloud, host)
    return await show(cloud, made["id"])


async def show(cloud: Cloud, id: str, **options: Any) -> dict[str, Any]:
    reply = await call(cloud, "GET", f"/volumes/{id}", **options)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()["volume"]
    return found


def message(reply: httpx.Response, status: int, name: str) -> str:
    """The fault's message, in Cinder's format."""
    body = reply.json()
    assert (reply.status_code, list(body), body[name]["code"]) == (status, [name], status)
    text: str = body[name]["message"]
    assert text.startswith("cannot ")
    return text


async def settle(cloud: Cloud, host: FakeHost) -> None:
    """Let reconcilers and host come to an end."""
    reconciler = VolumeReconciler(cloud.db, cloud.settings)
    for _ in range(3):
        for id in await reconciler.list_unsettled():
            await reconciler.reconcile(id)
        await host.serve_volumes()
    for id in await reconciler.list_unsettled():
        await reconciler.reconcile(id)


async def make(cloud: Cloud, path: str, kind: str, user: str = "demo", **fields: Any) -> Any:
    """A new thing of a collection, as it is once its host has answered."""
    reply = await call(cloud, "POST", path, {kind: fields}, user=user)
    assert reply.is_success, reply.text
    return await wait(cloud, f"{path}/{reply.json()[kind]['id']}", kind, user)


async def wait(cloud: Cloud, path: str, kind: str, user: str = "demo") -> Any:
    """A thing once it is not on its way any more; None when it is gone."""
    async with asyncio.timeout(10):
        while True:
            reply = await call(cloud, "GET", path, user=user)
            if reply.status_code == 404:
                return None
            found = reply.json()[kind]
            if found.get("status") not in MOVING:
                return found
            await asyncio.sleep(0.01)


MOVING = (
    "creating",
    "deleting",
    "extending",
    "reverting",
    "restoring",
    "restoring-backup",
    "backing-up",
    "uploading",
    "downloading",
)
