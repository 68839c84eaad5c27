"""Who may use which route at all."""

from pilvi.core.http import Caller, Check
from pilvi.network.api.policies import RULES
from pilvi.network.api.routes import DISCOVERY, ROUTES

CHECKS = {rule.name: rule.default for rule in RULES}
READER = Caller(user_id="u", project_id="p", roles=frozenset({"reader"}))
UNSCOPED = Caller(user_id="u", roles=frozenset({"member"}))


def test_a_reader_writes_nothing() -> None:
    for route in ROUTES:
        check = CHECKS[route.policy]
        if route.method not in ("GET", "HEAD"):
            assert not check.allows(READER), (route.method, route.path)


def test_only_discovery_is_for_everybody() -> None:
    for route in [*DISCOVERY, *ROUTES]:
        if CHECKS[route.policy] is Check.PUBLIC:
            assert route.policy == "network:discover"
        else:
            assert not CHECKS[route.policy].allows(UNSCOPED), route.path
