"""Bodies of requests as wire types."""

import msgspec
import pytest

from pilvi.core.http.bodies import convert, parse_json
from pilvi.errors import InvalidRequest

BACKSLASH = "\\"


class Named(msgspec.Struct):
    name: str


@pytest.mark.parametrize("backslashes", [1, 3, 5])
@pytest.mark.parametrize("before", ["", "a", BACKSLASH * 2 + "u0000"])
def test_a_zero_byte_is_refused(backslashes: int, before: str) -> None:
    body = f'{{"name": "{before}{BACKSLASH * backslashes}u0000"}}'.encode()
    with pytest.raises(InvalidRequest, match="zero byte"):
        parse_json(body, Named)
    assert parse_json(body, Named, zero_bytes=True).name.endswith("\0")


@pytest.mark.parametrize("backslashes", [2, 4, 40_000])
def test_the_characters_that_write_a_zero_byte_are_none(backslashes: int) -> None:
    body = f'{{"name": "{BACKSLASH * backslashes}u0000"}}'.encode()
    assert parse_json(body, Named).name == BACKSLASH * (backslashes // 2) + "u0000"


def test_a_body_of_another_type_names_the_field() -> None:
    for take, body in ((parse_json, b'{"name": 3}'), (convert, {"name": 3})):
        with pytest.raises(InvalidRequest, match="name"):
            take(body, Named)
