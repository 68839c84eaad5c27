"""The local disks of one guest, as files in its folder. Blocking: for a thread."""

from pilvi.agent.disks import local_disk
from pilvi.agent.disks.bases import BaseCache
from pilvi.agent.disks.config_drive import config_drive, digest
from pilvi.agent.disks.layers import is_raw, layer_below
from pilvi.agent.disks.swap import swap_head
from pilvi.agent.faults import HostTerminal
from pilvi.agent.vms import folder as names
from pilvi.agent.vms.folder import GuestFolder
from pilvi.agent.vms.record import check_id
from pilvi.errors import NoCapacity, Unsupported
from pilvi.host_api.vms import Disk, DiskKind, GuestDocuments

_SECTOR = 512


def create_disk(folder: GuestFolder, bases: BaseCache, disk: Disk, generation: int) -> None:
    """Make one layer: an overlay on its base or on the layer below, or a sparse file. Repeatable.

    Raises `HostTerminal` when the image does not fit or has a format we do not run from.
    """
    device = check_id(disk.device)
    size_bytes = -(-disk.size_bytes // _SECTOR) * _SECTOR
    below = layer_below(disk, generation)
    if below is not None:
        below_is_raw = is_raw(disk, generation, below)
        file = names.sparse_name if below_is_raw else names.overlay_name
        local_disk.create_overlay(
            folder.path / names.overlay_name(device, generation),
            size_bytes,
            folder.uid,
            backing_file=file(device, below),
            backing_format="raw" if below_is_raw else "qcow2",
        )
        return
    if disk.kind is not DiskKind.IMAGE:
        path = folder.path / names.sparse_name(device, generation)
        head = swap_head(size_bytes, folder.path.name) if disk.kind is DiskKind.SWAP else b""
        local_disk.create_sparse(path, size_bytes, folder.uid, head)
        return
    image = disk.image
    if image is None or image.disk_format not in ("raw", "qcow2"):
        raise HostTerminal(Unsupported("cannot run from an image that is neither raw nor qcow2"))
    if size_bytes < image.virtual_size_bytes:
        raise HostTerminal(NoCapacity("cannot make the disk: it is smaller than its image"))
    base = names.base_name(device, generation)
    local_disk.link_base(bases.path(image.image_id), folder.path / base)
    local_disk.create_overlay(
        folder.path / names.overlay_name(device, generation),
        size_bytes,
        folder.uid,
        backing_file=base,
        backing_format=image.disk_format,
    )


def create_config_drive(folder: GuestFolder, documents: GuestDocuments) -> None:
    """Write the config drive, in place of an older one. Repeatable."""
    name = digest(documents)
    path = folder.path / names.config_name(name)
    local_disk.create_file(path, config_drive(documents), folder.uid)
    folder.remove_config_drives(keep=name)
