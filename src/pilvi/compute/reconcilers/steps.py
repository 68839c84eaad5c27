"""The steps of a server's plan, applied. In the caller's transaction; every step is repeatable."""

import dataclasses
import datetime
import uuid

import structlog

from pilvi.block_storage.operations.attachments import mark_attached, release_attachment
from pilvi.block_storage.operations.volumes import delete_volume, get_volume
from pilvi.compute.model.allowed import Action
from pilvi.compute.model.server import Fault, Server, ServerVolume
from pilvi.compute.reconcilers import evacuations, moves, reimages
from pilvi.compute.reconcilers.claims import claim_server
from pilvi.compute.reconcilers.sight import Places
from pilvi.compute.reconcilers.step import (
    AbandonReimage,
    AbandonResize,
    AbandonShelf,
    Arrive,
    AssignVm,
    BeginCarry,
    BeginReimage,
    CancelCaptures,
    Claim,
    ClaimResize,
    DropCarriers,
    EndEvacuation,
    EndReimage,
    EndResize,
    Evacuate,
    FollowPowerOff,
    ForgetWayBack,
    GiveUp,
    GoBack,
    MarkAttached,
    NoteExtension,
    NoteFault,
    Offload,
    ReleaseAll,
    ReleasePort,
    ReleaseVolume,
    Remove,
    Step,
    StopOld,
    Withdraw,
    WithdrawNew,
    WithdrawOld,
)
from pilvi.compute.reconcilers.vm import compose_vm
from pilvi.compute.store import actions, servers, snapshots
from pilvi.core.db import Transaction, now
from pilvi.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
)
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import Power
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import assign, delete_console, delete_password, withdraw
from pilvi.network.operations.ports import detach_port, release_ports
from pilvi.placement.operations import allocations
from pilvi.settings import Settings

log = structlog.get_logger()


class Steps:
    """Applies steps in one transaction."""

    def __init__(self, tx: Transaction, settings: Settings, places: Places) -> None:
        self._tx = tx
        self._settings = settings
        self._places = places
        self._held = places.here
        self.has_told = False
        """Whether the host was told something new, whose answer will wake the server."""

    async def apply(self, server: Server, step: Step) -> Server:
        """Do one step and return the server as it is now."""
        tx = self._tx
        match step:
            case Claim():
                return await claim_server(tx, self._settings, server)
            case AssignVm(attachment_ids):
                return await self._assign(server, attachment_ids)
            case MarkAttached(attachment_id):
                await mark_attached(tx, attachment_id)
            case NoteExtension():
                await actions.insert_action(
                    tx,
                    server_id=server.id,
                    request_id=f"req-{uuid.uuid4()}",
                    action=Action.EXTEND_VOLUME,
                    user_id=server.user_id,
                    project_id=server.project_id,
                )
            case ReleaseVolume(attachment_id):
                return await self._release_volume(server, attachment_id)
            case ReleasePort(port_id):
                return await self._release_port(server, port_id)
            case FollowPowerOff():
                return await self._follow_power_off(server)
            case GiveUp(reason):
                # At once: what is left of it may lie on a host that is down for long.
                await actions.finish_actions(tx, server.id, actions.ERROR, server.host_id, reason)
                return await servers.update_server(tx, server, given_up=True, fault=_fault(reason))
            case NoteFault(reason):
                return await servers.update_server(
                    tx,
                    server,
                    failed_generation=server.desired.generation,
                    fault=_fault(reason),
                )
            case CancelCaptures():
                return await self._cancel_captures(server)
            case Withdraw():
                await withdraw(tx, Kind.VM, server.id)
            case WithdrawNew() | WithdrawOld():
                held = self._held if isinstance(step, WithdrawNew) else self._places.old
                if held is not None:
                    await withdraw(tx, Kind.VM, server.id, held.host_id)
            case ReleaseAll():
                return await self._release_all(server)
            case Remove():
                return await self._remove(server)
            case _:
                return await self._move(server, step)
        return server

    async def _move(self, server: Server, step: Step) -> Server:
        """The steps of servers that leave a host."""
        tx = self._tx
        match step:
            case BeginCarry():
                return await moves.begin_carry(tx, server)
            case DropCarriers():
                return await moves.drop_carriers(tx, server)
            case Offload():
                return await moves.offload(tx, server)
            case AbandonShelf(reason):
                return await moves.abandon_shelf(tx, server, reason)
            case ClaimResize():
                return await moves.claim_resize(tx, self._settings, server)
            case StopOld():
                assert self._places.old is not None
                await moves.stop_old(tx, server, self._places.old)
            case Arrive():
                return await moves.arrive(tx, server)
            case ForgetWayBack():
                return await moves.forget_way_back(tx, server)
            case GoBack():
                return await moves.go_back(tx, server)
            case EndResize():
                return await moves.end_resize(tx, server)
            case AbandonResize(reason):
                return await moves.abandon_resize(tx, server, reason)
            case Evacuate():
                return await evacuations.evacuate(tx, self._settings, server)
            case EndEvacuation():
                return await evacuations.end_evacuation(tx, server)
            case BeginReimage():
                return await reimages.begin_reimage(tx, server)
            case EndReimage():
                return await reimages.end_reimage(tx, server)
            case AbandonReimage(reason):
                return await reimages.abandon_reimage(tx, server, reason)
        return server

    async def _assign(self, server: Server, attachment_ids: tuple[str, ...]) -> Server:
        tx = self._tx
        assert server.host_id is not None
        spec = await compose_vm(tx, server, attachment_ids, self._held)
        owner = ("server", server.id)
        number = await assign(tx, HostId(server.host_id), Kind.VM, server.id, spec, owner=owner)
        self.has_told = self._held is None or self._held.generation != number
        return await servers.update_server(
            tx,
            server,
            assigned_generation=server.desired.generation,
            observed=dataclasses.replace(server.observed, is_assigned=True),
        )

    async def _release_volume(self, server: Server, attachment_id: str) -> Server:
        if not await release_attachment(self._tx, attachment_id):
            return server
        kept = tuple(one for one in server.volumes if one.attachment_id != attachment_id)
        for one in server.volumes:
            if one.attachment_id == attachment_id and one.delete_on_termination:
                await self._delete_volume(server, one)
        return await servers.update_server(self._tx, server, volumes=kept)

    async def _release_port(self, server: Server, port_id: str) -> Server:
        if not await detach_port(self._tx, server.id, port_id):
            return server
        kept = tuple(id for id in server.leaving_ports if id != port_id)
        return await servers.update_server(self._tx, server, leaving_ports=kept)

    async def _delete_volume(self, server: Server, volume: ServerVolume) -> None:
        """A volume that goes with its server; one that cannot go stays, as in Nova."""
        if server.desired.present and not server.given_up:
            return
        try:
            found = await get_volume(self._tx, volume.volume_id, None)
            await delete_volume(self._tx, found)
        except (NotFound, InvalidRequest, Conflict) as error:
            log.info("volume stays", volume_id=volume.volume_id, why=error.message)

    async def _follow_power_off(self, server: Server) -> Server:
        desired = dataclasses.replace(
            server.desired, power=Power.STOPPED, generation=server.desired.generation + 1
        )
        return await servers.update_server(self._tx, server, desired=desired)

    async def _cancel_captures(self, server: Server) -> Server:
        reason = "cannot copy the disk: its server was deleted"
        for snapshot in await snapshots.list_snapshots(self._tx, server.id):
            await snapshots.update_snapshot(
                self._tx, snapshot.image_id, present=False, reason=reason
            )
            self._tx.wake("snapshot", snapshot.image_id)
        observed = dataclasses.replace(server.observed, is_capturing=False)
        return await servers.update_server(self._tx, server, observed=observed)

    async def _release_all(self, server: Server) -> Server:
        for volume in server.volumes:
            server = await self._release_volume(server, volume.attachment_id)
        are_ports_gone = await release_ports(self._tx, server.id)
        await allocations.release(self._tx, server.id)
        if server.way_back is not None:
            await allocations.release(self._tx, server.way_back.migration_id)
        server = await moves.drop_carriers(self._tx, server)
        await delete_console(self._tx, server.id)
        await delete_password(self._tx, server.id)
        if server.volumes or not are_ports_gone:
            return server
        observed = dataclasses.replace(
            server.observed, is_claimed=False, is_assigned=False, power=None, boot_generation=-1
        )
        return await servers.update_server(
            self._tx,
            server,
            host_id=None,
            assigned_generation=None,
            leaving_ports=(),
            way_back=None,
            observed=observed,
        )

    async def _remove(self, server: Server) -> Server:
        kept = datetime.timedelta(seconds=self._settings.history_kept_s)
        await servers.forget_servers(self._tx, now() - kept)
        await actions.finish_actions(self._tx, server.id, actions.SUCCESS, None)
        observed = dataclasses.replace(server.observed, is_deleted=True, power=None)
        return await servers.update_server(
            self._tx, server, is_settled=True, observed=observed, deleted_at=now()
        )


def _fault(reason: str) -> Fault:
    return Fault(code=500, message=reason, created_at=now())
