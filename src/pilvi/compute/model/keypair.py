"""Key pairs: what may be imported, and fingerprints. Pure."""

import base64
import binascii
import datetime
import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from pilvi.errors import InvalidRequest

_NAME = re.compile(r"^[A-Za-z0-9 ._@-]{1,255}$")
_OLD_NAME = re.compile(r"^[A-Za-z0-9 _-]{1,255}$")

# Days that a certificate made here is good for. Lower: guests refuse it sooner; higher: one that
# was stolen is of use for longer.
CERTIFICATE_DAYS = 3650


class KeyType(StrEnum):
    """What kind of public key it is."""

    SSH = "ssh"
    X509 = "x509"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A public key of a user, known by its name."""

    number: int
    user_id: str
    name: str
    type: KeyType
    public_key: str
    fingerprint: str
    created_at: datetime.datetime


def check_name(name: str, *, wide: bool) -> None:
    """Raise `InvalidRequest` for a name that key pairs cannot have; `wide` allows `@` and `.`."""
    if not (_NAME if wide else _OLD_NAME).fullmatch(name) or name != name.strip():
        allowed = "letters, digits, spaces, '_', '-'" + (", '.' and '@'" if wide else "")
        raise InvalidRequest(
            f"cannot use this key pair name: it has 1 to 255 characters of {allowed}, "
            "without a space at either end"
        )


def fingerprint(public_key: str, key_type: KeyType) -> str:
    """The fingerprint of a public key. Raises `InvalidRequest` when it is no such key."""
    if "\n" in public_key.strip() and key_type is KeyType.SSH:
        raise InvalidRequest("cannot import the key: an SSH public key is one line")
    if key_type is KeyType.X509:
        return _x509_fingerprint(public_key)
    parts = public_key.split()
    try:
        serialization.load_ssh_public_key(" ".join(parts[:2]).encode())
        blob = base64.b64decode(parts[1], validate=True)
    except (ValueError, IndexError, UnsupportedAlgorithm, binascii.Error):
        raise InvalidRequest("cannot import the key: it is not an SSH public key") from None
    return _colons(hashlib.md5(blob, usedforsecurity=False).hexdigest())


def _x509_fingerprint(certificate: str) -> str:
    from cryptography.x509 import load_pem_x509_certificate  # late: it takes its time

    try:
        loaded = load_pem_x509_certificate(certificate.encode())
    except ValueError:
        raise InvalidRequest("cannot import the key: it is not an X.509 certificate") from None
    return _colons(loaded.fingerprint(hashes.SHA1()).hex())


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def generate_x509(user_id: str) -> tuple[str, str]:
    """A new key with a certificate for a user: private part and certificate. Not repeatable."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user_id[:64])])
    begin = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def generate() -> tuple[str, str]:
    """A new SSH key: private part in OpenSSH's format, and public part. Not repeatable."""
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return private.decode(), f"{public.decode()} generated-by-pilvi"
