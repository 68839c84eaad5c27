"""How one volume is encrypted: it is not, so that its key is null."""

from typing import Any

from starlette.responses import Response

from pilvi.block_storage.api.volumes import get_own
from pilvi.core.http import Call
from pilvi.errors import NotFound

_KEY = "encryption_key_id"


async def show_volume_encryption(call: Call[None]) -> dict[str, Any]:
    """What is known of a volume's encryption: that it has no key."""
    await get_own(call)
    return {_KEY: None}


async def show_volume_encryption_item(call: Call[None]) -> Response:
    """One value of it; null is an empty reply, as Cinder writes it."""
    found = await show_volume_encryption(call)
    name = call.path["name"]
    if name not in found:
        raise NotFound(f"cannot find '{name[:80]}' of this volume's encryption")
    return Response(status_code=200)
