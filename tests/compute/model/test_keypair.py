"""Which keys may be kept."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pilvi.compute.model.keypair import KeyType, check_name, fingerprint, generate
from pilvi.errors import InvalidRequest


def rsa_key() -> str:
    key = rsa.generate_private_key(65537, 2048).public_key()
    openssh = serialization.Encoding.OpenSSH
    return key.public_bytes(openssh, serialization.PublicFormat.OpenSSH).decode()


def test_a_made_key_has_both_parts_and_a_fingerprint() -> None:
    private, public = generate()
    assert private.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    found = serialization.load_ssh_private_key(private.encode(), None).public_key()
    openssh = serialization.Encoding.OpenSSH
    shown = found.public_bytes(openssh, serialization.PublicFormat.OpenSSH).decode()
    assert public.startswith(shown)
    assert len(fingerprint(public, KeyType.SSH).split(":")) == 16


def test_the_comment_of_a_key_does_not_change_its_fingerprint() -> None:
    key = rsa_key()
    assert fingerprint(key, KeyType.SSH) == fingerprint(f"{key} me@there", KeyType.SSH)


@pytest.mark.parametrize(
    "bad", ["", "garbage", "ssh-rsa", "ssh-rsa AAAA", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 x"]
)
def test_what_is_no_key_is_refused(bad: str) -> None:
    with pytest.raises(InvalidRequest):
        fingerprint(bad, KeyType.SSH)


def test_two_lines_are_no_ssh_key() -> None:
    with pytest.raises(InvalidRequest, match="one line"):
        fingerprint(f"{rsa_key()}\n{rsa_key()}", KeyType.SSH)


def test_a_certificate_must_be_one() -> None:
    with pytest.raises(InvalidRequest):
        fingerprint(rsa_key(), KeyType.X509)


@pytest.mark.parametrize("name", ["", "a" * 256, "a/b", "a;b", " a", "ü"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        check_name(name, wide=True)


def test_at_and_dot_are_for_newer_versions() -> None:
    check_name("me@host.example", wide=True)
    with pytest.raises(InvalidRequest):
        check_name("me@host.example", wide=False)
