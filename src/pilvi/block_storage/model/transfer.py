"""An offer of a volume to whoever has its key."""

import datetime
import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass, field

_LETTERS = string.ascii_letters + string.digits
# 16 of these letters are 95 random bits: nobody guesses a key, so a plain hash guards it.
KEY_CHARACTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One offer; a volume is offered once at a time."""

    id: str
    volume_id: str
    project_id: str
    """Who offers."""
    name: str | None
    salt: str = field(repr=False)
    key_hash: str = field(repr=False)
    no_snapshots: bool
    created_at: datetime.datetime


def make_key() -> tuple[str, str, str]:
    """A new key with its salt and hash."""
    key = "".join(secrets.choice(_LETTERS) for _ in range(KEY_CHARACTERS))
    salt = secrets.token_hex(8)
    return key, salt, hash_key(salt, key)


def hash_key(salt: str, key: str) -> str:
    """What is kept of a key. Pure."""
    return hashlib.sha256(f"{salt}:{key}".encode()).hexdigest()


def opens(transfer: Transfer, key: str) -> bool:
    """Whether a key is the transfer's own. Pure, in constant time."""
    return hmac.compare_digest(hash_key(transfer.salt, key), transfer.key_hash)
