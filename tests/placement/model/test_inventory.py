"""What fits into what."""

from hypothesis import given
from hypothesis import strategies as st

from pilvi.placement.model.inventory import Inventory, Usage


def test_capacity_is_sold_by_ratio_without_what_is_reserved() -> None:
    assert Inventory("VCPU", 2, allocation_ratio=4.0).capacity == 8
    assert Inventory("MEMORY_MB", 2048, reserved=512).capacity == 1536


def test_usage_tells_each_figure_by_class() -> None:
    usage = Usage({"VCPU": Inventory("VCPU", 2, reserved=1, allocation_ratio=4.0)}, {"VCPU": 3})
    assert (usage.total, usage.reserved, usage.ratio) == ({"VCPU": 2}, {"VCPU": 1}, {"VCPU": 4.0})
    assert (usage.capacity, usage.free) == ({"VCPU": 4}, {"VCPU": 1})


def test_a_shortfall_says_what_was_asked_and_what_is_free() -> None:
    usage = Usage({"VCPU": Inventory("VCPU", 4, max_unit=2)}, {"VCPU": 1})
    assert usage.list_shortfalls({"VCPU": 4}) == ["asked for 4 VCPU, 3 free"]
    assert usage.list_shortfalls({"VCPU": 3}) == ["asked for 3 VCPU, one server may have 2"]
    assert usage.list_shortfalls({"VCPU": 2, "PCPU": 1}) == ["asked for 1 PCPU, has none"]
    assert usage.list_shortfalls({"VCPU": 0, "PCPU": 0}) == []


def test_units_and_steps_are_kept() -> None:
    usage = Usage({"DISK_GB": Inventory("DISK_GB", 100, min_unit=4, step_size=4)})
    assert usage.list_shortfalls({"DISK_GB": 8}) == []
    assert usage.list_shortfalls({"DISK_GB": 3}) and usage.list_shortfalls({"DISK_GB": 6})


def test_a_shrunken_provider_has_nothing_free() -> None:
    usage = Usage({"VCPU": Inventory("VCPU", 1)}, {"VCPU": 3})
    assert usage.list_shortfalls({"VCPU": 1}) == ["asked for 1 VCPU, 0 free"]


@given(st.integers(0, 100), st.integers(0, 100), st.floats(0.1, 16), st.integers(1, 50))
def test_what_fits_never_exceeds_the_capacity(
    total: int, used: int, ratio: float, asked: int
) -> None:
    usage = Usage({"VCPU": Inventory("VCPU", total, allocation_ratio=ratio)}, {"VCPU": used})
    if not usage.list_shortfalls({"VCPU": asked}):
        assert used + asked <= total * ratio
