"""One-time passcodes (RFC 6238): SHA-1, 30 seconds, 6 digits, as every authenticator has them."""

import base64
import binascii
import hashlib
import hmac
import struct
import time

STEP_S = 30
# Steps before the present one whose passcode still counts. Lower: slow typists and clocks are
# refused; higher: an overheard passcode can be used longer.
STEPS_BEFORE = 1


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


def fits(secret: str, given: str, now_s: float | None = None) -> bool:
    """Whether a passcode is the present one of a secret, or the one before."""
    present = int((time.time() if now_s is None else now_s) // STEP_S)
    try:
        known = [passcode(secret, present - back) for back in range(STEPS_BEFORE + 1)]
    except ValueError:
        return False
    given_bytes = given.encode(errors="replace")
    return any(hmac.compare_digest(one.encode(), given_bytes) for one in known)
