"""clouds.yaml: where the cloud is and how its first users prove who they are.

It is made at first start with passwords of its own, and kept; the addresses follow the settings.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from pilvi.errors import InvalidRequest
from pilvi.settings import Settings

CLOUD_NAMES = {"admin": "pilvi", "demo": "pilvi-demo"}
"""Names in clouds.yaml, by user. Both work in the demo project, where the first network is."""


def clouds_path(settings: Settings) -> Path:
    """Where the addresses and passwords for OpenStack clients are."""
    return settings.state / "clouds.yaml"


def ca_path(settings: Settings) -> Path:
    """Where the certificate of this cloud's authority is, when it speaks TLS."""
    return settings.state / "ca.pem"


def ensure_clouds_file(settings: Settings) -> dict[str, str]:
    """The passwords by user, made at first start; the addresses follow the settings."""
    path, known = clouds_path(settings), read_passwords(settings)
    passwords = {user: known.get(user) or secrets.token_urlsafe(18) for user in CLOUD_NAMES}
    clouds = {cloud: _cloud(settings, user, passwords[user]) for user, cloud in CLOUD_NAMES.items()}
    write_private(path, yaml.safe_dump({"clouds": clouds}, sort_keys=False))
    return passwords


def read_passwords(settings: Settings) -> dict[str, str]:
    """The passwords by user, as far as they were made.

    Raises `InvalidRequest` that names the file when it is there and cannot be read.
    """
    path = clouds_path(settings)
    if not path.exists():
        return {}
    try:
        clouds = yaml.safe_load(path.read_text())["clouds"]
        return {user: clouds[name]["auth"]["password"] for user, name in CLOUD_NAMES.items()}
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise InvalidRequest(
            f"cannot read the first users' passwords in {path}: put the file back from a backup "
            f"(pilvi restore FILE --state-dir {settings.state_dir})",
            detail=repr(error),
        ) from error


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


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
