"""A whole control plane in the test's own process, driven over ASGI."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

from pilvi.bootstrap import ControlPlane
from pilvi.core.db import Database, open_database
from pilvi.identity.operations.projects import seed_identity
from pilvi.migrations import upgrade_database
from pilvi.settings import Settings

BASE = "http://cloud.test"
_TEMPLATE: list[tuple[bytes, dict[str, str]]] = []
# As argon2id as any hash of a password, but made and verified in a millisecond.
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORDS = {"admin": "admin-secret", "demo": "demo-secret"}


@dataclass
class Cloud:
    """One control plane and an HTTP client that speaks to it."""

    settings: Settings
    db: Database
    plane: ControlPlane
    http: httpx.AsyncClient
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    project_ids: dict[str, str] = field(default_factory=dict)

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

    async def settle(self, timeout_s: float = 10.0) -> None:
        """Wait until no reconciler has anything in work."""
        async with asyncio.timeout(timeout_s):
            while not self.plane.loop.idle:  # noqa: ASYNC110  # the loop has no event for it
                await asyncio.sleep(0.005)


def login(user: str, project: str | None = None, password: str | None = None) -> dict[str, Any]:
    """Body of a password login."""
    named = {
        "name": user,
        "domain": {"id": "default"},
        "password": password or PASSWORDS.get(user, "wrong"),
    }
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": named}}}
    if project is not None:
        auth["scope"] = {"project": {"name": project, "domain": {"id": "default"}}}
    return {"auth": auth}


async def _make_template() -> tuple[bytes, dict[str, str]]:
    """A migrated database with the first users, made once, and the ids of its projects."""
    if not _TEMPLATE:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "template.db")
            await asyncio.to_thread(upgrade_database, f"sqlite:///{path}")
            db = open_database(f"sqlite:///{path}")
            hashes = {name: HASHER.hash(password) for name, password in PASSWORDS.items()}
            async with db.write() as tx:
                ids = await seed_identity(tx, hashes["admin"], hashes["demo"])
            await db.close()
            _TEMPLATE.append((path.read_bytes(), ids))
    content, ids = _TEMPLATE[0]
    return content, dict(ids)


@asynccontextmanager
async def running_cloud(directory: Path, **settings: Any) -> AsyncIterator[Cloud]:
    """A fresh cloud in a folder, its reconcilers running."""
    chosen = Settings(state_dir=str(directory), fake=True, **settings)
    chosen.api_dir.mkdir(parents=True, exist_ok=True)
    content, ids = await _make_template()
    (chosen.api_dir / "pilvi.db").write_bytes(content)
    db = open_database(chosen.database)
    plane = ControlPlane(chosen, db)
    transport = httpx.ASGITransport(app=plane.build_app())
    try:
        async with plane.running(), httpx.AsyncClient(transport=transport, base_url=BASE) as http:
            yield Cloud(chosen, db, plane, http, project_ids=ids)
    finally:
        await db.close()
