"""Resources as a query names them."""

import pytest

from pilvi.errors import InvalidRequest
from pilvi.placement.model.resources import parse_resources


def test_amounts_by_class() -> None:
    assert parse_resources("VCPU:1,MEMORY_MB:512") == {"VCPU": 1, "MEMORY_MB": 512}


@pytest.mark.parametrize(
    "text",
    ["", "VCPU", "VCPU:", "VCPU:0", "VCPU:-1", "VCPU:x", "VCPU:1,VCPU:2", "VCPU:1,"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="^cannot "):
        parse_resources(text)
