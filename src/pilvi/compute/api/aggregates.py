"""Aggregates of hosts."""

import re
from typing import Annotated, Any

import msgspec

from pilvi.compute.api.links import microseconds
from pilvi.compute.model.aggregate import ZONE_KEY, Aggregate, check_name, check_zone
from pilvi.compute.operations import aggregates as operations
from pilvi.compute.store import aggregates as store
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, Unsupported
from pilvi.hosts.operations.hosts import list_hosts

_NUMBER = re.compile(r"^-?[0-9]{1,9}$")
Key = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9_:. -]{1,255}$")]
Text = Annotated[str, msgspec.Meta(max_length=255)]
HostName = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9._-]{1,255}$")]


class AggregateFields(msgspec.Struct, forbid_unknown_fields=True):
    """A new aggregate."""

    name: str
    availability_zone: str | None = None


class AggregateCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /os-aggregates."""

    aggregate: AggregateFields


class AggregateChange(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    availability_zone: str | None | msgspec.UnsetType = msgspec.UNSET


class AggregateUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /os-aggregates/{number}."""

    aggregate: AggregateChange


class AggregateHost(msgspec.Struct, forbid_unknown_fields=True):
    """Body below add_host and remove_host."""

    host: HostName


class AggregateMetadata(msgspec.Struct, forbid_unknown_fields=True):
    """Body below set_metadata; a value of null removes its key."""

    metadata: dict[Key, Text | None]


class CachedImage(msgspec.Struct, forbid_unknown_fields=True):
    """An image that the hosts of an aggregate are to fetch ahead."""

    id: str


class AggregateImages(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /os-aggregates/{number}/images."""

    cache: Annotated[list[CachedImage], msgspec.Meta(min_length=1)]


async def _renderer(call: Call[Any]) -> Any:
    names = {str(host.id): host.name for host in await list_hosts(call.tx)}

    def render(aggregate: Aggregate) -> dict[str, Any]:
        return {
            "id": aggregate.number,
            "uuid": aggregate.id,
            "name": aggregate.name,
            "availability_zone": aggregate.availability_zone,
            "hosts": sorted(names[id] for id in aggregate.host_ids if id in names),
            "metadata": aggregate.shown_metadata,
            "created_at": microseconds(aggregate.created_at),
            "updated_at": microseconds(aggregate.updated_at),
            "deleted": False,
            "deleted_at": None,
        }

    return render


def _number(call: Call[Any]) -> int:
    text = call.path["aggregate"]
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest(f"cannot read the aggregate's id '{text[:80]}': it is a number")
    return int(text)


async def _show(call: Call[Any], number: int) -> dict[str, Any]:
    render = await _renderer(call)
    return {"aggregate": render(await store.get_aggregate(call.tx, number))}


async def list_aggregates(call: Call[None]) -> dict[str, Any]:
    """The aggregates, the oldest first."""
    render = await _renderer(call)
    return {"aggregates": [render(one) for one in await store.list_aggregates(call.tx)]}


async def show_aggregate(call: Call[None]) -> dict[str, Any]:
    """One aggregate."""
    return await _show(call, _number(call))


async def create_aggregate(call: Call[AggregateCreate]) -> dict[str, Any]:
    """A new aggregate without hosts."""
    fields = call.payload.aggregate
    zone = fields.availability_zone
    aggregate = await operations.create_aggregate(
        call.tx, check_name(fields.name), None if zone is None else check_zone(zone)
    )
    body = await _show(call, aggregate.number)
    del body["aggregate"]["hosts"], body["aggregate"]["metadata"]
    return body


async def update_aggregate(call: Call[AggregateUpdate]) -> dict[str, Any]:
    """Change an aggregate's name or availability zone."""
    fields = call.payload.aggregate
    name, zone = fields.name, fields.availability_zone
    if name is msgspec.UNSET and zone is msgspec.UNSET:
        raise InvalidRequest("cannot update the aggregate; send name or availability_zone")
    aggregate = await store.get_aggregate(call.tx, _number(call))
    if not isinstance(name, msgspec.UnsetType):
        await operations.rename_aggregate(call.tx, aggregate, check_name(name.strip()))
    if not isinstance(zone, msgspec.UnsetType):
        zone = None if zone is None else check_zone(zone)
        await operations.set_zone(call.tx, aggregate, zone)
    return await _show(call, aggregate.number)


async def delete_aggregate(call: Call[None]) -> None:
    """Remove an aggregate without hosts."""
    await operations.delete_aggregate(call.tx, _number(call))


async def add_aggregate_host(call: Call[AggregateHost]) -> dict[str, Any]:
    """Put a host into an aggregate."""
    await operations.add_host(call.tx, _number(call), call.payload.host)
    return await _show(call, _number(call))


async def remove_aggregate_host(call: Call[AggregateHost]) -> dict[str, Any]:
    """Take a host out of an aggregate."""
    await operations.remove_host(call.tx, _number(call), call.payload.host)
    return await _show(call, _number(call))


async def set_aggregate_metadata(call: Call[AggregateMetadata]) -> dict[str, Any]:
    """Change metadata of an aggregate; its key availability_zone is the zone."""
    given = dict(call.payload.metadata)
    aggregate = await store.get_aggregate(call.tx, _number(call))
    if ZONE_KEY in given:
        zone = given.pop(ZONE_KEY)
        zone = None if zone is None else check_zone(zone)
        await operations.set_zone(call.tx, aggregate, zone)
    await operations.set_metadata(call.tx, aggregate, given)
    return await _show(call, aggregate.number)


async def refuse_aggregate_images(call: Call[AggregateImages]) -> None:
    """Hosts fetch images when a server needs them, not ahead."""
    await store.get_aggregate(call.tx, _number(call))
    raise Unsupported(
        "cannot send images to the hosts of an aggregate ahead: each host fetches an image when "
        "its first server is made of it"
    )
