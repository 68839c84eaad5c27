"""Tokens that are kept between commands: a login costs the cloud a slow hash, on purpose.

Files of mode 0600 in a folder of mode 0700 below XDG_CACHE_HOME, one for each identity, named by a
keyed hash of everything that a login sends: with another password no kept token is found. A file
that others may read is not used, nor a token in its last minute; a revoked one is got anew.
"""

import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Seconds before its end at which a token is not used any more. Lower: a slow command loses it
# half-way; higher: more logins.
MARGIN_S = 60
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Token:
    """A token and what came with it."""

    id: str
    expires_at: float
    catalog: list[dict[str, Any]]
    user_id: str = ""
    project_id: str = ""


class TokenCache:
    """The kept tokens of one user of this machine."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = environment.get("HOME", "/")
        caches = Path(environment.get("XDG_CACHE_HOME") or Path(home) / ".cache")
        self._folder = caches / "pilvi" / "tokens"

    def find(self, login: bytes) -> Token | None:
        """The kept token of a login, if it is good for a while."""
        try:
            path = self._path(login, make=False)
            if path is None:
                return None
            token = Token(**json.loads(_read_private(path)))
            return token if token.expires_at - MARGIN_S > time.time() else None
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, login: bytes, token: Token) -> None:
        """Keep a token; where that cannot be done safely it is not."""
        with suppress(OSError, ValueError):
            path = self._path(login, make=True)
            if path is not None:
                _write_private(path, json.dumps(asdict(token)).encode())

    def drop(self, login: bytes) -> None:
        """Forget a token that the cloud does not know any more."""
        with suppress(OSError, ValueError):
            if (path := self._path(login, make=False)) is not None:
                path.unlink(missing_ok=True)

    def _path(self, login: bytes, *, make: bool) -> Path | None:
        """Where a login's token is. A hash without a secret would let others try passwords."""
        secret_path = self._folder / "secret"
        if not secret_path.exists():
            if not make:
                return None
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            with suppress(FileExistsError):
                _write_new(secret_path, os.urandom(SECRET_BYTES))
        secret = _read_private(secret_path)
        if len(secret) != SECRET_BYTES:
            # Another command is about to write it.
            return None
        return self._folder / f"{hmac.new(secret, login, hashlib.sha256).hexdigest()}.json"


def _read_private(path: Path) -> bytes:
    """A file's bytes. Raises `ValueError` when it is another's or others may read it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
            raise ValueError("others may have written or read it")
        return file.read()


def _write_new(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)


def _write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        _write_new(temporary, data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
