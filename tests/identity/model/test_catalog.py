"""URLs of endpoints."""

import pytest

from pilvi.errors import InvalidRequest
from pilvi.identity.model.catalog import check_url, fill_url

PLACES = {"project_id": "p", "tenant_id": "p", "user_id": None}


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("http://x", "http://x"),
        ("/image", "http://cloud/image"),
        ("http://x/$(project_id)s/%(tenant_id)s", "http://x/p/p"),
        ("http://x/%(user_id)s", None),
    ],
)
def test_filling(url: str, filled: str | None) -> None:
    check_url(url)
    assert fill_url(url, "http://cloud", PLACES) == filled


@pytest.mark.parametrize("url", ["$(secret)s", "%(database_url)s", "$(project_id", "%(", "$()s"])
def test_nothing_else_is_filled_in(url: str) -> None:
    with pytest.raises(InvalidRequest):
        check_url(url)
