"""Work that a service left half done.

Cinder keeps a row for each and has to be told to clean up; here a reconciler takes up what a dead
process left, by itself, so that there never is anything to clean.
"""

from typing import Any, Literal

import msgspec

from pilvi.block_storage.api.volumes import Name
from pilvi.core.http import Call

_Number = int | None


class Cleanup(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /workers/cleanup: whose work is meant."""

    cluster_name: Name | None = None
    service_id: _Number = None
    host: Name | None = None
    binary: Literal["cinder-volume", "cinder-scheduler"] | None = None
    is_up: bool | str | None = None
    disabled: bool | str | None = None
    resource_id: Name | None = None
    resource_type: Name | None = None


async def clean_workers(call: Call[Cleanup]) -> dict[str, Any]:
    """The services that clean, and those that cannot: none has anything to clean."""
    return {"cleaning": [], "unavailable": []}
