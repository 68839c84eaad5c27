import os
from pathlib import Path

import pytest

from pilvi.agent.disks.bases import BaseCache
from pilvi.agent.disks.config_drive import digest
from pilvi.agent.faults import HostTerminal
from pilvi.agent.vms.folder import GuestFolder
from pilvi.agent.vms.guest_disks import create_config_drive, create_disk
from pilvi.host_api.vms import Disk, DiskKind
from vm_world import RAW_IMAGE, Images, make_disks, make_documents, make_image


@pytest.fixture
def folder(tmp_path: Path) -> GuestFolder:
    folder = GuestFolder(tmp_path / "guest", os.getuid())
    folder.make()
    return folder


@pytest.fixture
async def bases(tmp_path: Path) -> BaseCache:
    bases = BaseCache(tmp_path / "bases")
    await bases.store(make_image(), Images(RAW_IMAGE).fetch(""))
    return bases


async def test_disks_of_two_generations_stand_side_by_side(
    folder: GuestFolder, bases: BaseCache
) -> None:
    for generation in (1, 2, 2):
        for disk in make_disks():
            create_disk(folder, bases, disk, generation)
    made = [(disk.device, disk.generation) for disk in folder.list_disks()]
    assert made == [("vda", 1), ("vda", 2), ("vdb", 1), ("vdb", 2)]
    assert bases.prune(0) == []
    folder.remove()
    assert bases.prune(0) == [make_image().image_id]


async def test_a_swap_disk_begins_as_swap(folder: GuestFolder, bases: BaseCache) -> None:
    disk = Disk(device="swap", kind=DiskKind.SWAP, size_bytes=1 << 20)
    for _ in range(2):
        create_disk(folder, bases, disk, 3)
    head = (folder.path / "swap.3.raw").read_bytes()
    assert len(head) == 1 << 20
    assert head[4086:4096] == b"SWAPSPACE2"
    assert [(disk.device, disk.generation) for disk in folder.list_disks()] == [("swap", 3)]


@pytest.mark.parametrize("change", [{"disk_format": "vmdk"}, {"virtual_size_bytes": 1 << 50}])
async def test_an_image_that_cannot_be_run_from_is_refused(
    folder: GuestFolder, bases: BaseCache, change: dict[str, object]
) -> None:
    with pytest.raises(HostTerminal):
        create_disk(folder, bases, make_disks(make_image(**change))[0], 1)
    assert folder.list_disks() == ()


def test_a_config_drive_is_named_for_its_documents(folder: GuestFolder) -> None:
    for data in (b"1", b"2"):
        create_config_drive(folder, make_documents(user_data=data))
    assert folder.config_digest() == digest(make_documents(user_data=b"2"))
    assert len(list(folder.path.iterdir())) == 1
