"""One-time passcodes (RFC 6238): SHA-1, 30 seconds, 6 digits, as every authenticator has them.

Each is good once, and few wrong ones of a user are heard in a step of time. Both are known from the
user's row in the database, so they hold for every process that serves the API.
"""

import base64
import binascii
import hashlib
import hmac
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pilvi.core.db import Transaction
from pilvi.identity.store import rows
from pilvi.identity.store.credential_tables import passcode_tries

STEP_S = 30
# Steps before the present one whose passcode still counts. Lower: slow typists and clocks are
# refused; higher: an overheard passcode can be used longer.
STEPS_BEFORE = 1
# Wrong passcodes of a user that are looked at in one step. Lower: who mistypes waits for the next
# step, and others can make a user wait with less; higher: more guesses.
FAILURES_MAX = 5


def passcode(secret: str, step: int) -> str:
    """The passcode of one step of time. Raises `ValueError` for what is no base32. Pure."""
    try:
        key = base64.b32decode(secret.strip().upper() + "=" * (-len(secret.strip()) % 8))
    except binascii.Error as error:
        raise ValueError("no base32") from error
    digest = hmac.digest(key, struct.pack(">Q", step), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def find_step(secret: str, given: str, present: int) -> int | None:
    """The step whose passcode was given, the present one or one just before, or None. Pure."""
    given_bytes = given.encode(errors="replace")
    try:
        for step in range(present, present - STEPS_BEFORE - 1, -1):
            if hmac.compare_digest(passcode(secret, step).encode(), given_bytes):
                return step
    except ValueError:
        return None
    return None


def find_present_step() -> int:
    """The step of now."""
    return int(time.time() // STEP_S)


@dataclass(frozen=True, slots=True)
class _Tries:
    """What a user tried."""

    step: int = 0
    failures: int = 0
    accepted_step: int = 0

    def count_failures(self, present: int) -> int:
        """How many were wrong in a step; those of a later one count if a clock was set back."""
        return self.failures if self.step >= present else 0


async def _find_tries(tx: Transaction, user_id: str) -> _Tries:
    for row in await rows.list_rows(tx, passcode_tries, user_id=user_id):
        return _Tries(row.step, row.failures, row.accepted_step)
    return _Tries()


async def is_heard(tx: Transaction, user_id: str, present: int) -> bool:
    """Whether a passcode of a user is looked at in a step, after those that were wrong in it."""
    return (await _find_tries(tx, user_id)).count_failures(present) < FAILURES_MAX


async def use_passcode(
    tx: Transaction, user_id: str, secrets: Sequence[str], given: str, present: int
) -> bool:
    """Whether a passcode is good: it comes from a secret, and no such nor a later one was used.

    In the caller's transaction, which is to be committed for a wrong one too: it is counted.
    """
    tries = await _find_tries(tx, user_id)
    failures = tries.count_failures(present)
    if failures >= FAILURES_MAX:
        return False
    step = max((find_step(secret, given, present) or 0 for secret in secrets), default=0)
    is_good = step > tries.accepted_step
    await rows.delete_rows(tx, passcode_tries, user_id=user_id)
    await rows.insert_row(
        tx,
        passcode_tries,
        user_id=user_id,
        step=max(tries.step, present),
        failures=failures if is_good else failures + 1,
        accepted_step=max(tries.accepted_step, step),
    )
    return is_good
