"""Aggregates of hosts, and the availability zones that they make. In the caller's transaction.

A host is in one availability zone at most, and no server that asked for its zone leaves it.
"""

import uuid
from collections.abc import Mapping

from pilvi.compute.model.aggregate import Aggregate, zone_of, zones_of_hosts
from pilvi.compute.store import aggregates as store
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.scheduler.candidates import AVAILABILITY_ZONE


async def create_aggregate(tx: Transaction, name: str, zone: str | None) -> Aggregate:
    """A new aggregate without hosts. Raises `Conflict` when its name is taken."""
    await _check_free(tx, name)
    moment = now()
    await store.insert_aggregate(
        tx,
        id=str(uuid.uuid4()),
        name=name,
        availability_zone=zone,
        metadata={},
        created_at=moment,
        updated_at=None,
    )
    found = await store.find_aggregate_by_name(tx, name)
    assert found is not None
    return found


async def _check_free(tx: Transaction, name: str) -> None:
    if await store.find_aggregate_by_name(tx, name) is not None:
        raise Conflict(f"cannot use the name '{name}': an aggregate has it")


async def rename_aggregate(tx: Transaction, aggregate: Aggregate, name: str) -> None:
    """Give an aggregate another name. Raises `Conflict` when it is taken."""
    if name != aggregate.name:
        await _check_free(tx, name)
    await store.update_aggregate(tx, aggregate.number, name=name, updated_at=now())


async def set_zone(tx: Transaction, aggregate: Aggregate, zone: str | None) -> None:
    """Put the hosts of an aggregate into an availability zone, or give the zone up.

    Raises `InvalidRequest` where a host would be in two, or a server leave the one it asked for.
    """
    if zone != aggregate.availability_zone:
        others = [one for one in await store.list_aggregates(tx) if one.number != aggregate.number]
        try:
            await _check_hosts(tx, others, aggregate.host_ids, zone)
        except Conflict as error:
            raise InvalidRequest(error.message) from None
    await store.update_aggregate(tx, aggregate.number, availability_zone=zone, updated_at=now())


async def set_metadata(
    tx: Transaction, aggregate: Aggregate, given: Mapping[str, str | None]
) -> None:
    """Change metadata of an aggregate; what is None goes."""
    merged = {**aggregate.metadata, **given}
    kept = {key: value for key, value in merged.items() if value is not None}
    await store.update_aggregate(tx, aggregate.number, metadata=kept, updated_at=now())


async def delete_aggregate(tx: Transaction, number: int) -> None:
    """Remove an aggregate that has no hosts. Raises `NotFound`, `InvalidRequest`."""
    aggregate = await store.get_aggregate(tx, number)
    if aggregate.host_ids:
        raise InvalidRequest(
            f"cannot delete the aggregate {aggregate.name}: hosts are in it; remove them first"
        )
    await store.delete_aggregate(tx, number)


async def add_host(tx: Transaction, number: int, name: str) -> None:
    """Put a host into an aggregate. Raises `NotFound`, `Conflict`."""
    aggregate, host = await store.get_aggregate(tx, number), await _find_host(tx, name)
    if host.id in aggregate.host_ids:
        raise Conflict(f"cannot add the host {name}: it is in the aggregate {aggregate.name}")
    if aggregate.availability_zone is not None:
        everything = await store.list_aggregates(tx)
        await _check_hosts(tx, everything, (host.id,), aggregate.availability_zone)
    await store.insert_host(tx, number, host.id)
    await store.update_aggregate(tx, number, updated_at=now())


async def remove_host(tx: Transaction, number: int, name: str) -> None:
    """Take a host out of an aggregate. Raises `NotFound`, `Conflict`."""
    aggregate, host = await store.get_aggregate(tx, number), await _find_host(tx, name)
    if host.id not in aggregate.host_ids:
        raise NotFound(f"cannot find the host {name} in the aggregate {aggregate.name}")
    if aggregate.availability_zone is not None:
        others = [one for one in await store.list_aggregates(tx) if one.number != number]
        await _check_hosts(tx, others, (host.id,), None)
    await store.delete_host(tx, number, host.id)
    await store.update_aggregate(tx, number, updated_at=now())


async def _find_host(tx: Transaction, name: str) -> Host:
    found = next((one for one in await list_hosts(tx) if one.name == name), None)
    if found is None:
        raise NotFound(f"cannot find the host '{name}'")
    return found


async def _check_hosts(
    tx: Transaction, others: list[Aggregate], host_ids: tuple[str, ...], zone: str | None
) -> None:
    """Raise `Conflict` where hosts cannot be in a zone besides those of other aggregates."""
    names = {str(one.id): one.name for one in await list_hosts(tx)}
    elsewhere = zones_of_hosts(others)
    for host_id in host_ids:
        there = elsewhere.get(host_id)
        if zone is not None and there not in (None, zone):
            raise Conflict(
                f"cannot put the host {names.get(host_id)} into the availability zone {zone}: "
                f"another aggregate has it in {there}"
            )
    after = {**elsewhere, **(dict.fromkeys(host_ids, zone) if zone is not None else {})}
    for host_id, pinned in await store.list_pinned_zones(tx):
        if host_id in host_ids and pinned != zone_of(after, host_id):
            raise Conflict(
                f"cannot take the host {names.get(host_id)} out of the availability zone {pinned}: "
                "it has servers that asked for that zone; move them first"
            )


async def list_zone_names(tx: Transaction) -> list[str]:
    """The availability zones that have hosts; the default one last, where it has none too."""
    zones = await store.list_zones(tx)
    return [*sorted(set(zones.values()) - {AVAILABILITY_ZONE}), AVAILABILITY_ZONE]


async def check_zone_exists(tx: Transaction, zone: str) -> None:
    """Raise `InvalidRequest` for an availability zone that no server can ask for."""
    names = await list_zone_names(tx)
    if zone not in names:
        raise InvalidRequest(
            f"cannot find the availability zone '{zone[:80]}': there is {', '.join(names)}"
        )


async def check_pin(tx: Transaction, zone: str, host_id: str | None) -> None:
    """Raise `InvalidRequest` where a server on a host cannot be kept in an availability zone."""
    await check_zone_exists(tx, zone)
    there = zone_of(await store.list_zones(tx), host_id)
    if host_id is not None and there != zone:
        raise InvalidRequest(
            f"cannot keep the server in the availability zone '{zone[:80]}': its host is in {there}"
        )
