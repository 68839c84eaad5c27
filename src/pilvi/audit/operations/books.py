"""Reads everything that an audit compares: the one place that asks every service."""

import time

from pilvi.audit.model.books import (
    Amounts,
    AttachmentEntry,
    Books,
    FloatingIpEntry,
    HostSight,
    PortEntry,
    ServerEntry,
    Wish,
)
from pilvi.block_storage.operations import ledger as block_storage
from pilvi.compute.model.server import Server, resources_of
from pilvi.compute.operations import ledger as compute
from pilvi.core.db import Transaction
from pilvi.host_api.contract import Kind
from pilvi.hosts.model.host import Sighting
from pilvi.hosts.operations.assignments import list_all_held
from pilvi.image.operations import ledger as image
from pilvi.image.operations.ledger import StoreFiles
from pilvi.network.operations import ledger as network
from pilvi.placement.operations.allocations import list_claims_of_servers


async def read_books(tx: Transaction, store: StoreFiles) -> Books:
    """The whole database at one moment, and then the image store's files.

    In this order: a file that appears between the two belongs to work under way.
    """
    servers = await compute.list_living(tx)
    rows = await image.read_rows(tx)
    objects = {
        Kind.VM: frozenset[str](server.id for server, _ in servers),
        Kind.CAPTURE: await compute.list_capture_ids(tx),
        Kind.CONSOLE: await compute.list_console_ids(tx),
        **await block_storage.list_ids(tx),
        **await network.list_ids(tx),
    }
    return Books(
        taken_at=time.time(),
        wishes=await _read_wishes(tx),
        objects=objects,
        servers=tuple(_server(server, settled) for server, settled in servers),
        claims={claim.consumer_id: claim.held for claim in await list_claims_of_servers(tx)},
        attachments=tuple(
            AttachmentEntry(one.id, one.server_id, one.volume_id, not one.present)
            for one in await block_storage.list_all_attachments(tx)
            if not one.by_hand
        ),
        ports=tuple(
            PortEntry(one.id, one.server_id, one.router_id, one.addresses)
            for one in await network.list_all_ports(tx)
        ),
        floating_ips=tuple(
            FloatingIpEntry(one.id, one.address, one.port_id, one.fixed_address)
            for one in await network.list_all_floating_ips(tx)
        ),
        router_ids=objects[Kind.ROUTER],
        image_ids=rows.image_ids,
        image_bytes=rows.image_bytes,
        content_bytes=rows.content_bytes,
        contents=rows.contents,
        needed_contents=rows.needed_contents,
        upload_ids=rows.upload_ids,
        files=tuple(await store.list()),
    )


async def _read_wishes(tx: Transaction) -> tuple[Wish, ...]:
    return tuple(
        Wish(
            held.host_id,
            held.kind,
            held.id,
            held.present,
            held.present and held.is_settled,
            held.spec,
        )
        for held in await list_all_held(tx)
    )


def _server(server: Server, is_settled: bool) -> ServerEntry:
    claims: dict[str, dict[str, Amounts]] = {}
    if server.host_id is not None and not server.given_up:
        claims[server.id] = {server.host_id: resources_of(server, server.flavor)}
    consumers = {str(server.id)}
    if server.desired.resize is not None:
        consumers.add(server.desired.resize.migration_id)
    if server.way_back is not None:
        back = server.way_back
        claims[back.migration_id] = {back.host_id: resources_of(server, back.flavor)}
        consumers.add(back.migration_id)
    return ServerEntry(
        server.id,
        is_settled,
        claims,
        frozenset(consumers),
        frozenset(one.attachment_id for one in server.volumes if one.present),
    )


def as_sight(sighting: Sighting) -> HostSight:
    """A host's list as the comparison takes it. Pure."""
    items = () if sighting.holdings is None else tuple(sighting.holdings.items)
    return HostSight(sighting.host.id, sighting.host.name, items)
