"""The steps of a server whose volume is written anew, applied. In the caller's transaction."""

import dataclasses

from pilvi.block_storage.operations.volumes import rewrite_volume
from pilvi.compute.model.server import Fault, Server
from pilvi.compute.reconcilers.moves import raise_desired
from pilvi.compute.store import actions, servers
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.host_api.vms import Power, RebootKind


async def begin_reimage(tx: Transaction, server: Server) -> Server:
    """Ask for the image in the volume, and keep by which generation it is known."""
    wish, root = server.desired.reimage, server.root_volume
    assert wish is not None and root is not None
    try:
        generation = await rewrite_volume(tx, root.volume_id, wish.image_id)
    except (NotFound, InvalidRequest, Conflict) as error:
        return await abandon_reimage(tx, server, error.message)
    asked = dataclasses.replace(wish, content_generation=generation)
    # What the host was told stays as it is: the guest off.
    desired = dataclasses.replace(server.desired, reimage=asked)
    return await servers.update_server(tx, server, desired=desired)


async def end_reimage(tx: Transaction, server: Server) -> Server:
    """Let the guest boot from what was written, if it is to run."""
    desired = raise_desired(
        server.desired,
        reimage=None,
        boot_generation=server.desired.boot_generation + 1,
        boot_kind=RebootKind.HARD,
    )
    return await servers.update_server(tx, server, desired=desired)


async def abandon_reimage(tx: Transaction, server: Server, reason: str) -> Server:
    """Its disk is in no known state: it is in ERROR, with its guest off."""
    desired = raise_desired(server.desired, reimage=None, power=Power.STOPPED)
    await actions.finish_actions(tx, server.id, actions.ERROR, server.host_id, reason)
    fault = Fault(code=500, message=reason, created_at=now())
    return await servers.update_server(
        tx, server, desired=desired, failed_generation=desired.generation, fault=fault
    )
