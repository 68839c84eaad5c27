"""What a picture is drawn of."""

import pytest

from picture.cloud_sample import image, server, system, volume
from pilvi.picture.system import (
    Disk,
    is_busy,
    list_amounts,
    list_disks,
    read_room,
    read_used_bytes,
    size_words,
)


def test_disks_come_in_the_order_of_their_devices() -> None:
    late = volume(id="v2", attachments=[{"server_id": "s1", "device": "/dev/vdd"}])
    disks = list_disks(server(), system(volumes=[late, volume()]))
    assert [one.device for one in disks] == ["vda", "vdb", "vdc", "vdd"]
    assert [one.volume_id for one in disks] == ["", "", "v1", "v2"]


def test_who_boots_from_a_volume_has_no_copy_of_an_image() -> None:
    root = volume(attachments=[{"server_id": "s1", "device": "/dev/vda"}])
    bare = {"vcpus": 1, "ram": 64, "disk": 1, "ephemeral": 0}
    disks = list_disks(server(image="", flavor=bare), system(volumes=[root]))
    assert [(one.device, one.volume_id) for one in disks] == [("vda", "v1")]


@pytest.mark.parametrize(("used", "heat"), [(0, 0), (512 << 10, 0), (600 << 10, 1), (2 << 30, 4)])
def test_heat_is_of_what_changed(used: int, heat: int) -> None:
    assert Disk("vda", 1, "", used).heat == heat


def test_amounts_are_what_placement_says_and_what_comes_back() -> None:
    host = {"hypervisor_hostname": "h1", "state": "up"}
    leaving = server(**{"OS-EXT-STS:task_state": "deleting"})
    told = {one.label: one for one in list_amounts(host, system(servers=[leaving]))}
    assert (told["disk"].used, told["disk"].leaving, told["memory"].leaving) == (3, 3, 64)
    assert told["vCPU"].words == "1 used, 1 of it leaving"
    assert list_amounts({"hypervisor_hostname": "other"}, system()) == []


def test_what_the_apis_say_is_read() -> None:
    disks = [{"id": "s1", "disks": [{"device": "vda", "used_bytes": 7}]}, {"id": "s2", "disks": []}]
    assert read_used_bytes(disks) == {"s1": {"vda": 7}, "s2": {}}
    usages = [{"name": "h1", "resources": {"VCPU": {"used": 3, "capacity": 6}}}]
    assert read_room(usages) == {"h1": {"VCPU": (3, 6)}}


def test_what_is_in_work_is_busy() -> None:
    assert is_busy(server(status="BUILD")) and is_busy(image(status="saving"))
    assert is_busy(volume(status="backing-up")) and is_busy(image(status="queued"))
    assert is_busy(server(**{"OS-EXT-STS:task_state": "deleting"}))
    assert not is_busy(server()) and not is_busy(image()) and not is_busy(volume())


@pytest.mark.parametrize(
    ("size", "words"),
    [(None, "-"), (1 << 10, "1 KiB"), (3 << 20, "3.0 MiB"), (3 << 29, "1.5 GiB")],
)
def test_sizes_in_words(size: int | None, words: str) -> None:
    assert size_words(size) == words
