"""The identity API as it is mounted."""

from pilvi.core.http import Service
from pilvi.identity.api.faults import fault
from pilvi.identity.api.policies import RULES
from pilvi.identity.api.routes import DISCOVERY, ROUTES
from pilvi.identity.operations.keys import Passwords, TokenKeys, Vault


def build_service(keys: TokenKeys, passwords: Passwords, vault: Vault) -> Service:
    """Everything the dispatcher needs of identity."""
    return Service(
        name="identity",
        discovery_root="/identity",
        discovery=DISCOVERY,
        root="/identity/v3",
        routes=ROUTES,
        rules=RULES,
        fault=fault,
        parts={TokenKeys: keys, Passwords: passwords, Vault: vault},
    )
