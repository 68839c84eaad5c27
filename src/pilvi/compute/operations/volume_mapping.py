"""The volumes that an image without bytes asks for. Pure."""

from collections.abc import Sequence

import msgspec

from pilvi.block_storage.operations.sources import SourceWish
from pilvi.compute.operations.volume_wish import VolumeWish
from pilvi.errors import InvalidRequest
from pilvi.image.model.image import Image

MAPPING = "block_device_mapping"
"""Property that names the snapshots of an image without bytes."""


class MappedDevice(msgspec.Struct, kw_only=True):
    """One disk of such an image; Nova writes more fields, which say nothing here."""

    source_type: str
    destination_type: str = "volume"
    snapshot_id: str | None = None
    volume_size: int | None = None
    boot_index: int | None = None
    device_name: str | None = None
    delete_on_termination: bool | None = False
    volume_type: str | None = None
    tag: str | None = None


def read_mapping(image: Image) -> list[VolumeWish]:
    """The volumes that an image asks for in place of bytes; none where it has bytes. Pure.

    Anybody can give an image such a property: what it names is looked up as if the caller had
    named it. Raises `InvalidRequest`.
    """
    text = image.properties.get(MAPPING)
    if image.sha512 is not None or text is None:
        return []
    try:
        devices = msgspec.json.decode(text, type=list[MappedDevice])
    except msgspec.DecodeError:
        raise InvalidRequest(
            f"cannot read the property {MAPPING} of image {image.id}: it is a list of disks"
        ) from None
    wishes = [_read(image, device) for device in devices]
    if sum(one.boots for one in wishes) != 1:
        raise InvalidRequest(
            f"cannot boot from image {image.id}: one disk of its {MAPPING} has boot_index 0"
        )
    return wishes


def _read(image: Image, device: MappedDevice) -> VolumeWish:
    kind = device.source_type, device.destination_type
    if kind != ("snapshot", "volume") or not device.snapshot_id:
        raise InvalidRequest(
            f"cannot use the {MAPPING} of image {image.id}: its disks are volumes made of snapshots"
        )
    return VolumeWish(
        device=device.device_name,
        tag=device.tag,
        delete_on_termination=bool(device.delete_on_termination),
        boots=device.boot_index == 0,
        source=SourceWish(snapshot_id=device.snapshot_id),
        size_gib=device.volume_size,
        volume_type=device.volume_type,
    )


def join_mapping(asked: Sequence[VolumeWish], mapped: Sequence[VolumeWish]) -> list[VolumeWish]:
    """The volumes of an image, without those whose device the caller gives to another. Pure."""
    taken = {_bare(one.device) for one in asked if one.device}
    return [*(one for one in mapped if _bare(one.device) not in taken or one.boots), *asked]


def _bare(device: str | None) -> str | None:
    return device.removeprefix("/dev/") if device else None
