"""Another host for a server whose own is down. In the caller's transaction."""

import dataclasses
import uuid

from pilvi.block_storage.operations.volumes import get_volume
from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.migration import MigrationStatus, MigrationType
from pilvi.compute.model.server import Server
from pilvi.compute.model.state import Evacuation
from pilvi.compute.operations.servers import change_desired, record_action
from pilvi.compute.store import migrations
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest
from pilvi.host_api.vms import Power
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EvacuationWish:
    """Where a server is to go, and how."""

    host: str | None = None
    """Name of the only host that will do."""
    keeps_off: bool = True
    """Whether the guest stays off once it is there, until somebody has looked at it."""
    admin_password: str = dataclasses.field(repr=False, default="")


async def evacuate_server(
    tx: Transaction, server: Server, wish: EvacuationWish, by: Actor, lease_s: float
) -> None:
    """Build a server anew on another host: disks from its image, volumes and ports as they are.

    Raises `InvalidRequest` while its host is up or when no other is there, and `Conflict` for a
    volume that lies on a host that is down.
    """
    require(Action.EVACUATE, server, is_admin=by.is_admin)
    hosts, moment = {str(one.id): one for one in await list_hosts(tx)}, now()
    here = hosts.get(server.host_id or "")
    if here is None or here.is_alive(moment, lease_s):
        name = "its host" if here is None else here.name
        raise InvalidRequest(
            f"cannot evacuate the server: compute service of {name} is still in use; migrate it, "
            "or say that the host is down"
        )
    others = [one for one in hosts.values() if one.id != here.id and wish.host in (None, one.name)]
    if not others:
        raise InvalidRequest("cannot evacuate the server: there is no such other host")
    await _check_volumes(tx, server, {id for id, one in hosts.items() if _is_down(one, lease_s)})
    evacuation = Evacuation(
        migration_id=str(uuid.uuid4()), source_host_id=str(here.id), wanted_host=wish.host
    )
    await migrations.insert_migration(
        tx,
        id=evacuation.migration_id,
        server_id=server.id,
        project_id=by.project_id,
        user_id=by.user_id,
        type=MigrationType.EVACUATION,
        status=MigrationStatus.ACCEPTED,
        source_host_id=str(here.id),
        target_host_id=None,
        old_flavor_id=server.flavor.id,
        new_flavor_id=server.flavor.id,
    )
    await record_action(tx, server, Action.EVACUATE, by)
    power = Power.STOPPED if wish.keeps_off else server.desired.power
    desired = dataclasses.replace(server.desired, evacuation=evacuation, power=power)
    changes = {"admin_password": wish.admin_password} if server.config_drive else {}
    await change_desired(tx, server, desired, **changes)


def _is_down(host: Host, lease_s: float) -> bool:
    return not host.is_alive(now(), lease_s)


async def _check_volumes(tx: Transaction, server: Server, down: set[str]) -> None:
    for one in server.volumes:
        volume = await get_volume(tx, one.volume_id, None)
        if volume.host_id in down:
            raise Conflict(
                f"cannot evacuate the server: its volume {volume.id} lies on a host that is down"
            )
