"""What counts as routed, valid and refused."""

from typing import Any

import pytest

from conformance.openapi.documents import published
from conformance.openapi.judge import Exchange
from conformance.openapi.known_errors import GONE_PATHS
from conformance.openapi.not_openstack import NOT_OPENSTACK
from conformance.openapi.report import Tally, is_removed, make_tallies

TRAITS, TRAIT = "GET /traits", "GET /traits/{name}"
GOOD = Exchange("GET", "/placement/traits", 200, b'{"traits": []}', version="placement 1.39")
BAD = Exchange("GET", "/placement/traits", 200, b'{"traits": 1}', version="placement 1.39")


def tally(exchanges: list[Exchange], service: str = "placement", **more: Any) -> Tally:
    routed: dict[str, dict[str, bool]] = {
        name: {} for name in ("identity", "image", "compute", "block_storage", "network")
    }
    routed["placement"] = {TRAITS: True, TRAIT: more.pop("is_certain", True)}
    routed[service] |= more.pop("routed", {})
    tallies = make_tallies(routed, more.pop("statuses", {}), exchanges)
    return next(one for one in tallies if one.service == service)


def test_what_is_seen_right_is_valid_and_the_rest_unproven() -> None:
    found = tally([GOOD])
    assert (found.operations, found.valid, found.unproven) == (36, {TRAITS}, [TRAIT])
    assert not found.is_good and len(found.missing) == 34


def test_one_wrong_reply_is_told_with_its_version() -> None:
    found = tally([GOOD, BAD])
    assert found.problems == {TRAITS: {'1.39: traits: 1 is not of type "array"'}}


def test_what_is_only_refused_counts_as_not_routed() -> None:
    found = tally([GOOD], statuses={("placement", TRAIT): {501}})
    assert (found.refused, found.is_good) == ({TRAIT}, True)
    assert found.share == pytest.approx(100 / 36)


def test_a_row_that_only_may_serve_an_operation_must_answer_it() -> None:
    found = tally([GOOD], is_certain=False)
    assert found.routed == {TRAITS} and TRAIT in found.missing


def test_a_path_below_the_project_is_the_same_row() -> None:
    plain, below = "GET /v3/backups", "GET /v3/{project_id}/backups"
    seen = Exchange("GET", "/volume/v3/backups", 200, b'{"backups": []}', version="volume 3.0")
    found = tally([seen], "block_storage", routed={plain: True, below: True})
    assert found.valid == {plain, below}, found.problems


def test_head_is_the_get_without_its_body() -> None:
    routed = {"GET /v3/regions": True, "HEAD /v3/regions": True}
    seen = Exchange("GET", "/identity/v3/regions", 200, b'{"regions": [], "links": {"self": "x"}}')
    found = tally([seen], "identity", routed=routed)
    assert found.valid == set(routed), found.problems


def test_what_openstack_removed_is_rightly_gone() -> None:
    names = {"GET /v2.1/os-cells", "GET /v2.1/os-cloudpipe"}
    statuses = {("compute", name): {410} for name in names}
    found = tally([], "compute", routed=dict.fromkeys(names, True), statuses=statuses)
    assert found.absent == names | set(NOT_OPENSTACK["compute"])
    assert not found.valid and not found.routed


@pytest.mark.parametrize("path", GONE_PATHS)
def test_the_document_still_forgets_what_is_gone(path: str) -> None:
    stem = path.removesuffix("*")
    alike = [one for one in published("compute").operations if one.path.startswith(stem)]
    assert any("gone(410)" not in one.value.get("description", "") for one in alike)
    assert all(is_removed(one) for one in alike)


def test_what_openstack_refuses_is_counted_apart() -> None:
    name, served = "PUT /v2.0/service-providers/{id}", "GET /v2.0/extensions"
    seen = Exchange("GET", "/network/v2.0/extensions", 200, b'{"extensions": []}')
    more = {"routed": {name: True, served: True}, "statuses": {("network", name): {405}}}
    found = tally([seen], "network", **more)
    assert found.possible == found.operations - len(NOT_OPENSTACK["network"])
    assert name not in found.routed | found.valid and name not in found.missing
    assert found.share == pytest.approx(100 / found.possible) and found.is_good
    wrong = tally([], "network", routed={}, statuses={("network", name): {200}})
    assert list(wrong.problems) == [name]


@pytest.mark.parametrize("service", NOT_OPENSTACK)
def test_what_openstack_refuses_is_in_the_document(service: str) -> None:
    names = {operation.name for operation in published(service).operations}
    assert set(NOT_OPENSTACK[service]) <= names
    assert all(NOT_OPENSTACK[service].values())
