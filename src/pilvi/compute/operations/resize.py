"""Another flavor or host for a server, and its owner's word. In the caller's transaction."""

import dataclasses
import uuid

from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.flavor import Flavor
from pilvi.compute.model.migration import MigrationStatus, MigrationType
from pilvi.compute.model.server import Server
from pilvi.compute.model.state import Resize, Word
from pilvi.compute.operations.quotas import check_growth
from pilvi.compute.operations.servers import change_desired, record_action
from pilvi.compute.store import flavors, migrations
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.hosts.operations.hosts import list_hosts

# Layers of one disk. Lower: fewer resizes between rebuilds; higher: slower disks, longer commands.
LAYERS_MAX = 16


async def resize_server(
    tx: Transaction, server: Server, flavor_id: str, by: Actor, disk_config: str | None = None
) -> None:
    """Give a server another flavor; disks grow and never shrink."""
    require(Action.RESIZE, server, is_admin=by.is_admin)
    try:
        flavor = await flavors.get_flavor(tx, flavor_id, None if by.is_admin else by.project_id)
    except NotFound as error:
        raise InvalidRequest(f"{error.message}: list the flavors and choose one") from None
    _check_flavor(server, flavor)
    await check_growth(tx, server.project_id, server.flavor, flavor, server.user_id)
    layers = max((len(one) for one in server.layers.values()), default=1)
    if layers >= LAYERS_MAX:
        raise Conflict(
            f"cannot resize server {server.id} again: its disk has {layers} layers; shelve and "
            "unshelve it, which makes one of them"
        )
    await record_action(tx, server, Action.RESIZE, by)
    resize = Resize(migration_id=str(uuid.uuid4()), flavor=flavor)
    await _begin(tx, server, resize, by)
    changes = {} if disk_config is None else {"disk_config": disk_config}
    desired = dataclasses.replace(server.desired, resize=resize)
    await change_desired(tx, server, desired, **changes)


def _check_flavor(server: Server, flavor: Flavor) -> None:
    before = server.flavor
    if flavor.id == before.id:
        raise InvalidRequest("cannot resize to the flavor that the server has; choose another")
    if server.image is not None and flavor.disk_gib < before.disk_gib:
        raise InvalidRequest(
            f"cannot resize to flavor {flavor.id}: its disk of {flavor.disk_gib} GiB is smaller "
            f"than the server's of {before.disk_gib} GiB, and disks never shrink"
        )
    if flavor.ephemeral_gib < before.ephemeral_gib:
        raise InvalidRequest(
            f"cannot resize to flavor {flavor.id}: its ephemeral disk of {flavor.ephemeral_gib} "
            f"GiB is smaller than the server's of {before.ephemeral_gib} GiB"
        )


async def migrate_server(tx: Transaction, server: Server, host: str | None, by: Actor) -> None:
    """Give a server another host: its guest is shut down, its disks carried, its guest booted."""
    require(Action.MIGRATE, server, is_admin=by.is_admin)
    hosts = await list_hosts(tx)
    if host is not None and host not in {one.name for one in hosts}:
        raise InvalidRequest(f"cannot find the host '{host}'")
    others = [one for one in hosts if one.id != server.host_id and host in (None, one.name)]
    if not others:
        raise InvalidRequest(
            "cannot migrate the server: there is no other host; add one, or resize it here"
        )
    await record_action(tx, server, Action.MIGRATE, by)
    resize = Resize(
        migration_id=str(uuid.uuid4()),
        flavor=server.flavor,
        is_migration=True,
        wanted_host=host,
    )
    await _begin(tx, server, resize, by)
    await change_desired(tx, server, dataclasses.replace(server.desired, resize=resize))


async def _begin(tx: Transaction, server: Server, resize: Resize, by: Actor) -> None:
    assert server.host_id is not None
    kind = MigrationType.MIGRATION if resize.is_migration else MigrationType.RESIZE
    await migrations.insert_migration(
        tx,
        id=resize.migration_id,
        server_id=server.id,
        project_id=by.project_id,
        user_id=by.user_id,
        type=kind,
        status=MigrationStatus.ACCEPTED,
        source_host_id=server.host_id,
        target_host_id=None,
        old_flavor_id=server.flavor.id,
        new_flavor_id=resize.flavor.id,
    )


async def confirm_resize(tx: Transaction, server: Server, by: Actor) -> None:
    """Say that the server is right as it is now: the way back closes."""
    await _say(tx, server, Action.CONFIRM_RESIZE, Word.CONFIRMED, by)


async def revert_resize(tx: Transaction, server: Server, by: Actor) -> None:
    """Say that the server is to be again what it was: what was written since is lost."""
    await _say(tx, server, Action.REVERT_RESIZE, Word.REVERTED, by)


async def _say(tx: Transaction, server: Server, action: Action, word: Word, by: Actor) -> None:
    require(action, server, is_admin=by.is_admin)
    assert server.desired.resize is not None
    await record_action(tx, server, action, by)
    resize = dataclasses.replace(server.desired.resize, word=word)
    await change_desired(tx, server, dataclasses.replace(server.desired, resize=resize))
