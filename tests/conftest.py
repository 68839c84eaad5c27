"""Fixtures of the whole suite, and its order: fast tests, networks, guests, browsers."""

import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from cloud import Cloud, running_cloud
from cloud_databases import DATABASES, CloudDatabases
from conformance.openapi.transport import versions_answered
from databases import (
    emptied_postgres,
    fresh_sqlite,
    make_postgres_database,
    make_sqlite_template,
)
from pilvi.core.db import Database
from postgres import running_postgres

# No deadlines: a busy machine is no fault. HYPOTHESIS_PROFILE=thorough looks for longer.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Logs of a failed test are read by a person: no framed tracebacks, which cost more than the test.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
)


# Before each request, httpx looks through every folder of the path for an event loop that is not
# installed: this is what it would find.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None

# Libraries and collected tests live to the end: looking for garbage among them costs a tenth of
# the processor's time.
gc.set_threshold(20_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Whole clouds run on SQLite unless told otherwise; store tests run on both always."""
    words = "What the clouds of the tests keep their state in."
    kinds = ("sqlite", "postgresql")
    parser.addoption("--database", choices=kinds, default="sqlite", help=words)


def pytest_collection_finish() -> None:
    """What is there now stays."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then those that make networks, those that boot guests, browsers."""

    def cost(item: pytest.Item) -> int:
        # The browser's library keeps a loop running, beside which no other can.
        if item.get_closest_marker("browser"):
            return 3
        if item.get_closest_marker("guest"):
            return 2
        return 1 if item.get_closest_marker("root") else 0

    items.sort(key=cost)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that says it holds the edge of a version asks on both sides of it."""
    versions_answered.clear()
    result = yield
    for mark in item.iter_markers("edge"):
        service, *numbers = mark.args
        for number in numbers:
            major, _, minor = number.partition(".")
            for wanted in (f"{service} {major}.{int(minor) - 1}", f"{service} {number}"):
                assert wanted in versions_answered, f"it does not ask at {wanted}"
    return result


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    """A fresh control plane without hosts."""
    async with running_cloud(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy."""
    return make_sqlite_template(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL pattern of a PostgreSQL server with one migrated database."""
    with running_postgres() as url:
        make_postgres_database(url)
        yield url


@pytest.fixture(scope="session")
def cloud_databases(postgres_url: str) -> CloudDatabases:
    """PostgreSQL databases for whole clouds."""
    return CloudDatabases(postgres_url)


@pytest.fixture(scope="session", autouse=True)
def clouds_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Has the clouds of all tests on PostgreSQL, with `--database postgresql`."""
    if request.config.getoption("--database") == "postgresql":
        DATABASES["postgresql"] = request.getfixturevalue("cloud_databases")
    yield
    DATABASES.clear()


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty, migrated database: every store test runs on both engines."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        async with fresh_sqlite(template, tmp_path) as database:
            yield database
    else:
        url = request.getfixturevalue("postgres_url")
        async with emptied_postgres(url) as database:
            yield database
