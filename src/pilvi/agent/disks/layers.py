"""The layers of a local disk: which files make it, the lowest first. Pure."""

from pilvi.host_api.vms import Disk, DiskKind


def list_layers(disk: Disk, generation: int) -> list[int]:
    """Generations of a disk's layers in a vm of this image generation."""
    return disk.layers or [generation]


def is_raw(disk: Disk, generation: int, layer: int) -> bool:
    """Whether a layer is a raw file; all others are qcow2."""
    return disk.kind is not DiskKind.IMAGE and layer == list_layers(disk, generation)[0]


def layer_below(disk: Disk, layer: int) -> int | None:
    """The layer that one lies on; None for the lowest, which is made of what the disk is."""
    layers = list_layers(disk, layer)
    place = layers.index(layer)
    return layers[place - 1] if place else None
