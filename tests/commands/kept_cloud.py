"""A cloud's state directory as its first start leaves it, for tests that damage it."""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import httpx

from image_files import make_qcow2
from pilvi.bootstrap import ControlPlane
from pilvi.commands.clouds import read_passwords
from pilvi.commands.prepare import prepare_cloud
from pilvi.core.db import open_database
from pilvi.settings import Settings, save_settings
from pilvi.testing.login import login_body


@lru_cache(1)
def _template() -> Path:
    """One cloud's folder, made once in each process of the tests."""
    # Others than the owner may not enter pytest's folders, where a cloud refuses to live.
    folder = Path(tempfile.mkdtemp(prefix="pilvi-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    settings = Settings(state_dir=str(folder / "state"))
    save_settings(settings)
    prepare_cloud(settings)
    return settings.state


@contextmanager
def kept_cloud() -> Iterator[Settings]:
    """The settings of a cloud with its first contents, on disk and not running."""
    folder = Path(tempfile.mkdtemp(prefix="pilvi-"))
    folder.chmod(0o755)
    try:
        shutil.copytree(_template(), folder / "state")
        settings = Settings(state_dir=str(folder / "state"))
        save_settings(settings)
        yield settings
    finally:
        shutil.rmtree(folder)


def add_blob(settings: Settings) -> str:
    """Put an image's bytes into the store and its row into the database; its sha512."""

    async def work() -> str:
        db = open_database(settings.database)
        plane = ControlPlane(settings, db)
        try:
            return await _upload(plane)
        finally:
            await db.close()

    return asyncio.run(work())


async def _upload(plane: ControlPlane) -> str:
    password = read_passwords(plane.settings)["admin"]
    transport = httpx.ASGITransport(app=plane.build_app())
    async with (
        plane.running(),
        httpx.AsyncClient(transport=transport, base_url="http://kept") as http,
    ):
        reply = await http.post(
            "/identity/v3/auth/tokens", json=login_body("admin", password, "admin")
        )
        http.headers["x-auth-token"] = reply.headers["x-subject-token"]
        fields = {"name": "kept", "disk_format": "qcow2", "container_format": "bare"}
        image = (await http.post("/image/v2/images", json=fields)).json()
        reply = await http.put(
            f"/image/v2/images/{image['id']}/file",
            content=make_qcow2(1 << 20),
            headers={"content-type": "application/octet-stream"},
        )
        assert reply.status_code == 204, reply.text
        reply = await http.get(f"/image/v2/images/{image['id']}")
        return str(reply.json()["os_hash_value"])
