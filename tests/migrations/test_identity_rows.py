"""What the second revision makes of the users, projects and roles of the first."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from pilvi.core.db import now, open_database
from pilvi.core.db.engine import create_sqlite_engine
from pilvi.identity.model.token import ScopeKind, Token
from pilvi.identity.store.projects import list_ancestor_ids
from pilvi.identity.store.tokens import find_standing
from pilvi.migrations import make_config, upgrade_database

ROWS = (
    "INSERT INTO identity_domains VALUES ('default', 'Default', '', 1)",
    "INSERT INTO identity_projects VALUES ('p', 'default', 'demo', '', 1, 3, '[\"a\"]')",
    "INSERT INTO identity_users VALUES ('u', 'default', 'ann', '', NULL, 1, 'p', 'h', 5, 0)",
    "INSERT INTO identity_roles VALUES ('r-admin', 'admin', '')",
    "INSERT INTO identity_roles VALUES ('r-manager', 'manager', '')",
    "INSERT INTO identity_roles VALUES ('r-member', 'member', '')",
    "INSERT INTO identity_roles VALUES ('r-reader', 'reader', '')",
    "INSERT INTO identity_roles VALUES ('r-service', 'service', '')",
    "INSERT INTO identity_grants VALUES ('u', 'project', 'p', 'r-manager')",
    "INSERT INTO identity_grants VALUES ('u', 'system', 'all', 'r-admin')",
)


@pytest.mark.parametrize(
    ("scope", "scope_id", "names"),
    [
        (ScopeKind.PROJECT, "p", {"manager", "member", "reader"}),
        (ScopeKind.SYSTEM, "all", {"admin", "manager", "member", "reader"}),
    ],
)
async def test_roles_are_kept_with_what_they_bring(
    tmp_path: Path, scope: ScopeKind, scope_id: str, names: set[str]
) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    engine = create_sqlite_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(make_config(connection), "0001")
        for row in ROWS:
            connection.execute(text(row))
        connection.exec_driver_sql("COMMIT")
    engine.dispose()
    upgrade_database(url)
    db = open_database(url)
    token = Token(
        user_id="u",
        methods=[],
        scope=scope,
        scope_id=scope_id,
        issued_at=now(),
        expires_at=now(),
        audit_ids=["a"],
        user_epoch=5,
        project_epoch=3,
    )
    async with db.read() as tx:
        standing = await find_standing(tx, token)
        assert standing is not None and standing.roles == names
        assert standing.user_epoch == 5
        assert await list_ancestor_ids(tx, "p") == ["default"]
    await db.close()
