"""Making a cloud's state directory ready: secrets, database, first contents.

Every step is repeatable, and a secret is written before anything is made that needs it, so a
cloud whose first start was killed anywhere is finished by the next start.
"""

import asyncio
import os
import secrets
import socket
from pathlib import Path
from typing import Any

import yaml

from pilvi.bootstrap import seed_cloud
from pilvi.core.db import open_database
from pilvi.core.tls import ensure_certificates
from pilvi.errors import InvalidRequest
from pilvi.hosts.operations.hosts import enrol_host
from pilvi.identity.operations.keys import Passwords, TokenKeys
from pilvi.migrations import upgrade_database
from pilvi.settings import Settings

CLOUD_NAMES = {"admin": "pilvi", "demo": "pilvi-demo"}
"""Names in clouds.yaml, by user. Both work in the demo project, where the first network is."""


def clouds_path(settings: Settings) -> Path:
    """Where the addresses and passwords for OpenStack clients are."""
    return settings.state / "clouds.yaml"


def ca_path(settings: Settings) -> Path:
    """Where the certificate of this cloud's authority is, when it speaks TLS."""
    return settings.state / "ca.pem"


def prepare_cloud(settings: Settings) -> None:
    """Everything up to the moment at which the processes can start. Repeatable; needs root."""
    settings.state.mkdir(parents=True, exist_ok=True)
    settings.state.chmod(0o755)
    _check_reachable(settings.state)
    for folder in (settings.api_dir, settings.agent_dir, settings.run_dir):
        folder.mkdir(exist_ok=True, mode=0o711)
    passwords = _ensure_clouds_file(settings)
    credential = _ensure_secret(settings.agent_dir / "credential")
    if settings.tls:
        ensure_certificates(settings.api_dir / "tls", ca_path(settings), settings.listen_host)
    TokenKeys(settings.api_dir / "keys")
    upgrade_database(settings.database)
    asyncio.run(_fill_database(settings, passwords, credential))
    if os.geteuid() == 0:
        give_to(settings.api_dir, settings.uid_api)


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
            await seed_cloud(tx, settings, {n: hasher.hash(p) for n, p in passwords.items()})
            await enrol_host(tx, socket.gethostname(), credential)
    finally:
        await db.close()


def _ensure_secret(path: Path) -> str:
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(32))
    return path.read_text()


def _ensure_clouds_file(settings: Settings) -> dict[str, str]:
    """The passwords by user, made at first start; the addresses follow the settings."""
    path = clouds_path(settings)
    known: dict[str, Any] = {}
    if path.exists():
        known = (yaml.safe_load(path.read_text()) or {}).get("clouds", {})
    passwords = {
        user: known.get(cloud, {}).get("auth", {}).get("password") or secrets.token_urlsafe(18)
        for user, cloud in CLOUD_NAMES.items()
    }
    clouds = {cloud: _cloud(settings, user, passwords[user]) for user, cloud in CLOUD_NAMES.items()}
    _write_private(path, yaml.safe_dump({"clouds": clouds}, sort_keys=False))
    return passwords


def _cloud(settings: Settings, user: str, password: str) -> dict[str, Any]:
    cloud: dict[str, Any] = {
        "auth": {
            "auth_url": settings.base_url + "/identity",
            "username": user,
            "password": password,
            "project_name": "demo",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": settings.region,
        "interface": "public",
        "identity_api_version": 3,
    }
    if settings.tls:
        cloud["cacert"] = str(ca_path(settings))
    return cloud


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
