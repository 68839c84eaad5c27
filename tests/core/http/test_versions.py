"""Microversions: headers, refusals, conversions."""

from typing import Any

import pytest

from pilvi.core.http.versions import Version, Versions, parse_version
from pilvi.errors import InvalidRequest, UnsupportedVersion


def _nest(body: dict[str, Any]) -> dict[str, Any]:
    """Up to 2.4 the colour was a bare word."""
    return {"server": {**body["server"], "color": {"name": body["server"].get("color")}}}


def _flatten(body: dict[str, Any]) -> dict[str, Any]:
    return {"server": {**body["server"], "color": body["server"]["color"]["name"]}}


VERSIONS = Versions(
    service="compute",
    minimum=(2, 1),
    legacy_header="X-OpenStack-Nova-API-Version",
    rows=(
        Version(
            number=(2, 3),
            sentence="Servers have tags.",
            request_fields={"create_server": ["server.tags"]},
            reply_fields={"create_server": ["server.tags"], "list_servers": ["servers[].tags"]},
        ),
        Version(
            number=(2, 5),
            sentence="The colour is an object.",
            upgrade={"create_server": _nest},
            downgrade={"create_server": _flatten},
            flags=frozenset({"colourful"}),
        ),
    ),
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (2, 1)),
        ({"openstack-api-version": "compute 2.3"}, (2, 3)),
        ({"openstack-api-version": "volume 3.1, compute latest"}, (2, 5)),
        ({"openstack-api-version": "volume 3.1"}, (2, 1)),
        ({"x-openstack-nova-api-version": "2.4"}, (2, 4)),
    ],
)
def test_choose(headers: dict[str, str], expected: tuple[int, int]) -> None:
    assert VERSIONS.choose(headers) == expected


@pytest.mark.parametrize("text", ["2.0", "2.6", "3.1"])
def test_choose_refuses_what_is_not_served(text: str) -> None:
    with pytest.raises(UnsupportedVersion, match=r"2\.1 to 2\.5"):
        VERSIONS.choose({"openstack-api-version": f"compute {text}"})


@pytest.mark.parametrize("text", ["2", "2.x", "2.99999", "-2.1", "²·³"])
def test_parse_version_refuses_other_text(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_version(text)


def test_a_field_is_refused_before_its_version_and_accepted_from_it_on() -> None:
    body = {"server": {"tags": ["a"], "color": "red"}}
    with pytest.raises(InvalidRequest, match=r"server\.tags"):
        VERSIONS.upgrade("create_server", (2, 2), body)
    assert VERSIONS.upgrade("create_server", (2, 3), body)["server"]["color"] == {"name": "red"}


def test_reply_loses_what_came_later() -> None:
    newest = {"server": {"tags": [], "color": {"name": "red"}}}
    assert VERSIONS.downgrade("create_server", (2, 5), newest) == newest
    assert VERSIONS.downgrade("create_server", (2, 3), dict(newest)) == {
        "server": {"tags": [], "color": "red"}
    }
    older = VERSIONS.downgrade("create_server", (2, 1), {"server": dict(newest["server"])})
    assert older == {"server": {"color": "red"}}


def test_lists_are_walked() -> None:
    listed = {"servers": [{"id": 1, "tags": []}, {"id": 2, "tags": []}]}
    assert VERSIONS.downgrade("list_servers", (2, 1), listed) == {"servers": [{"id": 1}, {"id": 2}]}


def test_touches_and_flags() -> None:
    assert VERSIONS.touches("create_server", (2, 4))
    assert not VERSIONS.touches("create_server", (2, 5))
    assert not VERSIONS.touches("delete_server", (2, 1))
    assert VERSIONS.flags((2, 4)) == frozenset()
    assert VERSIONS.flags((2, 5)) == {"colourful"}
