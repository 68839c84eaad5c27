"""Whether new security groups keep connections in mind. In the caller's transaction.

Groups that are there stay as they are.
"""

import uuid

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict
from pilvi.network.store import default_statefulness as store


async def create_default_statefulness(
    tx: Transaction, project_id: str | None, *, is_stateful: bool
) -> str:
    """A default for a project, or (None) for all that have none; returns its id.

    Raises `Conflict` where there is one.
    """
    known = await store.find_default_for(tx, project_id)
    if known is not None:
        raise Conflict(f"cannot set this default statefulness: there is {known.id} already")
    id = str(uuid.uuid4())
    await store.insert_default(
        tx, id=id, project_id=project_id, is_stateful=is_stateful, created_at=now()
    )
    return id


async def update_default_statefulness(tx: Transaction, id: str, *, is_stateful: bool) -> None:
    """Change a default. Raises `NotFound`."""
    found = await store.get_default(tx, id, None)
    await store.update_default(tx, found.id, is_stateful=is_stateful)


async def delete_default_statefulness(tx: Transaction, id: str) -> None:
    """Remove a default. Raises `NotFound`."""
    found = await store.get_default(tx, id, None)
    await store.delete_default(tx, found.id)


async def is_stateful_by_default(tx: Transaction, project_id: str) -> bool:
    """What a project's new group is when nobody says: the project's default, or everybody's."""
    for owner in (project_id, None):
        found = await store.find_default_for(tx, owner)
        if found is not None:
            return found.is_stateful
    return True
