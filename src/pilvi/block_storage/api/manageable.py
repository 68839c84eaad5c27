"""Disks that a backend has and that volumes could be made of: there are none in this cloud.

Everything in a backend's folder belongs to a volume, a snapshot or a backup, and nothing else is
ever taken over: an image is the way in.
"""

from typing import Any

from pilvi.block_storage.api.services import find_pool
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, Unsupported

KINDS = {
    "/manageable_volumes": "manageable-volumes",
    "/manageable_snapshots": "manageable-snapshots",
    "/os-volume-manage": "manageable-volumes",
    "/os-snapshot-manage": "manageable-snapshots",
}
"""Each path, and the key of its list."""


async def list_manageable(call: Call[None]) -> dict[str, Any]:
    """What one host's backend could give up to volumes: nothing."""
    host, cluster = call.query.get("host"), call.query.get("cluster")
    if not host or cluster:
        raise InvalidRequest("cannot look for disks without a host; give host, and no cluster")
    await find_pool(call, host, None)
    path = call.request.url.path
    return {next(key for name, key in KINDS.items() if name in path): []}


async def refuse_takeover(call: Call[Any]) -> None:
    """Refused: nothing is taken over."""
    raise Unsupported("cannot make a volume or snapshot of a disk that is there: upload an image")
