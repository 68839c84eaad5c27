"""What consumers hold: to write."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.placement.api.provider_changes import (
    ClassName,
    Count,
    InventoriesReplace,
    make_inventory,
)
from pilvi.placement.api.queries import check_uuid
from pilvi.placement.model.claim import ClaimWish, Generation
from pilvi.placement.operations import consumers
from pilvi.placement.operations.reshape import reshape as reshape_all

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
TypeName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9_]+\Z", max_length=255)]


class Held(msgspec.Struct, forbid_unknown_fields=True):
    """What is held of one provider; its generation is for information."""

    resources: Annotated[dict[ClassName, Count], msgspec.Meta(min_length=1)]
    generation: int | UnsetType = UNSET


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    """What one consumer shall hold."""

    allocations: dict[str, Held]
    project_id: Id
    user_id: Id
    consumer_generation: int | UnsetType | None = UNSET
    consumer_type: TypeName | UnsetType = UNSET
    mappings: dict[str, list[str]] | UnsetType = UNSET
    """As candidates tell them; nothing depends on them."""


class Reshape(msgspec.Struct, forbid_unknown_fields=True):
    """Inventories of some providers and claims of some consumers, changed together."""

    inventories: dict[str, InventoriesReplace]
    allocations: dict[str, ClaimBody]


def _read_wish(call: Call[Any], consumer_id: str, body: ClaimBody) -> ClaimWish:
    """A body as a wish. Raises `InvalidRequest` for what its version must have."""
    generation: int | Generation | None = Generation.UNCHECKED
    if "consumer_generations" in call.flags:
        if body.consumer_generation is UNSET:
            raise InvalidRequest("cannot write allocations without 'consumer_generation'")
        generation = body.consumer_generation
    if "consumer_type" in call.flags and body.consumer_type is UNSET:
        raise InvalidRequest("cannot write allocations without 'consumer_type'")
    return ClaimWish(
        consumer_id=check_uuid("consumer", consumer_id),
        project_id=body.project_id,
        user_id=body.user_id,
        held={
            check_uuid("resource provider", id): held.resources
            for id, held in body.allocations.items()
        },
        generation=generation,
        consumer_type=None if body.consumer_type is UNSET else body.consumer_type,
    )


async def replace_allocations(call: Call[ClaimBody]) -> None:
    """Let one consumer hold exactly this."""
    if not call.payload.allocations and "consumer_generations" not in call.flags:
        raise InvalidRequest("cannot write no allocations at this version; delete them instead")
    wish = _read_wish(call, call.path["consumer_id"], call.payload)
    await consumers.write_claims(call.tx, [wish])


async def manage_allocations(call: Call[dict[str, ClaimBody]]) -> None:
    """Let several consumers hold exactly this, all or none."""
    wishes = [_read_wish(call, id, body) for id, body in call.payload.items()]
    await consumers.write_claims(call.tx, wishes)


async def delete_allocations(call: Call[None]) -> None:
    """Let one consumer hold nothing."""
    await consumers.delete_claim(call.tx, call.path["consumer_id"])


async def reshape(call: Call[Reshape]) -> None:
    """Move inventories, and what is held of them, between providers at once."""
    inventories = {
        check_uuid("resource provider", id): (
            body.resource_provider_generation,
            {name: make_inventory(call, name, one) for name, one in body.inventories.items()},
        )
        for id, body in call.payload.inventories.items()
    }
    wishes = [_read_wish(call, id, body) for id, body in call.payload.allocations.items()]
    await reshape_all(call.tx, inventories, wishes)
