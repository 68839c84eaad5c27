"""The steps of servers that leave a host, applied. In the caller's transaction; repeatable."""

import contextlib
import dataclasses
from typing import Any

import msgspec

from pilvi.compute.model.flavor import ROOT_DEVICE
from pilvi.compute.model.migration import MigrationStatus
from pilvi.compute.model.server import Fault, Server, WayBack
from pilvi.compute.model.snapshot import Snapshot
from pilvi.compute.model.state import Desired, Resize, Word
from pilvi.compute.operations.snapshots import DISK_FORMAT, snapshot_properties
from pilvi.compute.reconcilers.claims import (
    ClaimRefused,
    allocate,
    choose_for_resize,
    find_candidates,
    find_sources,
)
from pilvi.compute.reconcilers.host_rules import compose_request
from pilvi.compute.store import actions, migrations, servers, snapshots
from pilvi.core.db import Transaction, now
from pilvi.errors import Forbidden, NotFound
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import Power, RebootKind, VmSpec
from pilvi.hosts.model.host import Held
from pilvi.hosts.operations.assignments import assign
from pilvi.image.model.image import Viewer
from pilvi.image.operations.images import create_image_record, delete_image
from pilvi.network.operations.ports import bind_ports, unbind_ports
from pilvi.placement.operations import allocations
from pilvi.scheduler import Refusal
from pilvi.settings import Settings

_EVERYBODY = Viewer("", is_admin=True)


def raise_desired(desired: Desired, **changes: Any) -> Desired:
    """A changed wish of the next generation. Pure."""
    return dataclasses.replace(desired, generation=desired.generation + 1, **changes)


async def begin_carry(tx: Transaction, server: Server) -> Server:
    """Records of images, and captures that fill them; what they are called is kept first."""
    host_id = server.way_back.host_id if server.way_back else server.host_id
    assert host_id is not None
    carriers = dict[str, str]()
    is_shelf = server.desired.shelved
    devices = [ROOT_DEVICE] if is_shelf else list(server.local_devices)
    for device in devices:
        name = f"{server.name}-shelved" if is_shelf else f"{server.name}-{device}-on-its-way"
        image = await create_image_record(
            tx,
            owner=server.project_id,
            name=name[:255],
            disk_format=DISK_FORMAT,
            properties=snapshot_properties(server, server.user_id),
            min_disk_gib=server.flavor.disk_gib if device == ROOT_DEVICE else 0,
        )
        carriers[device] = image.id
        await snapshots.insert_snapshot(
            tx,
            Snapshot(
                image_id=image.id,
                server_id=server.id,
                project_id=server.project_id,
                host_id=host_id,
                device=device,
                present=True,
                reason="",
            ),
        )
        tx.wake("snapshot", image.id)
    observed = dataclasses.replace(server.observed, is_capturing=True)
    return await servers.update_server(tx, server, carriers=carriers, observed=observed)


async def drop_carriers(tx: Transaction, server: Server) -> Server:
    """Remove the images that carried disks; one that its owner protects stays."""
    if not server.carriers:
        return server
    for image_id in server.carriers.values():
        with contextlib.suppress(NotFound, Forbidden):
            await delete_image(tx, _EVERYBODY, image_id)
    observed = dataclasses.replace(server.observed, is_carried=False)
    return await servers.update_server(tx, server, carriers={}, observed=observed)


async def offload(tx: Transaction, server: Server) -> Server:
    """The host has nothing of it any more: give back what was claimed there."""
    await allocations.release(tx, server.id)
    await unbind_ports(tx, server.id)
    observed = dataclasses.replace(
        server.observed,
        is_assigned=False,
        is_offloaded=True,
        power=None,
        boot_generation=-1,
        image_generation=-1,
    )
    return await servers.update_server(
        tx, server, host_id=None, assigned_generation=None, observed=observed
    )


async def abandon_shelf(tx: Transaction, server: Server, reason: str) -> Server:
    """Let it go on where it is, and say why."""
    server = await drop_carriers(tx, server)
    await actions.finish_actions(tx, server.id, actions.ERROR, server.host_id, reason)
    boot = server.desired.boot_generation + 1
    desired = raise_desired(server.desired, shelved=False, boot_generation=boot)
    return await servers.update_server(tx, server, desired=desired, fault=_fault(reason))


async def abandon_unshelf(tx: Transaction, server: Server, reason: str) -> Server:
    """Let it stay on its shelf, and say why."""
    await actions.finish_actions(tx, server.id, actions.ERROR, None, reason)
    desired = raise_desired(server.desired, shelved=True)
    return await servers.update_server(tx, server, desired=desired, fault=_fault(reason))


async def claim_resize(tx: Transaction, settings: Settings, server: Server) -> Server:
    """Both flavors are held from here on: the new by the server, the old by the migration."""
    resize = server.desired.resize
    assert resize is not None and server.host_id is not None
    # The room of the own flavor is not free for the new one: the way back keeps it.
    candidates = await find_candidates(tx, settings)
    request = await compose_request(tx, server, resize.flavor, candidates)
    choice = choose_for_resize(server, request, candidates)
    if isinstance(choice, Refusal):
        raise ClaimRefused(choice.message)
    await allocations.rename_consumer(tx, server.id, resize.migration_id)
    await allocate(tx, server, resize.flavor, choice.host_id)
    way_back = WayBack(
        migration_id=resize.migration_id,
        host_id=server.host_id,
        flavor=server.flavor,
        image_generation=server.desired.image_generation,
        layers={device: server.layers_of(device) for device in server.local_devices},
        sources=server.sources,
    )
    is_same = choice.host_id == server.host_id
    generation = server.desired.generation + 1
    grown = dataclasses.replace(server, flavor=resize.flavor)
    layers = {
        device: (*way_back.layers.get(device, ()), generation) for device in grown.local_devices
    }
    desired = raise_desired(
        server.desired,
        image_generation=generation,
        boot_generation=server.desired.boot_generation + 1,
        boot_kind=RebootKind.SOFT,
    )
    status = MigrationStatus.MIGRATING
    await migrations.update_migration(
        tx, resize.migration_id, status=status, target_host_id=choice.host_id
    )
    return await servers.update_server(
        tx,
        server,
        flavor=resize.flavor,
        host_id=choice.host_id,
        assigned_generation=server.assigned_generation if is_same else None,
        layers=layers if is_same else {},
        way_back=way_back,
        desired=desired,
        observed=dataclasses.replace(server.observed, has_way_back=True),
    )


async def stop_old(tx: Transaction, server: Server, old: Held) -> None:
    """The host that it leaves keeps everything, with the guest off."""
    spec = msgspec.json.decode(old.spec, type=VmSpec)
    stopped = msgspec.structs.replace(spec, power=Power.STOPPED)
    await assign(tx, old.host_id, Kind.VM, server.id, stopped, owner=("server", server.id))


async def arrive(tx: Transaction, server: Server) -> Server:
    """What carried its disks is what they are made of, and its ports lead to the new host."""
    assert server.host_id is not None
    sources = await find_sources(tx, server)
    await bind_ports(tx, server.id, server.host_id)
    return await servers.update_server(tx, server, sources=sources)


async def forget_way_back(tx: Transaction, server: Server) -> Server:
    """Nothing is left where it was: its old claim is given back."""
    assert server.way_back is not None
    await allocations.release(tx, server.way_back.migration_id)
    await migrations.update_migration(
        tx, server.way_back.migration_id, status=MigrationStatus.CONFIRMED
    )
    observed = dataclasses.replace(server.observed, is_resized=False, has_way_back=False)
    return await servers.update_server(tx, server, way_back=None, observed=observed)


async def go_back(tx: Transaction, server: Server) -> Server:
    """Flavor, host, disks and claim are what they were before."""
    way_back = server.way_back
    assert way_back is not None
    server = await drop_carriers(tx, server)
    await allocations.release(tx, server.id)
    await allocations.rename_consumer(tx, way_back.migration_id, server.id)
    await bind_ports(tx, server.id, way_back.host_id)
    desired = raise_desired(
        server.desired,
        image_generation=way_back.image_generation,
        boot_generation=server.desired.boot_generation + 1,
        boot_kind=RebootKind.HARD,
    )
    observed = dataclasses.replace(server.observed, is_resized=False, has_way_back=False)
    return await servers.update_server(
        tx,
        server,
        flavor=way_back.flavor,
        host_id=way_back.host_id,
        assigned_generation=None,
        layers=way_back.layers,
        sources=way_back.sources,
        way_back=None,
        desired=desired,
        observed=observed,
    )


async def end_resize(tx: Transaction, server: Server) -> Server:
    """Its owner's word is carried out."""
    resize = server.desired.resize
    if resize is not None and resize.word is Word.REVERTED:
        status = MigrationStatus.REVERTED
        await migrations.update_migration(tx, resize.migration_id, status=status)
    desired = dataclasses.replace(server.desired, resize=None)
    return await servers.update_server(tx, server, desired=desired)


async def abandon_resize(tx: Transaction, server: Server, reason: str) -> Server:
    """Let it go back to what it was, and say why."""
    resize = server.desired.resize
    assert resize is not None
    await actions.finish_actions(tx, server.id, actions.ERROR, server.host_id, reason)
    status = MigrationStatus.ERROR
    await migrations.update_migration(tx, resize.migration_id, status=status)
    back: Resize | None = dataclasses.replace(resize, word=Word.REVERTED)
    if server.way_back is None:
        back = None
    desired = raise_desired(server.desired, resize=back)
    return await servers.update_server(tx, server, desired=desired, fault=_fault(reason))


def _fault(reason: str) -> Fault:
    return Fault(code=500, message=reason, created_at=now())
