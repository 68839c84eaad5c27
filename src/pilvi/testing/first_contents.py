"""Makes what every fake cloud begins with: users, networks, flavors, and two small images."""

import shutil

import httpx

from pilvi.agent.disks.qcow2 import empty_qcow2
from pilvi.bootstrap import ControlPlane, seed_cloud
from pilvi.core.db import open_database
from pilvi.core.db.engine import create_sqlite_engine
from pilvi.migrations import mark_newest
from pilvi.migrations.tables import metadata
from pilvi.settings import Settings
from pilvi.testing.login import PASSWORDS, login_body

DISK_BYTES = 1 << 26
IMAGE_NAMES = ("pilvi-guest", "pilvi-guest-2")


async def make_first_contents(settings: Settings) -> None:
    """Fill the API's folder of a cloud, which keeps no keys: each cloud makes its own."""
    settings.api_dir.mkdir(parents=True)
    # A fresh database has no history: its tables are made as they are now, without revisions.
    engine = create_sqlite_engine(settings.database, durable=False)
    with engine.begin() as connection:
        metadata.create_all(connection)
        mark_newest(connection)
    engine.dispose()
    db = open_database(settings.database, durable=False)
    plane = ControlPlane(settings, db)
    hashes = {user: plane.passwords.hash(word) for user, word in PASSWORDS.items()}
    try:
        async with db.write() as tx:
            await seed_cloud(tx, settings, hashes)
        transport = httpx.ASGITransport(app=plane.build_app())
        async with (
            plane.running(),
            httpx.AsyncClient(transport=transport, base_url="http://template") as http,
        ):
            await _add_images(http)
    finally:
        await db.close()
    shutil.rmtree(settings.api_dir / "keys")


async def _add_images(http: httpx.AsyncClient) -> None:
    login = login_body("admin", PASSWORDS["admin"], "admin")
    reply = await http.post("/identity/v3/auth/tokens", json=login)
    http.headers["x-auth-token"] = reply.headers["x-subject-token"]
    for name in IMAGE_NAMES:
        fields = {
            "name": name,
            "disk_format": "qcow2",
            "container_format": "bare",
            "visibility": "public",
        }
        reply = await http.post("/image/v2/images", json=fields)
        reply = await http.put(
            f"/image/v2/images/{reply.json()['id']}/file",
            content=_small_disk(),
            headers={"content-type": "application/octet-stream"},
        )
        assert reply.status_code == 204, reply.text


def _small_disk() -> bytes:
    disk = bytearray()
    for offset, piece in empty_qcow2(DISK_BYTES):
        disk += bytes(offset - len(disk)) + piece
    return bytes(disk)
