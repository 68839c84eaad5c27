"""Which files make a disk, and what each lies on."""

import msgspec

from pilvi.agent.disks.layers import is_raw, layer_below, list_layers
from vm_world import make_disks

ROOT, EPHEMERAL = make_disks()


def test_a_disk_without_layers_has_one_of_the_vms_generation() -> None:
    assert list_layers(ROOT, 3) == [3]
    assert layer_below(ROOT, 3) is None


def test_each_layer_lies_on_the_one_before() -> None:
    disk = msgspec.structs.replace(ROOT, layers=[1, 4, 9])
    assert [layer_below(disk, layer) for layer in (1, 4, 9)] == [None, 1, 4]


def test_only_the_lowest_layer_of_an_ephemeral_disk_is_raw() -> None:
    disk = msgspec.structs.replace(EPHEMERAL, layers=[1, 4])
    assert [is_raw(disk, 4, layer) for layer in (1, 4)] == [True, False]
    assert not is_raw(ROOT, 1, 1)
