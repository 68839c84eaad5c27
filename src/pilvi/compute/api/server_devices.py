"""From block_device_mapping_v2 to the disks of a new server. Pure.

Source: Compute API reference, "Create server"; Nova user documentation, "Block device mapping".
"""

from pilvi.block_storage.operations.sources import SourceWish
from pilvi.compute.api.links import parse_flag
from pilvi.compute.api.server_wire import BlockDevice, ServerFields
from pilvi.compute.operations.volume_wish import VolumeWish
from pilvi.errors import InvalidRequest, Unsupported


def read_devices(fields: ServerFields) -> tuple[list[VolumeWish], int | None, str | None]:
    """Volumes, the size of the blank local disk that is asked for, and the image to boot from.

    Raises `InvalidRequest` and `Unsupported`.
    """
    volumes: list[VolumeWish] = []
    blanks: list[BlockDevice] = []
    image_id = _last_part(fields.imageRef) if fields.imageRef else None
    boots = [one for one in fields.block_device_mapping_v2 if _boots(one)]
    if len(boots) > 1:
        raise InvalidRequest("cannot boot from two disks: one alone has boot_index 0")
    for device in fields.block_device_mapping_v2:
        kind = (device.source_type, device.destination_type or _destination(device))
        match kind:
            case ("image", "local") if _boots(device):
                _check_image(image_id, device)
                image_id = image_id or device.uuid or device.image_id
            case ("blank", "local") if not _boots(device):
                blanks.append(device)
            case ("volume" | "image" | "snapshot" | "blank", "volume"):
                volumes.append(_read_volume(device))
            case ("image" | "blank", "local"):
                raise Unsupported(
                    "cannot make this local disk: on the host are the disk of the image that the "
                    "server boots from and one blank disk"
                )
            case _:
                raise InvalidRequest(
                    "cannot make this disk: its source_type is image, volume, snapshot or blank, "
                    "and its destination_type local or volume"
                )
    if boots and any(volume.boots for volume in volumes):
        # As in Nova the disk with boot_index 0 is what boots, whatever imageRef says.
        image_id = None
    elif image_id is None:
        raise InvalidRequest(
            "cannot create a server without a disk to boot from; give imageRef, or a disk with "
            "boot_index 0"
        )
    return volumes, _read_blank(blanks), image_id


def _boots(device: BlockDevice) -> bool:
    return device.boot_index is not None and int(device.boot_index) == 0


def _read_blank(blanks: list[BlockDevice]) -> int | None:
    if len(blanks) > 1 or any(one.guest_format == "swap" for one in blanks):
        raise Unsupported("cannot make more than one blank local disk, nor swap")
    if not blanks or blanks[0].volume_size is None:
        return None
    return int(blanks[0].volume_size)


def _destination(device: BlockDevice) -> str:
    return "volume" if device.source_type in ("volume", "snapshot") else "local"


def _last_part(reference: str) -> str:
    """The id of a reference that is an id or a URL."""
    return reference.rstrip("/").rpartition("/")[2]


def _check_image(image_id: str | None, device: BlockDevice) -> None:
    named = device.uuid or device.image_id
    if named and image_id and image_id != named:
        raise InvalidRequest(
            "cannot boot from two images: imageRef and block_device_mapping_v2 name different ones"
        )


def _read_volume(device: BlockDevice) -> VolumeWish:
    flag = device.delete_on_termination
    deletes = parse_flag("delete_on_termination", flag) if isinstance(flag, str) else bool(flag)
    size_gib = None if device.volume_size is None else int(device.volume_size)
    if size_gib is not None and size_gib < 1:
        raise InvalidRequest("cannot make a volume of less than 1 GiB")
    volume_id, source = "", SourceWish()
    match device.source_type:
        case "volume":
            volume_id = _named(device.uuid or device.volume_id, "volume")
        case "image":
            source = SourceWish(image_id=_named(device.uuid or device.image_id, "image"))
        case "snapshot":
            source = SourceWish(snapshot_id=_named(device.uuid or device.snapshot_id, "snapshot"))
    if device.source_type in ("image", "blank") and size_gib is None:
        raise InvalidRequest("cannot make a volume without volume_size: say how many GiB")
    return VolumeWish(
        volume_id=volume_id,
        device=device.device_name,
        tag=device.tag,
        delete_on_termination=deletes,
        boots=_boots(device),
        source=source,
        size_gib=size_gib,
        volume_type=device.volume_type,
    )


def _named(id: str | None, what: str) -> str:
    if not id:
        raise InvalidRequest(f"cannot make a disk of a {what} without its uuid")
    return id
