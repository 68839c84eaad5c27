"""Collections that are empty, because nothing can be put into them yet."""

from typing import Any

from pilvi.core.http import Call
from pilvi.errors import NotFound, Unsupported

# Path of each collection, the key of its list and what one of it is called.
COLLECTIONS = {
    "/consistencygroups": ("consistencygroups", "consistency group"),
    "/cgsnapshots": ("cgsnapshots", "consistency group snapshot"),
}


def _collection(call: Call[None]) -> tuple[str, str]:
    path = call.request.url.path
    name = next(name for name in COLLECTIONS if f"{name}/" in f"{path}/")
    return COLLECTIONS[name]


async def list_nothing(call: Call[None]) -> dict[str, Any]:
    """An empty list."""
    return {_collection(call)[0]: []}


async def show_nothing(call: Call[None]) -> None:
    """There is none of any name."""
    raise NotFound(f"cannot find the {_collection(call)[1]} '{call.path['id']}'")


async def refuse_create(call: Call[None]) -> None:
    """None can be made."""
    raise Unsupported(f"cannot create a {_collection(call)[1]} in this cloud yet")
