"""What a host's facts make of its provider."""

from fake_hosts import make_facts
from pilvi.placement.model.provider import inventories_of, traits_of
from pilvi.settings import Settings


def test_inventories_follow_facts_and_settings() -> None:
    settings = Settings(vcpu_ratio=2.0, memory_ratio=1.5, reserved_memory_mib=256)
    rows = {
        row.resource_class: row
        for row in inventories_of(make_facts(vcpus=4, memory_mib=4096, disk_gib=50), settings)
    }
    assert set(rows) == {"VCPU", "MEMORY_MB", "DISK_GB"}
    assert (rows["VCPU"].capacity, rows["VCPU"].max_unit) == (8, 4)
    assert (rows["MEMORY_MB"].reserved, rows["MEMORY_MB"].capacity) == (256, 5760)
    assert (rows["DISK_GB"].capacity, rows["DISK_GB"].max_unit) == (50, 50)


def test_a_host_without_disk_offers_none_and_a_tiny_one_reserves_all_its_memory() -> None:
    rows = {
        row.resource_class: row
        for row in inventories_of(make_facts(memory_mib=128, disk_gib=0), Settings())
    }
    assert set(rows) == {"VCPU", "MEMORY_MB"}
    assert rows["MEMORY_MB"].capacity == 0


def test_traits_name_accelerator_and_capabilities_once() -> None:
    facts = make_facts(
        capabilities=["VOLUME_EXTEND_ONLINE", "VOLUME_EXTEND_ONLINE", "COMPUTE_NODE"]
    )
    assert traits_of(facts) == [
        "COMPUTE_NODE",
        "CUSTOM_ACCELERATOR_TCG",
        "CUSTOM_VOLUME_EXTEND_ONLINE",
    ]
