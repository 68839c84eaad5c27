"""Signatures of OAuth 1."""

import pytest

from pilvi.errors import Unauthenticated
from pilvi.identity.model.oauth import check_signature, parse_header, sign

# The example of RFC 5849, section 1.2, with its secrets.
URL = "http://photos.example.net/photos"
QUERY = [("file", "vacation.jpg"), ("size", "original")]
HEADER = {
    "realm": "Photos",
    "oauth_consumer_key": "dpf43f3p2l4k3l03",
    "oauth_token": "nnch734d00sl2jdk",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "137131202",
    "oauth_nonce": "chapoH",
    "oauth_signature": "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
}
SECRETS = "kd94hf93k423kf44", "pfkkdhi9sl3r4s00"


def test_the_example_of_the_rfc() -> None:
    own = [(n, v) for n, v in HEADER.items() if n not in ("realm", "oauth_signature")]
    assert sign("GET", URL, [*own, *QUERY], SECRETS) == HEADER["oauth_signature"]
    check_signature(HEADER, ("GET", URL, QUERY), SECRETS, 137131202)


@pytest.mark.parametrize(
    "change",
    [
        {"oauth_signature": ""},
        {"oauth_signature": "ü"},
        {"oauth_nonce": ""},
        {"oauth_signature_method": "PLAINTEXT"},
        {"oauth_timestamp": "x"},
        {"oauth_timestamp": "137139999"},
        {"oauth_token": "other"},
    ],
)
def test_anything_else_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        check_signature({**HEADER, **change}, ("GET", URL, QUERY), SECRETS, 137131202)


def test_headers() -> None:
    text = 'OAuth realm="R", oauth_nonce="a%20b",oauth_version="1.0"'
    found = {"realm": "R", "oauth_nonce": "a b", "oauth_version": "1.0"}
    assert parse_header(text) == found
    for wrong in ("", "Bearer x", 'OAuth a="1", a="2"'):
        with pytest.raises(Unauthenticated):
            parse_header(wrong)
