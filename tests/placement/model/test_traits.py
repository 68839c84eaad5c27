"""Names of traits."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pilvi.placement.model.traits import trait_of


def test_standard_names_stay_and_others_become_custom() -> None:
    assert trait_of("HW_ARCH_X86_64") == "HW_ARCH_X86_64"
    assert trait_of("CUSTOM_GOLD") == "CUSTOM_GOLD"
    assert trait_of("disks: qcow2-overlay") == "CUSTOM_DISKS_QCOW2_OVERLAY"


@given(st.text(max_size=400))
def test_every_trait_has_the_shape_that_placement_allows(name: str) -> None:
    trait = trait_of(name)
    assert re.fullmatch(r"[A-Z0-9_]+", trait)
    assert len(trait) <= 255
