"""What an admin may do with QoS specifications. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence

from pilvi.block_storage.model.qos_specs import QosSpecs
from pilvi.block_storage.model.volume_type import VolumeType
from pilvi.block_storage.store import qos_specs as store
from pilvi.block_storage.store import volume_types
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest, NotFound

CONSUMERS = ("front-end", "back-end", "both")


async def get_qos_specs(tx: Transaction, id: str) -> QosSpecs:
    """One specification. Raises `NotFound`."""
    found = await store.list_qos_specs(tx, id=id)
    if not found:
        raise NotFound(f"cannot find the QoS specification '{id}'")
    return found[0]


async def create_qos_specs(
    tx: Transaction, name: str, consumer: str, specs: Mapping[str, str]
) -> QosSpecs:
    """A new specification. Raises `Conflict` when the name is taken, `InvalidRequest`."""
    _check_consumer(consumer)
    if await store.list_qos_specs(tx, name=name):
        raise Conflict(f"cannot name the QoS specification '{name}': the name is taken")
    found = QosSpecs(
        id=str(uuid.uuid4()), name=name, consumer=consumer, specs=dict(specs), created_at=now()
    )
    await store.insert_qos_specs(tx, found)
    return found


async def set_keys(tx: Transaction, found: QosSpecs, wanted: Mapping[str, str]) -> None:
    """Set some values; `consumer` is one too."""
    specs = {**found.specs, **wanted}
    consumer = specs.pop("consumer", found.consumer)
    _check_consumer(consumer)
    await store.update_qos_specs(tx, found.id, specs=specs, consumer=consumer, updated_at=now())


async def unset_keys(tx: Transaction, found: QosSpecs, keys: Sequence[str]) -> None:
    """Remove some values. Raises `InvalidRequest` for one that is not there."""
    for key in keys:
        if key not in found.specs:
            raise InvalidRequest(f"cannot find the key '{key}' of this QoS specification")
    specs = {key: value for key, value in found.specs.items() if key not in keys}
    await store.update_qos_specs(tx, found.id, specs=specs, updated_at=now())


async def delete_qos_specs(tx: Transaction, found: QosSpecs, *, force: bool) -> None:
    """Remove a specification. Raises `InvalidRequest` while types name it, unless forced."""
    if await list_associations(tx, found) and not force:
        raise InvalidRequest(
            f"cannot delete the QoS specification '{found.name}': volume types name it; "
            "disassociate them, or use force"
        )
    await disassociate_all(tx, found)
    await store.delete_qos_specs(tx, found.id)


async def list_associations(tx: Transaction, found: QosSpecs) -> list[VolumeType]:
    """The volume types that name a specification."""
    return await volume_types.list_volume_types(tx, None, qos_specs_id=found.id)


async def associate(tx: Transaction, found: QosSpecs, volume_type: VolumeType) -> None:
    """Let a volume type name a specification. Raises `InvalidRequest` when it names another."""
    if volume_type.qos_specs_id not in (None, found.id):
        raise InvalidRequest(
            f"cannot associate the volume type '{volume_type.name}': it names another QoS "
            "specification"
        )
    await volume_types.update_volume_type(tx, volume_type.id, qos_specs_id=found.id)


async def disassociate(tx: Transaction, found: QosSpecs, volume_type: VolumeType) -> None:
    """Let a volume type name none. Repeatable."""
    if volume_type.qos_specs_id == found.id:
        await volume_types.update_volume_type(tx, volume_type.id, qos_specs_id=None)


async def disassociate_all(tx: Transaction, found: QosSpecs) -> None:
    """Let no volume type name a specification. Repeatable."""
    for volume_type in await list_associations(tx, found):
        await disassociate(tx, found, volume_type)


def _check_consumer(consumer: str) -> None:
    if consumer not in CONSUMERS:
        raise InvalidRequest(
            f"cannot use the consumer '{consumer}': it is one of {', '.join(CONSUMERS)}"
        )
