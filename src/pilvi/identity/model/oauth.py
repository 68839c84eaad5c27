"""Signed requests of OAuth 1.0 (RFC 5849, section 3): HMAC-SHA1, parameters in the header."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from pilvi.core.numbers import parse_whole
from pilvi.errors import Unauthenticated

# Seconds that a request's own clock may differ. Lower: clients with bad clocks are refused; higher:
# an overheard request can be sent again for longer.
CLOCK_S = 600


def parse_header(text: str) -> dict[str, str]:
    """The parameters of an Authorization header. Raises `Unauthenticated`. Pure."""
    kind, _, rest = text.partition(" ")
    if kind.lower() != "oauth":
        raise Unauthenticated("cannot read the Authorization header: it begins with 'OAuth'")
    found: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        if name in found:
            raise Unauthenticated(f"cannot read the Authorization header: '{name}' is there twice")
        found[name] = unquote(value.strip().strip('"'))
    return found


def sign(
    method: str, url: str, parameters: Iterable[tuple[str, str]], secrets: tuple[str, str]
) -> str:
    """The signature of a request with the secrets of a consumer and a token. Pure."""
    pairs = sorted((_quote(name), _quote(value)) for name, value in parameters)
    normal = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(_quote(part) for part in (method.upper(), url, normal))
    key = "&".join(_quote(secret) for secret in secrets)
    digest = hmac.digest(key.encode(), base.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()


def _quote(text: str) -> str:
    return quote(text, safe="-._~", errors="replace")


def check_signature(
    header: Mapping[str, str],
    request: tuple[str, str, Iterable[tuple[str, str]]],
    secrets: tuple[str, str],
    now_s: float,
) -> None:
    """Raise `Unauthenticated` unless a request (method, URL, query) is signed. Pure."""
    refused = Unauthenticated("cannot accept the signature of this request")
    if header.get("oauth_signature_method") != "HMAC-SHA1" or not header.get("oauth_nonce"):
        raise refused
    timestamp = parse_whole(header.get("oauth_timestamp", ""), digits_max=12)
    if timestamp is None or abs(timestamp - now_s) > CLOCK_S:
        raise refused
    method, url, query = request
    own = ((n, v) for n, v in header.items() if n not in ("oauth_signature", "realm"))
    wanted = sign(method, url, [*own, *query], secrets)
    given = header.get("oauth_signature", "")
    if not hmac.compare_digest(wanted.encode(), given.encode(errors="replace")):
        raise refused
