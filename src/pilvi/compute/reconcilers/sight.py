"""What is seen of a server: the newest report, its volumes, and what carries its disks."""

import dataclasses
from dataclasses import dataclass

from pilvi.block_storage.model.attachment import AttachmentState
from pilvi.block_storage.model.volume import VolumeStatus
from pilvi.block_storage.operations.attachments import find_connection, list_server_attachments
from pilvi.block_storage.operations.volumes import get_volume
from pilvi.compute.model.server import Server, ServerVolume
from pilvi.compute.model.state import Observed, Word
from pilvi.compute.reconcilers.server_sight import Carry, OldSight, Sight, VolumeSight
from pilvi.compute.reconcilers.vm import assigned_ports, assigned_volumes
from pilvi.compute.store import servers
from pilvi.core.db import Transaction, now
from pilvi.errors import NotFound
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import Power, VmSeen, VolumeConnection
from pilvi.hosts.model.host import Held
from pilvi.hosts.operations.assignments import list_held
from pilvi.image.operations.images import get_image
from pilvi.network.operations.ports import list_port_ids


@dataclass(frozen=True, slots=True)
class Places:
    """What hosts hold of a server."""

    here: Held | None = None
    """On its host."""
    old: Held | None = None
    """On the host that it leaves."""


async def look(tx: Transaction, server: Server) -> tuple[Server, Sight, Places]:
    """The server with the newest observation copied, and all that a plan is made of."""
    places = await _find_places(tx, server)
    carry, carry_fault = await _look_at_carriers(tx, server)
    server = await _copy_observed(tx, server, places.here, carry)
    seen = _seen(places.here)
    volumes = await _look_at_volumes(tx, server, places.here, seen) if server.volumes else ()
    reimage, reimage_fault = await _look_at_reimage(tx, server)
    told_ports = assigned_ports(places.here)
    found = dataclasses.replace(
        sight_of(server, places, carry),
        volumes=volumes,
        has_lost_port=bool(told_ports and told_ports - await list_port_ids(tx, server.id)),
        carry_fault=carry_fault,
        reimage=reimage,
        reimage_fault=reimage_fault,
    )
    return server, found, places


async def _look_at_reimage(tx: Transaction, server: Server) -> tuple[Carry, str]:
    wish, root = server.desired.reimage, server.root_volume
    if wish is None or wish.content_generation is None or root is None:
        return Carry.NONE, ""
    try:
        volume = await get_volume(tx, root.volume_id, None)
    except NotFound:
        return Carry.FAILED, f"cannot write the image: the volume {root.volume_id} was deleted"
    if volume.seen_content >= wish.content_generation:
        return Carry.ARRIVED, ""
    if volume.failed:
        return Carry.FAILED, volume.error or "cannot write the image to the volume; try again"
    return Carry.UNDER_WAY, ""


def sight_of(server: Server, places: Places, carry: Carry) -> Sight:
    """What a plan is made of, but for the volumes. Pure."""
    held, seen = places.here, _seen(places.here)
    evacuation = server.desired.evacuation
    fault = held.fault if held is not None and held.seen_generation == held.generation else None
    return Sight(
        has_host=server.host_id is not None,
        has_claims=server.observed.is_claimed or bool(server.carriers or server.way_back),
        is_assigned=held is not None and held.present,
        is_held=held is not None,
        assigned_generation=server.assigned_generation,
        is_settled=held is not None and held.is_settled,
        is_launched=server.observed.is_launched,
        power=server.observed.power,
        boot_generation=server.observed.boot_generation,
        terminal_fault=fault.message if fault is not None and fault.terminal else None,
        is_given_up=server.given_up,
        is_failed=server.failed_generation == server.desired.generation,
        is_capturing=server.observed.is_capturing,
        leaving_ports=server.leaving_ports,
        attached_ports=frozenset(seen.attached_ports if seen is not None else ()),
        has_local_disks=bool(server.local_devices),
        carry=carry,
        is_left_behind=evacuation is not None and evacuation.source_host_id == server.host_id,
        has_way_back=server.way_back is not None,
        is_same_host=server.way_back is None or server.way_back.host_id == server.host_id,
        old=_look_at_old(places.old),
    )


def _seen(held: Held | None) -> VmSeen | None:
    return held.decode_seen(VmSeen) if held is not None and held.seen_present else None


async def _find_places(tx: Transaction, server: Server) -> Places:
    if server.host_id is None:
        return Places()
    held = {one.host_id: one for one in await list_held(tx, Kind.VM, [server.id])}
    old_id = server.way_back.host_id if server.way_back else server.host_id
    here = next((one for id, one in held.items() if id == server.host_id), None)
    old = next((one for id, one in held.items() if id == old_id), None)
    return Places(here, None if old_id == server.host_id else old)


def _look_at_old(held: Held | None) -> OldSight:
    if held is None:
        return OldSight()
    seen = _seen(held)
    is_off = held.is_settled and seen is not None and seen.power is Power.STOPPED
    return OldSight(is_assigned=held.present, is_held=True, is_stopped=is_off)


async def _look_at_carriers(tx: Transaction, server: Server) -> tuple[Carry, str]:
    if not server.carriers:
        return Carry.NONE, ""
    statuses = set()
    for image_id in server.carriers.values():
        try:
            statuses.add(str((await get_image(tx, image_id, None)).status))
        except NotFound:
            statuses.add("gone")
    if statuses == {"active"}:
        return Carry.ARRIVED, ""
    if statuses & {"gone", "killed", "deactivated"}:
        return Carry.FAILED, "cannot copy the disk into an image: the copy failed; try again"
    return Carry.UNDER_WAY, ""


def observe(server: Server, held: Held | None, carry: Carry = Carry.NONE) -> Observed:
    """What the newest report means for a server. Pure."""
    seen = _seen(held)
    before, desired = server.observed, server.desired
    is_agreed = (
        held is not None
        and held.present
        and held.is_settled
        and server.assigned_generation == desired.generation
    )
    has_run = (
        seen is not None
        and held is not None
        and held.present
        and (seen.power is Power.RUNNING or held.is_settled)
    )
    is_rescued = before.is_rescued
    if seen is not None and seen.boot_generation >= desired.boot_generation:
        is_rescued = desired.rescue is not None
    is_pending = desired.resize is not None and desired.resize.word is Word.PENDING
    was_resized = before.is_resized and server.way_back is not None
    return dataclasses.replace(
        before,
        is_assigned=held is not None,
        is_launched=before.is_launched or has_run,
        power=None if seen is None else seen.power,
        boot_generation=-1 if seen is None else seen.boot_generation,
        image_generation=-1 if seen is None else seen.image_generation,
        is_rescued=is_rescued and held is not None,
        has_way_back=server.way_back is not None,
        is_resized=was_resized or (is_pending and server.way_back is not None and is_agreed),
        is_carried=carry is Carry.ARRIVED,
        is_offloaded=before.is_offloaded and not (is_agreed and not desired.shelved),
    )


async def _copy_observed(
    tx: Transaction, server: Server, held: Held | None, carry: Carry
) -> Server:
    observed = observe(server, held, carry)
    if observed == server.observed:
        return server
    launched_at = server.launched_at
    if observed.is_launched and launched_at is None:
        launched_at = now()
    return await servers.update_server(tx, server, observed=observed, launched_at=launched_at)


async def _look_at_volumes(
    tx: Transaction, server: Server, held: Held | None, seen: VmSeen | None
) -> tuple[VolumeSight, ...]:
    attachments = (await list_server_attachments(tx, [server.id])).get(server.id, [])
    waiting = (AttachmentState.ATTACHING, AttachmentState.RESERVED)
    noted = {one.id for one in attachments if one.state not in waiting}
    told = assigned_volumes(held)
    attached = set(seen.attached_volumes) if seen is not None else set()
    sights = []
    for volume in server.volumes:
        connection = await find_connection(tx, volume.attachment_id)
        is_exported = connection is not None
        is_awaited = not is_exported and not server.observed.is_launched
        sights.append(
            VolumeSight(
                attachment_id=volume.attachment_id,
                is_wanted=volume.present,
                error=await _find_error(tx, volume) if is_awaited else "",
                is_exported=is_exported,
                is_assigned=volume.attachment_id in told,
                is_grown=_is_larger(connection, told.get(volume.attachment_id)),
                is_attached=volume.attachment_id in attached,
                is_noted=volume.attachment_id in noted,
            )
        )
    return tuple(sights)


def _is_larger(connection: VolumeConnection | None, told: VolumeConnection | None) -> bool:
    return connection is not None and told is not None and connection.size_bytes > told.size_bytes


async def _find_error(tx: Transaction, volume: ServerVolume) -> str:
    """Why a volume that a new server waits for will never be there; empty when it may."""
    try:
        found = await get_volume(tx, volume.volume_id, None)
    except NotFound:
        return f"cannot use the volume {volume.volume_id}: it was deleted"
    if found.status is not VolumeStatus.ERROR:
        return ""
    return found.error or f"cannot make the volume {volume.volume_id}"
