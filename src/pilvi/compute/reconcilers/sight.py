"""What is seen of a server: the newest report, its volumes, its captures."""

import dataclasses

from pilvi.block_storage.model.attachment import AttachmentState
from pilvi.block_storage.operations.attachments import find_connection, list_server_attachments
from pilvi.compute.model.server import Observed, Server
from pilvi.compute.reconcilers.plan import Sight, VolumeSight
from pilvi.compute.reconcilers.vm import assigned_volumes
from pilvi.compute.store import servers
from pilvi.core.db import Transaction, now
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import Power, VmSeen
from pilvi.hosts.model.host import Held
from pilvi.hosts.operations.assignments import find_held


async def look(tx: Transaction, server: Server) -> tuple[Server, Sight, Held | None]:
    """The server with the newest observation copied, and all that a plan is made of."""
    held = None
    if server.host_id is not None:
        held = await find_held(tx, Kind.VM, server.id)
    seen = held.decode_seen(VmSeen) if held is not None and held.seen_present else None
    server = await _copy_observed(tx, server, held, seen)
    volumes = await _look_at_volumes(tx, server, held, seen) if server.volumes else ()
    fault = held.fault if held is not None and held.seen_generation == held.generation else None
    return (
        server,
        Sight(
            has_host=server.host_id is not None,
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
            volumes=volumes,
            leaving_ports=server.leaving_ports,
            attached_ports=frozenset(seen.attached_ports if seen is not None else ()),
        ),
        held,
    )


def observe(server: Server, held: Held | None, seen: VmSeen | None) -> Observed:
    """What the newest report means for a server. Pure."""
    has_run = (
        seen is not None
        and held is not None
        and held.present
        and (seen.power is Power.RUNNING or held.is_settled)
    )
    return dataclasses.replace(
        server.observed,
        is_claimed=server.host_id is not None,
        is_assigned=held is not None,
        is_launched=server.observed.is_launched or has_run,
        power=None if seen is None else seen.power,
        boot_generation=-1 if seen is None else seen.boot_generation,
    )


async def _copy_observed(
    tx: Transaction, server: Server, held: Held | None, seen: VmSeen | None
) -> Server:
    observed = observe(server, held, seen)
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
    noted = {one.id for one in attachments if one.state is not AttachmentState.ATTACHING}
    told = assigned_volumes(held)
    attached = set(seen.attached_volumes) if seen is not None else set()
    return tuple(
        [
            VolumeSight(
                attachment_id=volume.attachment_id,
                is_wanted=volume.present,
                is_exported=await find_connection(tx, volume.attachment_id) is not None,
                is_assigned=volume.attachment_id in told,
                is_attached=volume.attachment_id in attached,
                is_noted=volume.attachment_id in noted,
            )
            for volume in server.volumes
        ]
    )
