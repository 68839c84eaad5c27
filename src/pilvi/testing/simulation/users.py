"""Users who do what comes to their minds, in every state, and note what they were promised."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pilvi.agent.disks.qcow2 import empty_qcow2
from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.model import KINDS, Gone, Promises, Thing
from pilvi.testing.simulation.network import LATE_S_MAX, PATIENCE_S, Lost, Reply
from pilvi.testing.simulation.server_wishes import ACTIONS
from pilvi.testing.simulation.strangers import URIS

# Seconds after which a request that was given up cannot arrive any more.
UNSURE_S = LATE_S_MAX + PATIENCE_S[1] + 1.0

Wish = Callable[["User"], Awaitable[None]]


@dataclass
class Ground:
    """What every project finds in the cloud."""

    image_id: str
    flavors: list[str]
    network_id: str
    external_id: str


@dataclass
class User:
    """One user; several share a project and what is in it."""

    client: Client
    chance: random.Random
    promises: Promises
    ground: Ground
    now: Callable[[], float]
    _number: int = field(init=False, default=0)

    async def live(self, until: float, pause_s: float, wishes: list[Wish]) -> None:
        """Do one thing after another."""
        while self.now() < until:
            await asyncio.sleep(self.chance.expovariate(1 / pause_s))
            try:
                await self.chance.choice(wishes)(self)
            except Lost:
                continue

    def name(self) -> str:
        """A name that nobody used before."""
        self._number += 1
        return f"{self.client.name}-{self._number}"

    def pick(self, kind: str) -> Thing | None:
        """Something of a kind that may be there; now and then something that is going."""
        found = [one for one in self.promises.things if one.kind == kind]
        if self.chance.random() < 0.9:
            found = [one for one in found if one.gone is Gone.NO]
        # What was made last is changed most: it may still be on its way.
        return self.chance.choice(found[-4:]) if found else None

    async def create(self, kind: str, fields: Any, states: set[str] | None = None) -> list[Thing]:
        """Ask for a new thing."""
        row, name = KINDS[kind], fields["name"]
        self.promises.names[name] = kind
        body = fields if kind == "image" else {row.key: fields}
        reply = await self.client.call("POST", row.path, body)
        if not reply.is_success:
            return []
        del self.promises.names[name]
        found = reply.json()
        made = found if kind == "image" else found[row.key]
        if "min_count" in fields:
            self.promises.names[name] = kind
        return [self.promises.add(Thing(kind, made["id"], name, states=states))]

    async def delete(self, kind: str) -> None:
        """Delete something, in whatever state it is."""
        thing = self.pick(kind)
        if thing is not None:
            await self.remove(thing)

    async def remove(self, thing: Thing) -> Reply:
        """Delete one thing."""
        path = f"{KINDS[thing.kind].path}/{thing.id}"
        before = thing.gone
        if before is Gone.NO:
            thing.gone = Gone.MAYBE
        for part in self.promises.things:
            if part.parent is thing and part.gone is Gone.NO:
                part.gone = Gone.MAYBE
        reply = await self.client.call("DELETE", path)
        if reply.is_success or reply.status == 404:
            thing.gone = Gone.YES
        elif reply.status < 500 and before is Gone.NO and not reply.comes_again:
            thing.gone = Gone.NO
        return reply

    async def act(self, thing: Thing, body: Any, states: set[str] | None = None) -> Reply:
        """Do an action of a server or a volume."""
        thing.asked += 1
        number, was_alone = thing.asked, thing.asking == 0
        thing.asking += 1
        path = f"{KINDS[thing.kind].path}/{thing.id}/action"
        status = 500
        try:
            reply = await self.client.call("POST", path, body)
            status = reply.status
        finally:
            thing.asking -= 1
            if status >= 500:
                # It may have been taken, or be taken later.
                thing.unsure_until, thing.states = self.now() + UNSURE_S, None
        if status < 500 and (not was_alone or thing.asked != number):
            # Another action was asked for meanwhile: which of them came last, nobody knows.
            thing.states = None
        elif reply.is_success:
            thing.wish(self.now(), *(states or ()))
        return reply


async def create_server(user: User) -> None:
    """One server or a few, on an image or a volume."""
    chance, ground = user.chance, user.ground
    networks: Any = [{"uuid": ground.network_id}]
    own = user.pick("network")
    if own is not None and chance.random() < 0.4:
        networks = [{"uuid": own.id}]
    fields: dict[str, Any] = {
        "name": user.name(),
        "flavorRef": chance.choice(ground.flavors[:2]),
        "networks": networks,
    }
    if chance.random() < 0.7:
        fields["imageRef"] = ground.image_id
    else:
        fields["block_device_mapping_v2"] = [
            {
                "boot_index": 0,
                "uuid": ground.image_id,
                "source_type": "image",
                "destination_type": "volume",
                "volume_size": 1,
                "delete_on_termination": chance.random() < 0.5,
            }
        ]
    if chance.random() < 0.2:
        fields |= {"min_count": 2, "max_count": 3}
    await user.create("server", fields, {"ACTIVE"})


async def act_on_server(user: User) -> None:
    """Any action, in any state."""
    server = user.pick("server")
    if server is None:
        return
    body, states = user.chance.choice(ACTIONS)(user.chance, user.ground)
    await user.act(server, body, states)


async def snapshot_server(user: User) -> None:
    """Make an image of a server."""
    server = user.pick("server")
    if server is None:
        return
    name = user.name()
    user.promises.names[name] = "image"
    reply = await user.client.call(
        "POST", f"/compute/v2.1/servers/{server.id}/action", {"createImage": {"name": name}}
    )
    if reply.is_success:
        user.promises.add(Thing("image", reply.json()["image_id"], name, Gone.MAYBE))


async def create_volume(user: User) -> None:
    """Empty, or a copy of an image, a snapshot or a volume."""
    fields: dict[str, Any] = {"name": user.name(), "size": user.chance.choice((1, 1, 2))}
    match user.chance.randrange(4):
        case 1:
            fields["imageRef"] = user.ground.image_id
        case 2 if snapshot := user.pick("snapshot"):
            fields["snapshot_id"], fields["size"] = snapshot.id, 3
        case 3 if volume := user.pick("volume"):
            fields["source_volid"], fields["size"] = volume.id, 3
    await user.create("volume", fields)


async def attach_volume(user: User) -> None:
    """Give a server a volume."""
    server, volume = user.pick("server"), user.pick("volume")
    if server is not None and volume is not None:
        path = f"/compute/v2.1/servers/{server.id}/os-volume_attachments"
        body = {"volumeAttachment": {"volumeId": volume.id}}
        await user.client.call("POST", path, body)


async def detach_volume(user: User) -> None:
    """Take a server one of its volumes."""
    server = user.pick("server")
    if server is None:
        return
    path = f"/compute/v2.1/servers/{server.id}/os-volume_attachments"
    reply = await user.client.call("GET", path)
    found = reply.json().get("volumeAttachments", []) if reply.is_success else []
    if found:
        await user.client.call("DELETE", f"{path}/{user.chance.choice(found)['volumeId']}")


async def extend_volume(user: User) -> None:
    """Grow a volume."""
    volume = user.pick("volume")
    if volume is not None:
        await user.act(volume, {"os-extend": {"new_size": user.chance.randint(2, 5)}})


async def upload_volume(user: User) -> None:
    """Make an image of a volume."""
    volume = user.pick("volume")
    if volume is None:
        return
    name = user.name()
    wish = {"image_name": name, "disk_format": "raw", "container_format": "bare", "force": True}
    user.promises.names[name] = "image"
    reply = await user.act(volume, {"os-volume_upload_image": wish})
    if reply.is_success:
        found = reply.json()["os-volume_upload_image"]
        user.promises.add(Thing("image", found["image_id"], name, Gone.MAYBE))


async def revert_volume(user: User) -> None:
    """Put a volume back to a snapshot."""
    volume, snapshot = user.pick("volume"), user.pick("snapshot")
    if volume is not None and snapshot is not None:
        await user.act(volume, {"revert": {"snapshot_id": snapshot.id}})


async def create_snapshot(user: User) -> None:
    """A snapshot of a volume."""
    volume = user.pick("volume")
    if volume is not None:
        wish = {"name": user.name(), "volume_id": volume.id, "force": True}
        await user.create("snapshot", wish)


async def create_backup(user: User) -> None:
    """A backup of a volume."""
    volume = user.pick("volume")
    if volume is not None:
        incremental = user.chance.random() < 0.3
        wish = {"name": user.name(), "volume_id": volume.id, "force": True}
        await user.create("backup", {**wish, "incremental": incremental})


async def restore_backup(user: User) -> None:
    """A backup put back into a volume, or into a new one."""
    backup, volume = user.pick("backup"), user.pick("volume")
    if backup is None:
        return
    name = user.name()
    wish: dict[str, Any] = {"name": name}
    if volume is not None and user.chance.random() < 0.5:
        wish = {"volume_id": volume.id}
    user.promises.names[name] = "volume"
    path = f"/volume/v3/backups/{backup.id}/restore"
    await user.client.call("POST", path, {"restore": wish})


async def create_image(user: User) -> None:
    """An image and its bytes, which come from the user or from the web."""
    fields = {"name": user.name(), "disk_format": "qcow2", "container_format": "bare"}
    for image in await user.create("image", fields):
        path = f"/image/v2/images/{image.id}/file"
        if user.chance.random() < 0.5:
            await user.client.call("PUT", path, data=_disk(1 << 24))
            return
        method = {"name": "glance-direct"}
        if user.chance.random() < 0.5:
            method = {"name": "web-download", "uri": user.chance.choice(URIS)}
        else:
            await user.client.call("PUT", path.replace("/file", "/stage"), data=_disk(1 << 25))
        body = {"method": method}
        await user.client.call("POST", path.replace("/file", "/import"), body)


def _disk(size: int) -> bytes:
    disk = bytearray()
    for offset, piece in empty_qcow2(size):
        disk += bytes(offset - len(disk)) + piece
    return bytes(disk)
