"""How the first users of a fake cloud log in."""

from typing import Any

PASSWORDS = {"admin": "admin-secret", "demo": "demo-secret"}
"""Of the first users, until a cloud gives them its own."""


def login_body(user: str, password: str, project: str | None = None) -> dict[str, Any]:
    """Body of a password login, scoped to a project when one is named. Pure."""
    domain = {"id": "default"}
    named = {"name": user, "domain": domain, "password": password}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": named}}}
    if project is not None:
        auth["scope"] = {"project": {"name": project, "domain": domain}}
    return {"auth": auth}
