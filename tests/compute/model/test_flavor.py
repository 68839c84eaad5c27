"""What flavors take, and which a new cloud has."""

from pilvi.compute.model.flavor import SEEDS


def test_a_new_cloud_has_the_flavors_that_openstack_ships() -> None:
    found = {f.name: (f.id, f.vcpus, f.memory_mib, f.disk_gib) for f in SEEDS}
    assert found["m1.tiny"] == ("1", 1, 512, 1)
    assert found["m1.small"] == ("2", 1, 2048, 20)
    assert found["m1.medium"] == ("3", 2, 4096, 40)
    assert found["m1.large"] == ("4", 4, 8192, 80)
    assert found["m1.xlarge"] == ("5", 8, 16384, 160)


def test_a_flavor_takes_root_and_ephemeral_disk() -> None:
    flavor = next(f for f in SEEDS if f.name == "p1.nano.eph")
    assert flavor.resources == {"VCPU": 1, "MEMORY_MB": 128, "DISK_GB": 2}
