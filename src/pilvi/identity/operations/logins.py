"""Finding who logs in, and whether all that is asked of that user was shown."""

from pilvi.core.db import Transaction
from pilvi.errors import Unauthenticated
from pilvi.identity.model.identity import User
from pilvi.identity.store import users

KNOWN_METHODS = frozenset({"password", "token", "totp", "application_credential", "oauth1"})


async def find_user_for_login(
    tx: Transaction, id: str | None, name: str | None, domain_id: str
) -> User | None:
    """The user that a login names, or None."""
    if id is not None:
        found = await users.list_users(tx, id=id)
        return found[0] if found else None
    return await users.find_user(tx, name or "", domain_id)


def check_factors(user: User, methods: list[str]) -> None:
    """Raise `Unauthenticated` unless the methods shown meet one of the user's own rules. Pure."""
    if not has_factors(user, methods):
        raise Unauthenticated("cannot authenticate: this user has to use more methods together")


def has_factors(user: User, methods: list[str]) -> bool:
    """Whether methods meet one of the user's own rules. Pure.

    What a user who met them has delegated stands alone.
    """
    alone = {"application_credential", "oauth1"}
    if not user.options.get("multi_factor_auth_enabled") or alone & set(methods):
        return True
    wanted = user.options.get("multi_factor_auth_rules") or []
    rules = [set(rule) for rule in wanted if rule and set(rule) <= KNOWN_METHODS]
    return not rules or any(rule <= set(methods) for rule in rules)
