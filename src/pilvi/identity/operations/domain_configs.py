"""Settings that are kept for domains. In the caller's transaction.

The API keeps what an operator writes, as OpenStack does where domains have no drivers of their
own: every domain's users live in this cloud's database, whatever a config says.
"""

from typing import Any

from pilvi.core.db import Transaction
from pilvi.identity.store import rows
from pilvi.identity.store.catalog_tables import domain_configs

DEFAULTS: dict[str, dict[str, Any]] = {
    "identity": {"driver": "sql", "list_limit": None},
    "ldap": {
        "url": None,
        "user": None,
        "suffix": None,
        "query_scope": "one",
        "page_size": 0,
        "use_tls": False,
        "user_tree_dn": None,
        "user_filter": None,
        "user_objectclass": "inetOrgPerson",
        "user_id_attribute": "cn",
        "user_name_attribute": "sn",
        "user_mail_attribute": "mail",
        "user_enabled_attribute": "enabled",
        "group_tree_dn": None,
        "group_filter": None,
        "group_objectclass": "groupOfNames",
        "group_id_attribute": "cn",
        "group_name_attribute": "ou",
        "group_member_attribute": "member",
    },
}
"""The groups and options that can be kept, with what holds without. None of them is a secret."""


async def find_config(tx: Transaction, domain_id: str) -> dict[str, Any] | None:
    """What is kept for a domain, or None."""
    found = await rows.list_rows(tx, domain_configs, domain_id=domain_id)
    return found[0].config if found else None


async def keep_config(tx: Transaction, domain_id: str, config: dict[str, Any]) -> None:
    """Keep this for a domain and nothing else; an empty config is none."""
    await rows.delete_rows(tx, domain_configs, domain_id=domain_id)
    if config:
        await rows.insert_row(tx, domain_configs, domain_id=domain_id, config=config)
