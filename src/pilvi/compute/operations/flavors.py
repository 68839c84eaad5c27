"""Flavors: what admins do with them. In the caller's transaction."""

from typing import Any

from pilvi.compute.model.flavor import Flavor
from pilvi.compute.store import flavors as store
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NotFound


async def create_flavor(tx: Transaction, flavor: Flavor) -> Flavor:
    """A new flavor. Raises `Conflict` when its id or name is taken."""
    taken = await store.find_taken(tx, flavor.id, flavor.name)
    if taken is not None:
        what = f"id {flavor.id}" if taken.id == flavor.id else f"name {flavor.name}"
        raise Conflict(f"cannot create the flavor: a flavor with {what} already exists")
    await store.insert_flavor(tx, flavor)
    return flavor


async def update_flavor(tx: Transaction, id: str, description: str | None) -> Flavor:
    """Change a flavor's description; servers keep the flavor as it was."""
    await store.get_flavor(tx, id, None)
    await store.update_flavor(tx, id, description=description)
    return await store.get_flavor(tx, id, None)


async def delete_flavor(tx: Transaction, id: str) -> None:
    """Remove a flavor; servers keep their copy of it."""
    await store.get_flavor(tx, id, None)
    await store.delete_flavor(tx, id)


async def set_extra_specs(tx: Transaction, id: str, given: dict[str, str]) -> dict[str, str]:
    """Add or replace extra specs and return what was given."""
    flavor = await store.get_flavor(tx, id, None)
    await store.update_flavor(tx, id, extra_specs={**flavor.extra_specs, **given})
    return given


async def delete_extra_spec(tx: Transaction, id: str, key: str) -> None:
    """Remove one extra spec. Raises `NotFound`."""
    flavor = await store.get_flavor(tx, id, None)
    if key not in flavor.extra_specs:
        raise NotFound(f"cannot find the extra spec '{key}' of the flavor '{id}'")
    kept: dict[str, Any] = {name: v for name, v in flavor.extra_specs.items() if name != key}
    await store.update_flavor(tx, id, extra_specs=kept)


async def list_access(tx: Transaction, id: str) -> list[str]:
    """Who may use a private flavor. Raises `NotFound` for a public one, as Nova does."""
    flavor = await store.get_flavor(tx, id, None)
    if flavor.is_public:
        raise NotFound(f"cannot list who may use the flavor '{id}': it is public")
    return await store.list_access(tx, id)


async def add_access(
    tx: Transaction, id: str, project_id: str, *, refuses_public: bool
) -> list[str]:
    """Let a project use a private flavor; returns all that may. Raises `Conflict`."""
    flavor = await store.get_flavor(tx, id, None)
    if flavor.is_public and refuses_public:
        raise Conflict(f"cannot give access to the flavor '{id}': it is public")
    if not project_id.strip():
        raise InvalidRequest("cannot give access to a project without an id")
    if project_id in await store.list_access(tx, id):
        raise Conflict(f"cannot give access: the project {project_id} has it already")
    await store.insert_access(tx, id, project_id)
    return await store.list_access(tx, id)


async def remove_access(tx: Transaction, id: str, project_id: str) -> list[str]:
    """Take a private flavor from a project; returns all that may still use it."""
    await store.get_flavor(tx, id, None)
    if not await store.delete_access(tx, id, project_id):
        raise NotFound(f"cannot find access of the project '{project_id}' to the flavor '{id}'")
    return await store.list_access(tx, id)
