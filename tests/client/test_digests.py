"""Checksum files as distributions write them."""

import pytest

from pilvi.client.digests import Digest, find_digest, parse_digest
from pilvi.errors import InvalidRequest

A, B = "a" * 64, "b" * 64
LONG = "c" * 128


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{B}  other.img\n{A}  disk.img\n", A),
        (f"{A} *disk.img\n{B} *other.img\n", A),
        (f"# disk.img: 12 bytes\nSHA256 (disk.img) = {A}\nSHA256 (other) = {B}\n", A),
        (f"{A}  ./disk.img\n{B}  x\n", A),
        (f"{A.upper()}  images/disk.img\n{B}  x\n", A),
        (f"{LONG}\n", LONG),
        (f"{A}  disk-build-7.img\n", A),
        (f"{A}  disk.img\n{LONG}  disk.img\n", LONG),
        (
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
            f"SHA256 (disk.img) = {A}\n-----BEGIN PGP SIGNATURE-----\nabc\n",
            A,
        ),
    ],
)
def test_a_files_line_is_found(text: str, wanted: str) -> None:
    assert find_digest(text, "disk.img", "SUMS").hex == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "says nothing of it"),
        (f"{A}  x\n{B}  y\n", "says nothing of it"),
        (f"{'d' * 32}  disk.img\n{'e' * 32}  x\n", "no SHA-256 or SHA-512"),
        (f"{A}  disk.img.zsync\n{B}  y\n", "says nothing of it"),
    ],
)
def test_what_does_not_verify_is_said(text: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        find_digest(text, "disk.img", "SUMS")


def test_a_digest_is_read_with_its_name_or_without() -> None:
    assert parse_digest(f"sha256:{A}") == parse_digest(A) == Digest("sha256", A)
    assert str(parse_digest(LONG)) == f"sha512:{LONG}"
    for text in ("", "sha256:", f"sha512:{A}", "md5:" + "d" * 32, "z" * 64):
        with pytest.raises(InvalidRequest):
            parse_digest(text)
