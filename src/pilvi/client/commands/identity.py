"""`project …` and `user …` (read only), `catalog list`, `token issue`."""

from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pilvi.client.columns import Column
from pilvi.client.command import Command, Record, Table, flag, option
from pilvi.client.finding import PROJECT, USER
from pilvi.client.rows import list_row, show_row
from pilvi.client.session import Session
from pilvi.errors import Forbidden

ID_AND_NAME = (Column("ID", "id"), Column("Name", "name"))
PROJECTS = (
    *ID_AND_NAME,
    Column("Domain ID", "domain_id"),
    Column("Description", "description"),
    Column("Enabled", "enabled"),
)
USERS = (
    *ID_AND_NAME,
    Column("Project", "default_project_id"),
    Column("Domain", "domain_id"),
    Column("Description", "description"),
    Column("Email", "email"),
    Column("Enabled", "enabled"),
)
SHOW_PROJECT = tuple(
    map(
        Column,
        (
            "description",
            "domain_id",
            "enabled",
            "id",
            "is_domain",
            "name",
            "options",
            "parent_id",
            "tags",
        ),
    )
)
SHOW_USER = tuple(
    map(
        Column,
        (
            "default_project_id",
            "domain_id",
            "email",
            "enabled",
            "id",
            "name",
            "description",
            "password_expires_at",
            "options",
        ),
    )
)


def _users(session: Session, given: Namespace) -> Mapping[str, Any]:
    return {"domain_id": given.domain, "enabled": given.enabled or None}


def _list_projects(session: Session, given: Namespace) -> Table:
    columns = PROJECTS if given.long else ID_AND_NAME
    asked = {name: value for name, value in _users(session, given).items() if value is not None}
    if not given.my_projects:
        try:
            return Table(columns, PROJECT.list(session, asked))
        except Forbidden:
            # Who may not see them all sees their own, unless certain ones were asked for.
            if asked:
                raise
    return Table(columns, session.get("identity", "/auth/projects")["projects"])


def _list_catalog(session: Session, given: Namespace) -> Table:
    columns = (
        Column("Name", "name"),
        Column("Type", "type"),
        Column("Endpoints", "endpoints", _endpoint_words),
    )
    return Table(columns, session.token.catalog)


def _endpoint_words(endpoints: Any) -> str:
    lines = []
    for endpoint in endpoints:
        region = endpoint.get("region_id") or endpoint.get("region") or "<none>"
        lines.append(f"{region}\n  {endpoint['interface']}: {endpoint['url']}\n")
    return "".join(lines)


def _issue(session: Session, given: Namespace) -> Record:
    token = session.token
    expires = datetime.fromtimestamp(int(token.expires_at), UTC)
    thing = {
        "expires": expires.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "id": token.id,
        "project_id": token.project_id,
        "user_id": token.user_id,
    }
    return Record([Column(name) for name in thing if thing[name]], thing)


OPTIONS = (
    option("--domain", "ID", "of this domain"),
    flag("--enabled", "only those that are enabled"),
)
COMMANDS = (
    Command(
        "project list",
        "List projects (admin), or one's own.",
        _list_projects,
        (flag("--long", "more columns"), flag("--my-projects", "that one may work in"), *OPTIONS),
        Table,
    ),
    show_row(PROJECT, SHOW_PROJECT),
    list_row(USER, ID_AND_NAME, USERS, _users, OPTIONS),
    show_row(USER, SHOW_USER),
    Command("catalog list", "List the services of the cloud.", _list_catalog, (), Table),
    Command("token issue", "Print a token.", _issue, (), Record),
)
