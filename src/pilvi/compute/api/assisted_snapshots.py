"""Snapshots of volumes that a guest's process would make: no volume of this cloud needs them."""

from typing import Annotated, Any, Literal

import msgspec

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, Unsupported

Text = Annotated[str, msgspec.Meta(min_length=1)]


class CreateInfo(msgspec.Struct, forbid_unknown_fields=True):
    """How the snapshot would be made."""

    new_file: Text
    snapshot_id: Text
    type: Literal["qcow2"]
    id: Text | None = None


class SnapshotFields(msgspec.Struct, forbid_unknown_fields=True):
    """The snapshot that is asked for."""

    volume_id: Text
    create_info: CreateInfo


class AssistedSnapshot(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /os-assisted-volume-snapshots."""

    snapshot: SnapshotFields


async def refuse_assisted_snapshot(call: Call[AssistedSnapshot]) -> None:
    """Volumes are exported by their host, which makes their snapshots itself."""
    raise Unsupported(
        "cannot make a snapshot of a volume through its server: create it in the volume service, "
        "which needs no such help"
    )


async def refuse_assisted_snapshot_removal(call: Call[Any]) -> None:
    """There is none that could be removed."""
    try:
        told = msgspec.json.decode(call.query.get("delete_info") or "", type=dict[str, Any])
    except msgspec.MsgspecError:
        raise InvalidRequest("cannot read delete_info: it is JSON with volume_id") from None
    if not told.get("volume_id"):
        raise InvalidRequest("cannot use delete_info: it names no volume_id")
    raise Unsupported(
        f"cannot remove the snapshot '{call.path['id'][:80]}' through a server: none is made so"
    )
