"""Reading limit, marker and sort."""

import pytest
from starlette.datastructures import QueryParams

from pilvi.core.paging import PAGE_LIMIT, Page, parse_page
from pilvi.errors import InvalidRequest


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Page()),
        ("limit=2&marker=m", Page(limit=2, marker="m")),
        ("limit=0", Page(limit=PAGE_LIMIT)),
        ("limit=99999", Page(limit=PAGE_LIMIT)),
        ("sort_key=name&sort_dir=asc", Page(sorts=(("name", False),))),
        (
            "sort_key=a&sort_key=b&sort_dir=asc",
            Page(sorts=(("a", False), ("b", True))),
        ),
        ("sort=a:asc,b", Page(sorts=(("a", False), ("b", True)))),
    ],
)
def test_parse_page(query: str, expected: Page) -> None:
    assert parse_page(QueryParams(query)) == expected


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "sort=a:up", "sort_key=a&sort_dir=up"])
def test_parse_page_refuses(query: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_page(QueryParams(query))


def test_renamed_keys() -> None:
    page = parse_page(QueryParams("sort=uuid:asc"), renamed={"uuid": "id"})
    assert page.sorts == (("id", False),)
