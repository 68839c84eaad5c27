"""The steps of a server whose host is down, applied. In the caller's transaction; repeatable.

Its disks on that host are lost to it: they are made anew from its image. Its volumes, ports and
addresses stay. The host that is down is told to give it up once it is back, and is shut out from
the volumes at once. The guest begins on its new host when the old one has let go of it, or is not
heard any more.
"""

import dataclasses

from pilvi.block_storage.operations.attachments import renew_account
from pilvi.compute.model.migration import MigrationStatus
from pilvi.compute.model.server import Fault, Server
from pilvi.compute.reconcilers.claims import ClaimRefused, allocate, find_candidates
from pilvi.compute.reconcilers.host_rules import compose_request
from pilvi.compute.reconcilers.moves import drop_carriers, raise_desired
from pilvi.compute.store import actions, migrations, servers
from pilvi.core.db import Transaction, now
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import RebootKind
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import abandon, list_abandoned
from pilvi.hosts.operations.hosts import get_host
from pilvi.network.operations.ports import abandon_ports, bind_ports
from pilvi.scheduler import Refusal, choose_host
from pilvi.settings import Settings


async def evacuate(tx: Transaction, settings: Settings, server: Server) -> Server:
    """Claim another host, and give up what the one that is down may still hold."""
    wish = server.desired.evacuation
    assert wish is not None
    found = await find_candidates(tx, settings)
    others = [one for one in found if one.host_id != wish.source_host_id]
    request = await compose_request(tx, server, server.flavor, others, wish.wanted_host)
    choice = choose_host(request, others)
    if isinstance(choice, Refusal):
        raise ClaimRefused(choice.message)
    await abandon(tx, Kind.VM, server.id, HostId(wish.source_host_id))
    await abandon_ports(tx, server.id, wish.source_host_id)
    for volume in server.volumes:
        await renew_account(tx, volume.attachment_id)
    server = await drop_carriers(tx, server)
    await allocate(tx, server, server.flavor, choice.host_id)
    await bind_ports(tx, server.id, choice.host_id)
    status = MigrationStatus.MIGRATING
    await migrations.update_migration(
        tx, wish.migration_id, status=status, target_host_id=choice.host_id
    )
    generation = server.desired.generation + 1
    desired = raise_desired(
        server.desired,
        image_generation=generation,
        boot_generation=server.desired.boot_generation + 1,
        boot_kind=RebootKind.HARD,
        rescue=None,
    )
    observed = dataclasses.replace(
        server.observed, is_assigned=False, power=None, boot_generation=-1, image_generation=-1
    )
    return await servers.update_server(
        tx,
        server,
        host_id=choice.host_id,
        assigned_generation=None,
        layers={},
        sources={},
        desired=desired,
        observed=observed,
    )


async def find_lingering(tx: Transaction, server: Server, lease_s: float) -> str:
    """Name of a host that is heard and has not let go of the guest that it is to give up.

    A host reports before it asks for its wishes, and starts no guest of its own accord before it
    has asked. So one that is not heard has none that it was allowed to start since it was down.
    """
    moment, abandoned = now(), await list_abandoned(tx, Kind.VM, server.id)
    hosts = [await get_host(tx, one.host_id) for one in abandoned]
    return next((one.name for one in hosts if one.is_heard(moment, lease_s)), "")


async def end_evacuation(tx: Transaction, server: Server) -> Server:
    """The guest is as wished on its new host."""
    wish = server.desired.evacuation
    assert wish is not None
    await migrations.update_migration(tx, wish.migration_id, status=MigrationStatus.DONE)
    desired = dataclasses.replace(server.desired, evacuation=None)
    return await servers.update_server(tx, server, desired=desired)


async def abandon_evacuation(tx: Transaction, server: Server, reason: str) -> Server:
    """Let it stay where it is, and say why."""
    wish = server.desired.evacuation
    assert wish is not None
    await actions.finish_actions(tx, server.id, actions.ERROR, server.host_id, reason)
    await migrations.update_migration(tx, wish.migration_id, status=MigrationStatus.ERROR)
    desired = raise_desired(server.desired, evacuation=None)
    fault = Fault(code=500, message=reason, created_at=now())
    return await servers.update_server(
        tx, server, desired=desired, failed_generation=desired.generation, fault=fault
    )
