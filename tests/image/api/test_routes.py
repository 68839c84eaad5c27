"""The surface: every row has a rule, and what changes something needs more than reading."""

from pilvi.core.http import Check, Route
from pilvi.image.api.host_routes import HOST_ROUTES
from pilvi.image.api.policies import HOST_RULES, RULES
from pilvi.image.api.routes import DISCOVERY, ROUTES


def test_rules_and_routes_name_each_other() -> None:
    for rules, routes in ((RULES, [*ROUTES, *DISCOVERY]), (HOST_RULES, HOST_ROUTES)):
        assert {rule.name for rule in rules} == {route.policy for route in routes}
        assert all(rule.sentence.endswith(".") for rule in rules)


def test_readers_change_nothing() -> None:
    checks = {rule.name: rule.default for rule in RULES}
    for route in ROUTES:
        if route.method != "GET":
            check = checks[route.policy]
            assert check in (Check.MEMBER, Check.ADMIN), (route.method, route.path)


def test_each_method_and_path_is_there_once() -> None:
    def key(route: Route) -> tuple[str, str]:
        return route.method, route.path

    assert len({key(route) for route in ROUTES}) == len(ROUTES)


def test_streams_hold_no_transaction() -> None:
    for route in [*ROUTES, *HOST_ROUTES]:
        if route.method == "PUT" and route.path.endswith(("/file", "/stage", "/data")):
            assert route.transaction == "none"
