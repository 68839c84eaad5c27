"""Scenarios in which somebody outside has a part: a guest, or a server on the web."""

import asyncio

from pilvi.agent.ports.steps import Posted
from pilvi.testing.simulation.scenario import Scenario
from pilvi.testing.simulation.stage import SERVERS, Stage
from pilvi.testing.simulation.strangers import BUSY, WHOLE

# What a guest has encrypted for its owner, and how often it posts that at most.
PASSWORD = "c2VjcmV0"  # noqa: S105  # sealed by the guest, of whatever bytes
POSTS_MAX = 60
# Seconds after which a download that failed has not been tried for the last time.
SOON_S = 0.5
_IMAGE = ("image", "image")


async def _add_image(stage: Stage) -> None:
    await stage.make("image", "image", {"disk_format": "qcow2", "container_format": "bare"})


async def _import(stage: Stage) -> None:
    await _fetch(stage, WHOLE)


async def _delete_unfetched(stage: Stage) -> None:
    """An image whose server does not answer yet is not wanted any more."""
    await _fetch(stage, BUSY)
    await asyncio.sleep(SOON_S)
    await stage.delete("image", "image")


async def _delete_unfetched_of_task(stage: Stage) -> None:
    """The same of one that was asked for as a task."""
    stage.promises.names["of the task"] = "image"
    fields = {
        "name": "of the task",
        "disk_format": "qcow2",
        "container_format": "bare",
        "owner": (await stage.show("image", "image"))["owner"],
    }
    wish = {"import_from": BUSY, "import_from_format": "qcow2", "image_properties": fields}
    await stage.ask_as_admin("POST", "/image/v2/tasks", {"type": "import", "input": wish})
    stage.keep("image", "fetched", str(await stage.find("image", "of the task")))
    await asyncio.sleep(SOON_S)
    await stage.delete("image", "fetched")


async def _fetch(stage: Stage, uri: str) -> None:
    path = f"/image/v2/images/{stage.ids['image']}/import"
    await stage.call("POST", path, {"method": {"name": "web-download", "uri": uri}})


async def _post_password(stage: Stage) -> None:
    """A guest posts its password until it is answered."""
    path = f"{SERVERS}/{stage.ids['server']}"
    for _ in range(POSTS_MAX):
        reply = await stage.call("GET", path)
        if reply.status == 404 or await _has_password(stage) == "":
            return
        addresses = reply.json()["server"]["addresses"].values()
        for host in stage.world.hosts.values():
            ports = host.hardware.drivers.ports
            for one in (one for some in addresses for one in some):
                posted = Posted(stage.ground.network_id, one["addr"], PASSWORD)
                is_here = stage.ids["server"] in host.hardware.drivers.vms.vms
                if is_here and posted not in ports.posted:
                    ports.posted.append(posted)
        await asyncio.sleep(1.0)


async def _has_password(stage: Stage) -> str:
    reply = await stage.call("GET", f"{SERVERS}/{stage.ids['server']}/os-server-password")
    found = reply.json().get("password")
    return "" if found == PASSWORD else f"the password is {found!r}"


OUTSIDER_SCENARIOS = [
    Scenario("import an image from the web", _add_image, _import, {_IMAGE: ("active",)},
             subject=_IMAGE),
    Scenario("delete an image that waits for its server", _add_image, _delete_unfetched,
             {_IMAGE: ("gone",)}, subject=_IMAGE),
    Scenario("delete an image that a task waits for", _add_image, _delete_unfetched_of_task,
             {("image", "fetched"): ("gone",)}, subject=("image", "fetched")),
    Scenario("a guest that posts its password", lambda stage: stage.server(), _post_password,
             {("server", "server"): ("ACTIVE",)}, _has_password),
]  # fmt: skip
"""Every operation of theirs that converges."""
