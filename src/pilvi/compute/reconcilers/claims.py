"""What a server takes of a host: chosen and claimed in one transaction, all of it or nothing."""

import dataclasses
from typing import Any

from pilvi.compute.model.flavor import Flavor
from pilvi.compute.model.server import Server, resources_of
from pilvi.compute.reconcilers.host_rules import compose_request
from pilvi.compute.store import aggregates, servers
from pilvi.core.db import Transaction, now
from pilvi.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NoCapacity,
    NotFound,
    QuotaExceeded,
)
from pilvi.host_api.vms import ImageSource
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.image.operations.images import get_image, image_source
from pilvi.network.operations.ports import bind_ports, claim_ports
from pilvi.placement.operations import allocations
from pilvi.placement.operations.usages import list_usages
from pilvi.scheduler import Candidate, Choice, HostRequest, Refusal, choose_host, list_candidates
from pilvi.settings import Settings

_REFUSALS = (NoCapacity, Conflict, QuotaExceeded, NotFound, InvalidRequest, Forbidden)


class ClaimRefused(Exception):
    """A server cannot have what it needs: everything of the transaction is taken back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def find_candidates(tx: Transaction, settings: Settings) -> list[Candidate]:
    """Every host with what is claimed of it now."""
    usages, lease_s = await list_usages(tx), settings.host_lease_s
    zones = await aggregates.list_zones(tx)
    return list_candidates(await list_hosts(tx), usages, now(), lease_s, zones)


async def allocate(tx: Transaction, server: Server, flavor: Flavor, host_id: str) -> None:
    """Let a server hold what a flavor needs of a host, in place of what it holds."""
    try:
        await allocations.claim(
            tx,
            consumer_id=server.id,
            project_id=server.project_id,
            user_id=server.user_id,
            provider_id=host_id,
            resources=resources_of(server, flavor),
        )
    except _REFUSALS as error:
        raise ClaimRefused(error.message) from error


async def claim_server(tx: Transaction, settings: Settings, server: Server) -> Server:
    """A host for a server that has none: a new one, or one that comes from its shelf."""
    is_new = not server.observed.is_launched
    candidates = await _hinted(tx, server, await find_candidates(tx, settings))
    request = await compose_request(tx, server, server.flavor, candidates, server.wanted_host)
    choice = choose_host(request, candidates)
    if isinstance(choice, Refusal):
        raise ClaimRefused(choice.message)
    await allocate(tx, server, server.flavor, choice.host_id)
    if is_new:
        try:
            await claim_ports(
                tx,
                server_id=server.id,
                project_id=server.project_id,
                hostname=server.hostname,
                requests=list(server.requests),
                security_groups=list(server.security_groups),
            )
        except _REFUSALS as error:
            raise ClaimRefused(error.message) from error
    else:
        server = dataclasses.replace(server, sources=await find_sources(tx, server))
    await bind_ports(tx, server.id, choice.host_id)
    observed = dataclasses.replace(server.observed, is_claimed=True)
    return await servers.update_server(
        tx,
        server,
        host_id=choice.host_id,
        sources=server.sources,
        layers={} if not is_new else server.layers,
        observed=observed,
    )


async def find_sources(tx: Transaction, server: Server) -> dict[str, ImageSource]:
    """What carried a server's disks, by device, for the host that they go to."""
    try:
        return {
            device: image_source(await get_image(tx, image_id, None))
            for device, image_id in server.carriers.items()
        }
    except _REFUSALS as error:
        raise ClaimRefused(error.message) from error


async def _hinted(tx: Transaction, server: Server, candidates: list[Candidate]) -> list[Candidate]:
    """The hosts that the scheduler hints of a server's owner leave."""
    for name, is_there in (("same_host", True), ("different_host", False)):
        named = _list(server.hints.get(name))
        if not named:
            continue
        found = [await servers.find_server(tx, id) for id in named]
        # Nobody learns by a hint where another project's servers are.
        mine = [one for one in found if one and one.project_id == server.project_id]
        hosts = {one.host_id for one in mine}
        candidates = [one for one in candidates if (one.host_id in hosts) is is_there]
        if not candidates:
            raise ClaimRefused(f"cannot find a host that the scheduler hint '{name}' allows")
    return candidates


def _list(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [str(value)] if value else []


def choose_for_resize(
    server: Server, request: HostRequest, candidates: list[Candidate]
) -> Choice | Refusal:
    """The own host where that will do, so that no disk has to travel; else another. Pure."""
    resize = server.desired.resize
    assert resize is not None and server.host_id is not None
    here = [one for one in candidates if one.host_id == server.host_id]
    others = [one for one in candidates if one.host_id != server.host_id]
    if not resize.is_migration:
        choice = choose_host(request, here)
        if isinstance(choice, Choice) or not others:
            return choice
    found = choose_host(dataclasses.replace(request, forced_host=resize.wanted_host), others)
    if isinstance(found, Refusal) and not others:
        return Refusal({}, "cannot find another host for the server")
    return found
