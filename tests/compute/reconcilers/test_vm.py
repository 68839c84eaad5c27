"""The disks that a server's host is asked for."""

import dataclasses

from compute.blanks import blank_server
from pilvi.compute.model.flavor import SEEDS
from pilvi.compute.model.server import resources_of
from pilvi.compute.reconcilers.documents import documents
from pilvi.compute.reconcilers.vm import list_disks
from pilvi.host_api.vms import DiskKind

GIB, MIB = 1 << 30, 1 << 20


def test_swap_is_the_last_disk_and_is_claimed() -> None:
    for ephemeral_gib, name in ((0, "/dev/vdb"), (1, "/dev/vdc")):
        flavor = dataclasses.replace(SEEDS[0], ephemeral_gib=ephemeral_gib, swap_mib=1025)
        server = blank_server(flavor=flavor)
        swap = list_disks(server)[-1]
        assert (swap.kind, swap.device, swap.size_bytes) == (DiskKind.SWAP, "swap", 1025 * MIB)
        assert resources_of(server, flavor)["DISK_GB"] == flavor.disk_gib + ephemeral_gib + 2
        told = documents(server, {}, []).ec2["block-device-mapping"]
        assert told["swap"] == name
        assert name.removeprefix("/dev/") in server.local_names


def test_a_flavor_without_swap_gives_no_such_disk() -> None:
    server = blank_server()
    assert all(disk.kind is not DiskKind.SWAP for disk in list_disks(server))
    assert server.local_names == {*server.local_devices}
