"""Numbers that callers write as text."""

import pytest

from pilvi.core.numbers import parse_whole


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert parse_whole(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1_0", "1.0", "²", "१२", "9" * 5000])
def test_other_text_is_none(text: str) -> None:
    assert parse_whole(text) is None


def test_more_digits_than_allowed_are_none() -> None:
    assert parse_whole("9999", digits_max=4) == 9999
    assert parse_whole("10000", digits_max=4) is None
