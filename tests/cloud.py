"""A whole control plane in the test's own process, driven over ASGI."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
from starlette.types import ASGIApp

from cloud_databases import DATABASES, SQLITE_FILE
from conformance.openapi.transport import JudgedTransport
from pilvi.bootstrap import ControlPlane
from pilvi.core.db import Database, open_database
from pilvi.identity.operations.keys import Passwords
from pilvi.identity.operations.seed import seed_identity
from pilvi.migrations import upgrade_database
from pilvi.settings import Settings
from pilvi.testing.cloud import running_plane
from pilvi.testing.login import PASSWORDS, login_body

BASE = "http://cloud.test"
# Seconds for a cloud to become quiet. Lower: a busy machine fails tests; higher: late to fail.
SETTLE_S = 30.0


class Agent(Protocol):
    """A host that answers by itself."""

    @property
    def idle(self) -> bool:
        """Whether it has answered everything that it was told of."""


@dataclass
class Cloud:
    """One control plane and an HTTP client that speaks to it."""

    settings: Settings
    db: Database
    plane: ControlPlane
    http: httpx.AsyncClient
    app: ASGIApp
    """The application itself, behind the client."""
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    project_ids: dict[str, str] = field(default_factory=dict)
    agents: list[Agent] = field(default_factory=list)
    """Hosts that answer by themselves."""

    async def token(self, user: str = "demo", project: str | None = None) -> str:
        """A token of a seeded user, scoped to its own project unless told otherwise."""
        key = (user, project or user)
        if key not in self.tokens:
            reply = await self.http.post("/identity/v3/auth/tokens", json=login(user, key[1]))
            assert reply.status_code == 201, reply.text
            self.tokens[key] = reply.headers["x-subject-token"]
        return self.tokens[key]

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        user: str | None = "demo",
        project: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request with the user's token (user=None: with none)."""
        sent = dict(headers or {})
        if user is not None:
            sent["x-auth-token"] = await self.token(user, project)
        return await self.http.request(method, path, json=json, headers=sent)

    async def settle(self) -> None:
        """Wait until no reconciler has anything in work and each host has answered."""
        async with asyncio.timeout(SETTLE_S):
            while not self.is_quiet:  # noqa: ASYNC110  # the loop has no event for it
                await asyncio.sleep(0.005)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing will change unless somebody asks for it."""
        return self.plane.idle and all(agent.idle for agent in self.agents)


def login(user: str, project: str | None = None, password: str | None = None) -> dict[str, Any]:
    """Body of a password login."""
    return login_body(user, password or PASSWORDS.get(user, "wrong"), project)


class _Client(httpx.AsyncClient):
    """A client that sends and no more: no cookies, redirects or logins to look for."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """See `httpx.AsyncClient`."""
        if options.get("stream") or options.get("follow_redirects") is True:
            return await super().send(request, **options)
        response = await self._transport.handle_async_request(request)
        response.request = request
        await response.aread()
        return response


@dataclass(frozen=True)
class Snapshot:
    """What a cloud keeps, to begin others with: much quicker than doing the same again."""

    files: Mapping[str, bytes]
    """Contents by their path below the state folder."""
    tokens: Mapping[tuple[str, str], str]
    project_ids: Mapping[str, str]

    def write(self, directory: Path) -> None:
        """Lay the files into a state folder."""
        for name, content in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


Prepare = Callable[[Cloud], Awaitable[None]]
"""Fills a fresh cloud; it must leave the reconcilers nothing to do."""
_SNAPSHOTS: dict[Prepare, Snapshot] = {}


async def nothing_more(cloud: Cloud) -> None:
    """Prepare a cloud with its first users and no more."""


async def take_snapshot(prepare: Prepare) -> Snapshot:
    """A cloud as it is after `prepare`, made once in each process of the tests."""
    if prepare not in _SNAPSHOTS:
        first = None if prepare is nothing_more else await take_snapshot(nothing_more)
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            first = first or await _make_users(directory)
            sqlite = f"sqlite:///{directory / SQLITE_FILE}"
            async with _opened(directory, first, database_url=sqlite) as cloud:
                await prepare(cloud)
                for user in PASSWORDS:
                    await cloud.token(user)
                await cloud.settle()
            _SNAPSHOTS[prepare] = Snapshot(_read_files(directory), cloud.tokens, cloud.project_ids)
    return _SNAPSHOTS[prepare]


def _read_files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


async def _make_users(directory: Path) -> Snapshot:
    """A migrated database with the first users, in the folder where it will be used."""
    settings = Settings(state_dir=str(directory), fake=True)
    settings.api_dir.mkdir(parents=True)
    await asyncio.to_thread(upgrade_database, settings.database)
    db = open_database(settings.database)
    hasher = Passwords(careful=False)
    hashes = {name: hasher.hash(password) for name, password in PASSWORDS.items()}
    async with db.write() as tx:
        ids = await seed_identity(tx, hashes["admin"], hashes["demo"])
    await db.close()
    return Snapshot({}, {}, ids)


@asynccontextmanager
async def running_cloud(
    directory: Path, prepare: Prepare = nothing_more, **settings: Any
) -> AsyncIterator[Cloud]:
    """A fresh cloud in a folder, its reconcilers running, as `prepare` leaves one."""
    async with _opened(directory, await take_snapshot(prepare), **settings) as cloud:
        yield cloud


@asynccontextmanager
async def _opened(directory: Path, snapshot: Snapshot, **settings: Any) -> AsyncIterator[Cloud]:
    snapshot.write(directory)
    async with _database(snapshot, settings) as more:
        chosen = Settings(state_dir=str(directory), fake=True, **more)
        db = open_database(chosen.database, durable=False)
        tokens, ids = dict(snapshot.tokens), dict(snapshot.project_ids)
        try:
            async with running_plane(chosen, db) as parts:
                transport = JudgedTransport(httpx.ASGITransport(app=parts.app))
                async with _Client(transport=transport, base_url=BASE) as http:
                    yield Cloud(chosen, db, parts.plane, http, parts.app, tokens, ids)
        finally:
            await db.close()


@asynccontextmanager
async def _database(
    snapshot: Snapshot, settings: Mapping[str, Any]
) -> AsyncIterator[Mapping[str, Any]]:
    """Settings with the database that the tests are to run on, filled as the snapshot says."""
    databases = DATABASES.get("postgresql")
    if databases is None or "database_url" in settings:
        yield settings
        return
    async with databases.holding(snapshot.files) as url:
        yield {**settings, "database_url": url}
