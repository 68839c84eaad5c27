"""`pilvi db`: the database's revision, its upgrade, and moving to another one."""

import asyncio
import json
import os
from typing import Any

from rich.console import Console
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pilvi.commands.prepare import give_to
from pilvi.commands.processes import find_process
from pilvi.errors import Conflict, InvalidRequest
from pilvi.migrations import newest_revision, read_revision, upgrade_database
from pilvi.migrations.copy import copy_database
from pilvi.settings import FILE_NAME, Settings


def show_version(settings: Settings, console: Console, *, as_json: bool = False) -> None:
    """Print the database's revision and the newest one that this release knows."""
    found, newest = read_revision(settings.database), newest_revision()
    if as_json:
        console.print(json.dumps({"revision": found, "newest": newest}), highlight=False)
        return
    console.print(f"revision {found or 'none'}, newest known {newest}", highlight=False)


def run_upgrade(settings: Settings, console: Console, *, as_json: bool = False) -> None:
    """Bring the database to the newest revision; processes may run meanwhile. Repeatable."""
    upgrade_database(settings.database)
    _keep_owner(settings)
    show_version(settings, console, as_json=as_json)


def run_copy(settings: Settings, url: str, console: Console) -> dict[str, Any]:
    """Copy the cloud's database to an empty one. Raises `Conflict` while the API runs.

    Returns {"rows": how many, "tables": how many}.
    """
    check_url(url)
    if find_process(settings, "api") is not None or find_process(settings, "fake") is not None:
        raise Conflict("cannot copy the database of a cloud that runs: end its API processes first")
    found, newest = read_revision(settings.database), newest_revision()
    if found != newest:
        raise Conflict(
            f"cannot copy a database of revision {found}: bring it to {newest} with "
            "'pilvi db upgrade' first"
        )
    upgrade_database(url)
    tables: list[str] = []

    def say(table: str, rows: int) -> None:
        tables.append(table)
        if rows:
            console.print(f"{rows:9}  {table}", highlight=False)

    rows = asyncio.run(copy_database(settings.database, url, say))
    console.print(f"copied {rows} rows of {len(tables)} tables; every count agrees")
    shown = make_url(url).render_as_string(hide_password=True)
    console.print(
        f'To use it, set database_url = "{shown}" in {settings.state / FILE_NAME} and start the '
        "API. The keys of tokens stay where they are: tokens go on.",
        highlight=False,
        soft_wrap=True,
    )
    return {"rows": rows, "tables": len(tables)}


def check_url(url: str) -> None:
    """Raise `InvalidRequest` for what is no URL of a database that we know. Pure."""
    try:
        kind = make_url(url).get_backend_name()
    except ArgumentError:
        kind = ""
    if kind not in ("sqlite", "postgresql"):
        raise InvalidRequest(
            "cannot read the URL of the database: use postgresql://USER:PASSWORD@HOST/NAME or "
            "sqlite:////FILE"
        )


def _keep_owner(settings: Settings) -> None:
    """SQLite may have made files beside the database, which are the API's."""
    if os.geteuid() == 0 and not settings.database_url and settings.api_dir.exists():
        give_to(settings.api_dir, settings.uid_api)
