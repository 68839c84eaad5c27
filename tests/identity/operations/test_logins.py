"""What a user has to show."""

import datetime
from typing import Any

import pytest

from pilvi.errors import Unauthenticated
from pilvi.identity.model.identity import User, UserId
from pilvi.identity.operations.logins import check_factors, has_factors


def _user(**options: Any) -> User:
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return User(UserId("u"), "d", "u", "", None, True, None, None, 0, moment, options)


RULES = [["password", "totp"], ["password", "application_credential"]]


@pytest.mark.parametrize(
    ("options", "methods", "is_enough"),
    [
        ({}, ["password"], True),
        ({"multi_factor_auth_rules": RULES}, ["password"], True),
        ({"multi_factor_auth_enabled": True}, ["password"], True),
        ({"multi_factor_auth_enabled": True, "multi_factor_auth_rules": RULES}, ["totp"], False),
        (
            {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": RULES},
            ["password", "totp", "token"],
            True,
        ),
        (
            {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": RULES},
            ["application_credential"],
            True,
        ),
        (
            {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["unknown"], []]},
            ["password"],
            True,
        ),
    ],
)
def test_rules(options: dict[str, Any], methods: list[str], is_enough: bool) -> None:
    assert has_factors(_user(**options), methods) == is_enough
    if is_enough:
        check_factors(_user(**options), methods)
    else:
        with pytest.raises(Unauthenticated):
            check_factors(_user(**options), methods)
