"""The secrets' tools: Fernet for tokens and what must be read again, argon2id for passwords."""

import asyncio
import os
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from pilvi.core.steady import SteadyClock
from pilvi.errors import Internal, Unauthenticated, Unavailable
from pilvi.identity.model.token import Token

# Verifications at once; each takes 64 MiB and a core for about 0.2 s. Lower: logins queue
# sooner; higher: logins push everything else off the processor.
VERIFICATIONS_AT_ONCE = 4
# Logins that may wait for their turn. Lower: a burst is refused; higher: the last one waits long.
VERIFICATIONS_WAITING = 64
# Bytes of a password that are looked at; longer ones are refused before argon2 sees them.
PASSWORD_BYTES_MAX = 4096
# Opened tokens kept; what one says never changes. Lower: opened again; higher: a kilobyte each.
OPENED_KEPT = 1024


def load_keys(directory: Path) -> MultiFernet:
    """The keys of a folder: the newest seals, every one opens; the first is made when missing."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not list(directory.glob("*.key")):
        descriptor, temporary = tempfile.mkstemp(dir=directory, suffix=".new")
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            os.fsync(descriptor)
        # Of two processes that begin together one makes the key, and both use it.
        with suppress(FileExistsError):
            (directory / "0001.key").hardlink_to(temporary)
        Path(temporary).unlink()
    keys = sorted(directory.glob("*.key"), reverse=True)
    return MultiFernet([Fernet(path.read_bytes()) for path in keys])


class Vault:
    """Seals what the database keeps but must not tell: secrets that are needed in plain."""

    def __init__(self, directory: Path) -> None:
        self._fernet = load_keys(directory)

    def seal(self, secret: str) -> str:
        """A secret as the database keeps it."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret again. Raises `Internal` when the keys are not those that sealed it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Internal("cannot read a credential: its key is gone") from error


class TokenKeys:
    """Seals and opens tokens with the keys of a folder.

    A key that another process, or a person, adds while this one runs is found by the first token
    that none of the known ones opens.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._fernet = load_keys(directory)
        self._changed_at = directory.stat().st_mtime_ns
        self._open = lru_cache(OPENED_KEPT)(self._decrypt)
        self.clock = SteadyClock()
        """By which this process judges whether tokens have expired."""

    def seal(self, token: Token) -> str:
        """The token as the text that a client keeps."""
        return self._fernet.encrypt(msgspec.msgpack.encode(token)).decode().rstrip("=")

    def open(self, text: str) -> Token:
        """What a token says, signature checked, expiry not. Raises `Unauthenticated`."""
        return self._open(text)

    def _decrypt(self, text: str) -> Token:
        try:
            sealed = text.encode("ascii") + b"=" * (-len(text) % 4)
            return msgspec.msgpack.decode(self._unseal(sealed), type=Token)
        except (InvalidToken, msgspec.MsgspecError, UnicodeEncodeError) as error:
            raise Unauthenticated("cannot use this token: it is not one of ours") from error

    def _unseal(self, sealed: bytes) -> bytes:
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            changed_at = self._directory.stat().st_mtime_ns
            if changed_at == self._changed_at:
                raise
            self._fernet, self._changed_at = load_keys(self._directory), changed_at
            return self._fernet.decrypt(sealed)


class Passwords:
    """Hashes and verifies passwords, a few at a time."""

    def __init__(self, *, careful: bool = True) -> None:
        """`careful=False` hashes in a millisecond: only for clouds that hold nothing real."""
        self._hasher = PasswordHasher() if careful else PasswordHasher(1, 8, 1)
        self._slots = asyncio.Semaphore(VERIFICATIONS_AT_ONCE)
        self._waiting = 0
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The argon2id hash to keep. Takes about 0.2 s: not for the event loop."""
        return self._hasher.hash(password)

    async def hash_in_turn(self, password: str) -> str:
        """`hash` in a thread, in turn with the verifications."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; as slow for a user that does not exist (`None`).

        Raises `Unavailable` when too many wait already.
        """
        if not password or len(password.encode(errors="replace")) > PASSWORD_BYTES_MAX:
            return False
        if self._waiting >= VERIFICATIONS_WAITING:
            raise Unavailable("cannot check a password now: too many logins wait; try again")
        self._waiting += 1
        try:
            async with self._slots:
                fits = await asyncio.to_thread(self._fits, password_hash, password)
        finally:
            self._waiting -= 1
        return fits and password_hash is not None

    def _fits(self, password_hash: str | None, password: str) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash("nobody has this password")
        try:
            return self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
