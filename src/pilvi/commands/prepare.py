"""Making a cloud's state directory ready: secrets, database, first contents.

Every step is repeatable, and a secret is written before anything is made that needs it, so a
cloud whose first start was killed anywhere is finished by the next start.
"""

import asyncio
import fcntl
import os
import secrets
import socket
from pathlib import Path

from pilvi.bootstrap import seed_cloud
from pilvi.commands.clouds import ca_path, ensure_clouds_file, write_private
from pilvi.commands.state_check import check_state, mark_complete
from pilvi.core.db import open_database
from pilvi.core.tls import ensure_certificates
from pilvi.errors import InvalidRequest
from pilvi.hosts.operations.hosts import enrol_host
from pilvi.identity.operations.catalog import ensure_catalog
from pilvi.identity.operations.keys import Passwords, TokenKeys, Vault
from pilvi.identity.operations.seed import is_seeded
from pilvi.migrations import upgrade_database
from pilvi.settings import Settings


def prepare_cloud(settings: Settings) -> None:
    """Everything up to the moment at which the processes can start. Repeatable; needs root."""
    settings.state.mkdir(parents=True, exist_ok=True)
    settings.state.chmod(0o755)
    _check_reachable(settings.state)
    with (settings.state / "prepare.lock").open("w") as lock:
        # Of processes that begin together each finds what the one before it made.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _prepare(settings)


def _prepare(settings: Settings) -> None:
    for folder in (settings.api_dir, settings.agent_dir, settings.run_dir):
        folder.mkdir(exist_ok=True, mode=0o711)
    check_state(settings)
    passwords = ensure_clouds_file(settings)
    credential = _ensure_secret(settings.agent_dir / "credential")
    if settings.tls:
        ensure_certificates(settings.api_dir / "tls", ca_path(settings), settings.listen_host)
    settings.shared.mkdir(parents=True, exist_ok=True, mode=0o711)
    TokenKeys(settings.shared / "keys")
    Vault(settings.shared / "credential-keys")
    Vault(settings.shared / "dashboard-keys")
    upgrade_database(settings.database)
    asyncio.run(_fill_database(settings, passwords, credential))
    mark_complete(settings)
    if os.geteuid() == 0:
        for folder in {settings.api_dir, settings.shared}:
            give_to(folder, settings.uid_api)


def _check_reachable(directory: Path) -> None:
    """Raise `InvalidRequest` when unprivileged processes cannot enter the state directory."""
    for parent in directory.absolute().parents:
        if not parent.stat().st_mode & 0o001:
            raise InvalidRequest(
                f"cannot keep a cloud in {directory}: others than root cannot enter {parent}, and "
                "the API and the guests run as others; choose another --state-dir"
            )


def give_to(directory: Path, uid: int) -> None:
    """Make a folder and everything below it belong to `uid`. Never follows a link."""
    os.chown(directory, uid, uid, follow_symlinks=False)
    for parent, folders, files in os.walk(directory):
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.lstat().st_uid != uid:
                os.chown(path, uid, uid, follow_symlinks=False)


async def _fill_database(settings: Settings, passwords: dict[str, str], credential: str) -> None:
    db = open_database(settings.database)
    hasher = Passwords()
    try:
        async with db.write() as tx:
            if not await is_seeded(tx):
                hashes = {user: hasher.hash(word) for user, word in passwords.items()}
                await seed_cloud(tx, settings, hashes)
            await ensure_catalog(tx, settings.region)
            await enrol_host(tx, socket.gethostname(), credential)
    finally:
        await db.close()


def _ensure_secret(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text()
