"""QoS specifications: wire types and handlers."""

from typing import Annotated, Any

import msgspec

from pilvi.block_storage.api.views import cut_page, links_of, read_offset, read_word
from pilvi.block_storage.model.qos_specs import QosSpecs
from pilvi.block_storage.operations import qos_specs as operations
from pilvi.block_storage.operations.volume_types import get_type
from pilvi.block_storage.store import qos_specs as store
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest

Key = Annotated[str, msgspec.Meta(pattern="^[a-zA-Z0-9-_:. ]{1,255}$")]
Value = Annotated[str, msgspec.Meta(max_length=255)]


class QosBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /qos-specs and PUT /qos-specs/{id}: values beside name and consumer."""

    qos_specs: dict[Key, Value | int | float]


class QosKeys(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /qos-specs/{id}/delete_keys."""

    keys: list[Key]


async def _get(call: Call[Any]) -> QosSpecs:
    return await operations.get_qos_specs(call.tx, call.path["qos_id"])


def _render(found: QosSpecs) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "consumer": found.consumer,
        "specs": dict(found.specs),
    }


def _render_one(call: Call[Any], found: QosSpecs) -> dict[str, Any]:
    return {"qos_specs": _render(found), "links": links_of(call, "qos-specs", found.id)}


async def list_qos_specs(call: Call[None]) -> dict[str, Any]:
    """Every specification."""
    found = await store.list_qos_specs(call.tx)
    rows, _ = cut_page(found, parse_page(call.query), read_offset(call))
    return {"qos_specs": [_render(one) for one in rows]}


async def show_qos_specs(call: Call[None]) -> dict[str, Any]:
    """One specification."""
    return _render_one(call, await _get(call))


async def create_qos_specs(call: Call[QosBody]) -> dict[str, Any]:
    """A new specification."""
    given = {key: str(value) for key, value in call.payload.qos_specs.items()}
    name = given.pop("name", "").strip()
    if not name:
        raise InvalidRequest("cannot create a QoS specification without a name")
    consumer = given.pop("consumer", "back-end")
    return _render_one(call, await operations.create_qos_specs(call.tx, name, consumer, given))


async def update_qos_specs(call: Call[QosBody]) -> dict[str, Any]:
    """Set some values."""
    found = await _get(call)
    wanted = {key: str(value) for key, value in call.payload.qos_specs.items()}
    if not wanted:
        raise InvalidRequest("cannot update a QoS specification with nothing")
    await operations.set_keys(call.tx, found, wanted)
    return {"qos_specs": wanted}


async def delete_qos_keys(call: Call[QosKeys]) -> None:
    """Remove some values."""
    await operations.unset_keys(call.tx, await _get(call), call.payload.keys)


async def delete_qos_specs(call: Call[None]) -> None:
    """Remove a specification."""
    found = await _get(call)
    await operations.delete_qos_specs(call.tx, found, force=read_word(call, "force"))


async def list_qos_associations(call: Call[None]) -> dict[str, Any]:
    """The volume types that name a specification."""
    found = await operations.list_associations(call.tx, await _get(call))
    rows = [{"association_type": "volume_type", "name": one.name, "id": one.id} for one in found]
    return {"qos_associations": rows}


async def associate_qos_specs(call: Call[None]) -> None:
    """Let a volume type name a specification."""
    found = await _get(call)
    await operations.associate(call.tx, found, await get_type(call.tx, _type_id(call), None))


async def disassociate_qos_specs(call: Call[None]) -> None:
    """Let a volume type name none."""
    found = await _get(call)
    await operations.disassociate(call.tx, found, await get_type(call.tx, _type_id(call), None))


async def disassociate_all_qos_specs(call: Call[None]) -> None:
    """Let no volume type name a specification."""
    await operations.disassociate_all(call.tx, await _get(call))


def _type_id(call: Call[None]) -> str:
    found = call.query.get("vol_type_id")
    if not found:
        raise InvalidRequest("cannot find out which volume type is meant; give vol_type_id")
    return found
