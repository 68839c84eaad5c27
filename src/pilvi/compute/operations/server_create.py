"""Creating servers: everything that can be refused is refused here. In the caller's transaction."""

import base64
import binascii
import dataclasses
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from pilvi.block_storage.operations.attachments import reserve_attachment
from pilvi.block_storage.operations.volumes import NewVolume, create_volume, get_volume
from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action
from pilvi.compute.model.flavor import ROOT_DEVICE, Flavor
from pilvi.compute.model.server import Server, ServerId, ServerKey, ServerVolume
from pilvi.compute.model.server_name import choose_device, hostname_of
from pilvi.compute.operations.aggregates import check_zone_exists
from pilvi.compute.operations.quotas import check_metadata_quota, check_room, list_limits
from pilvi.compute.operations.server_groups import join_server_group
from pilvi.compute.operations.volume_mapping import join_mapping, read_mapping
from pilvi.compute.operations.volume_wish import VolumeWish
from pilvi.compute.store import actions, flavors, keypairs, servers
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.image.model.image import Image
from pilvi.image.operations.images import get_image, image_source
from pilvi.network.model import NetworkRequest
from pilvi.network.operations.ports import check_requests

# Characters of encoded user data, as Nova allows. Lower: real cloud-configs are refused; higher:
# larger rows and wishes.
USER_DATA_MAX = 65535
# Servers in one request. Lower: several requests; higher: one request holds the writers for long.
COUNT_MAX = 100
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWish:
    """What a caller wants."""

    name: str
    image_id: str | None
    """None: it boots from a volume."""
    flavor_id: str
    description: str | None = None
    hostname: str | None = None
    key_name: str | None = None
    user_data: str | None = None
    config_drive: bool = False
    availability_zone: str | None = None
    host: str | None = None
    requests: list[NetworkRequest] | None = None
    """None is: the project's own network."""
    security_groups: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    access_ipv4: str = ""
    access_ipv6: str = ""
    hints: dict[str, Any] = field(default_factory=dict)
    disk_config: str = "MANUAL"
    admin_password: str | None = field(default=None, repr=False)
    volumes: list[VolumeWish] = field(default_factory=list)
    ephemeral_gib: int | None = None
    """Size of the one blank local disk that was asked for."""
    min_count: int = 1
    max_count: int = 1


async def create_server(tx: Transaction, by: Actor, wish: ServerWish) -> list[Server]:
    """New servers, as many of `max_count` as the quota has room for, at least `min_count`.

    They are only wished: the reconciler makes them so. Raises what is wrong with the wish.
    """
    project_id = None if by.is_admin else by.project_id
    flavor = await _find_flavor(tx, wish, project_id)
    image = None
    if wish.image_id is not None:
        image = await find_image(tx, wish.image_id, project_id)
        if mapped := read_mapping(image):
            check_memory(image, flavor)
            wish = dataclasses.replace(wish, volumes=join_mapping(wish.volumes, mapped))
            image = None
        else:
            check_fit(image, flavor)
    _check_disks(wish, flavor)
    check_user_data(wish.user_data)
    _check_count(wish)
    check_metadata_quota(await list_limits(tx, by.project_id), wish.metadata)
    key = await find_key(tx, by.user_id, wish.key_name)
    zone, host = await _find_place(tx, by, wish)
    requests = await check_requests(
        tx, by.project_id, wish.requests, wish.security_groups or None, is_admin=by.is_admin
    )
    count = await check_room(tx, by.project_id, flavor, wish.min_count, wish.max_count, by.user_id)
    first = _make_server(wish, by, flavor, image)
    first = dataclasses.replace(
        first, key=key, availability_zone=zone, wanted_host=host, requests=tuple(requests)
    )
    made = [
        await _insert(tx, by, wish, _number(first, wish, index if wish.max_count > 1 else None))
        for index in range(count)
    ]
    await join_server_group(tx, by, wish.hints.get("group"), [server.id for server in made])
    return made


async def _find_flavor(tx: Transaction, wish: ServerWish, project_id: str | None) -> Flavor:
    try:
        return await flavors.get_flavor(tx, wish.flavor_id, project_id)
    except NotFound as error:
        raise InvalidRequest(f"{error.message}: list the flavors and choose one") from None


async def find_image(tx: Transaction, id: str, project_id: str | None) -> Image:
    """An image to make a disk of. Raises `InvalidRequest`."""
    try:
        return await get_image(tx, id, project_id)
    except NotFound as error:
        raise InvalidRequest(f"{error.message}: list the images and choose one") from None


def check_memory(image: Image, flavor: Flavor) -> None:
    """Raise `InvalidRequest` when an image is not active or needs more memory. Pure."""
    if image.status != "active":
        raise InvalidRequest(
            f"cannot create a server from image {image.id}: it is {image.status}, not active"
        )
    if image.min_ram_mib > flavor.memory_mib:
        raise InvalidRequest(
            f"cannot use flavor {flavor.id}: its memory of {flavor.memory_mib} MiB is smaller "
            f"than the image's min_ram of {image.min_ram_mib} MiB"
        )


def check_fit(image: Image, flavor: Flavor) -> None:
    """Raise `InvalidRequest` (or `Forbidden`) when a server cannot be made of the two. Pure."""
    check_memory(image, flavor)
    if image.sha512 is None:
        raise InvalidRequest(f"cannot create a server from image {image.id}: it has no bytes")
    if image.disk_format not in ("raw", "qcow2"):
        raise InvalidRequest(
            f"cannot create a server from image {image.id}: its disk format is "
            f"{image.disk_format}; use a raw or qcow2 image"
        )
    if flavor.disk_gib == 0:
        raise Forbidden(
            f"cannot use flavor {flavor.id} with an image: its disk is 0 GiB, for servers that "
            "boot from a volume; choose a flavor with a disk"
        )
    if image.min_disk_gib > flavor.disk_gib:
        raise InvalidRequest(
            f"cannot use flavor {flavor.id}: its disk of {flavor.disk_gib} GiB is smaller than "
            f"the image's min_disk of {image.min_disk_gib} GiB"
        )
    if (image.virtual_size_bytes or 0) > flavor.disk_gib * GIB:
        raise InvalidRequest(
            f"cannot use flavor {flavor.id}: its disk of {flavor.disk_gib} GiB is smaller than "
            f"the image's virtual size of {image.virtual_size_bytes} bytes"
        )


def _check_disks(wish: ServerWish, flavor: Flavor) -> None:
    if wish.ephemeral_gib is not None and wish.ephemeral_gib != flavor.ephemeral_gib:
        raise InvalidRequest(
            f"cannot make an ephemeral disk of {wish.ephemeral_gib} GiB: flavor {flavor.id} has "
            f"one of {flavor.ephemeral_gib} GiB; leave the size out or choose another flavor"
        )


def check_user_data(user_data: str | None) -> None:
    """Raise `InvalidRequest` for user data that is too long or not base64. Pure."""
    if user_data is None:
        return
    if len(user_data) > USER_DATA_MAX:
        raise InvalidRequest(
            f"cannot use user_data of {len(user_data)} characters: at most {USER_DATA_MAX}"
        )
    try:
        base64.b64decode("".join(user_data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("cannot read user_data: it must be base64") from None


def _check_count(wish: ServerWish) -> None:
    if not 1 <= wish.min_count <= wish.max_count:
        raise InvalidRequest("cannot use min_count: it is 1 or more and not above max_count")
    if wish.max_count > COUNT_MAX:
        raise InvalidRequest(f"cannot create more than {COUNT_MAX} servers in one request")
    if wish.max_count > 1 and any(volume.volume_id for volume in wish.volumes):
        raise InvalidRequest("cannot attach one volume to several servers: create one at a time")
    if wish.max_count > 1 and any(one.port_id or one.fixed_ip for one in wish.requests or ()):
        raise InvalidRequest(
            "cannot give one port or fixed address to several servers: create one at a time"
        )


async def find_key(tx: Transaction, user_id: str, name: str | None) -> ServerKey | None:
    """A copy of a user's key. Raises `InvalidRequest`."""
    if name is None:
        return None
    found = await keypairs.find_keypair(tx, user_id, name)
    if found is None:
        raise InvalidRequest(f"cannot find your key pair '{name}': import it or leave it out")
    return ServerKey(name=found.name, type=found.type, public_key=found.public_key)


async def _find_place(
    tx: Transaction, by: Actor, wish: ServerWish
) -> tuple[str | None, str | None]:
    """The zone and the host asked for; `ZONE:HOST` and hosts are for admins."""
    zone, _, named = (wish.availability_zone or "").partition(":")
    host = wish.host or named.partition(":")[0] or named.partition(":")[2] or None
    if zone:
        await check_zone_exists(tx, zone)
    if host is None:
        return zone or None, None
    if not by.is_admin:
        raise Forbidden("cannot choose the host of a server: that is for admins")
    if host not in {one.name for one in await list_hosts(tx)}:
        raise InvalidRequest(f"cannot find the host '{host}'")
    return zone or None, host


def _make_server(wish: ServerWish, by: Actor, flavor: Flavor, image: Image | None) -> Server:
    moment = now()
    return Server(
        id=ServerId(""),
        project_id=by.project_id,
        user_id=by.user_id,
        name=wish.name,
        hostname=wish.hostname or "",
        description=wish.description,
        created_at=moment,
        updated_at=moment,
        reservation_id=f"r-{secrets.token_hex(4)}",
        launch_index=0,
        flavor=flavor,
        image=None if image is None else image_source(image),
        image_properties={} if image is None else dict(image.properties),
        hints=wish.hints,
        disk_config=wish.disk_config,
        admin_password=wish.admin_password if wish.config_drive else None,
        key=None,
        user_data=wish.user_data,
        config_drive=wish.config_drive,
        availability_zone=None,
        wanted_host=None,
        requests=(),
        security_groups=tuple(wish.security_groups) or ("default",),
        metadata=dict(wish.metadata),
        tags=tuple(dict.fromkeys(wish.tags)),
        access_ipv4=wish.access_ipv4,
        access_ipv6=wish.access_ipv6,
    )


def _number(first: Server, wish: ServerWish, index: int | None) -> Server:
    """One of the servers, with its own id, and its own names where there are several."""
    id = ServerId(str(uuid.uuid4()))
    name = first.name if index is None else f"{first.name}-{index + 1}"
    hostname = hostname_of(name, id)
    if wish.hostname:
        hostname = wish.hostname if index is None else f"{wish.hostname}-{index + 1}"
    return dataclasses.replace(first, id=id, name=name, hostname=hostname, launch_index=index or 0)


async def _insert(tx: Transaction, by: Actor, wish: ServerWish, server: Server) -> Server:
    taken = server.local_names
    volumes: list[ServerVolume] = []
    for asked in sorted(wish.volumes, key=lambda one: not one.boots):
        device = choose_device(asked.device or (ROOT_DEVICE if asked.boots else None), taken)
        taken.add(device)
        volumes.append(await _take_volume(tx, by, server, asked, device))
    server = dataclasses.replace(server, volumes=tuple(volumes))
    await servers.insert_server(tx, server)
    await actions.insert_action(
        tx,
        server_id=server.id,
        request_id=by.request_id,
        action=Action.CREATE,
        user_id=by.user_id,
        project_id=by.project_id,
    )
    tx.wake("server", server.id)
    return server


async def _take_volume(
    tx: Transaction, by: Actor, server: Server, asked: VolumeWish, device: str
) -> ServerVolume:
    """Reserve a volume for a new server, made first where none is named."""
    try:
        volume_id = asked.volume_id or await _make_volume(tx, by, asked)
        if asked.boots and asked.volume_id:
            await _check_boots(tx, volume_id, None if by.is_admin else by.project_id)
        attachment = await reserve_attachment(
            tx,
            volume_id=volume_id,
            server_id=server.id,
            project_id=None if by.is_admin else by.project_id,
            device=device,
            may_wait=not asked.volume_id,
        )
    except (NotFound, Conflict) as error:
        raise InvalidRequest(error.message) from None
    return ServerVolume(
        attachment_id=attachment.id,
        volume_id=volume_id,
        device=device,
        tag=asked.tag,
        delete_on_termination=asked.delete_on_termination,
        boots=asked.boots,
    )


async def _make_volume(tx: Transaction, by: Actor, asked: VolumeWish) -> str:
    wanted = NewVolume(
        project_id=by.project_id,
        user_id=by.user_id,
        size_gib=asked.size_gib,
        name="",
        volume_type=asked.volume_type,
        source=asked.source,
        may_use_all=by.is_admin,
    )
    return (await create_volume(tx, wanted)).id


async def _check_boots(tx: Transaction, volume_id: str, project_id: str | None) -> None:
    volume = await get_volume(tx, volume_id, project_id)
    if not volume.bootable:
        raise InvalidRequest(
            f"cannot boot from volume {volume_id}: it is not bootable; make it from an image, or "
            "mark it bootable"
        )
