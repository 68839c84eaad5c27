"""Names as Nova's regular expressions, without regular expressions."""

import time

import pytest

from pilvi.compute.api.server_query import like_pattern
from pilvi.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("web", "%web%"),
        ("^web", "web%"),
        ("web$", "%web"),
        ("^web$", "web"),
        ("a.*b", "%a%b%"),
        ("a.b", "%a_b%"),
        ("a\\.b", "%a.b%"),
        ("50%", "%50\\%%"),
        ("a_b", "%a\\_b%"),
        ("(a+)+", "%(a+)+%"),
        ("", "%%"),
        ("^a-[0-9]+$", "a-_%"),
        ("a.+b", "%a_%b%"),
        ("a[bc", "%a[bc%"),
    ],
)
def test_a_name_filter_is_a_like_pattern(text: str, pattern: str) -> None:
    assert like_pattern(text) == pattern


def test_a_long_or_wicked_filter_costs_nothing() -> None:
    began = time.perf_counter()
    like_pattern("(" * 100 + ".*" * 70)
    assert time.perf_counter() - began < 1
    with pytest.raises(InvalidRequest):
        like_pattern("a" * 256)
