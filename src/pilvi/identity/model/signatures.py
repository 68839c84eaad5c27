"""Requests signed with keys for EC2 and S3, as AWS signs them.

Signature versions 2 and 4 of EC2 and of S3. Versions 0 and 1 of EC2 are refused: what they sign
is ambiguous, so that one signature fits many requests.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from pilvi.errors import Unauthenticated

_V4 = "AWS4-HMAC-SHA256"
_S3_SERVICES = ("s3", "iam", "sts")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that somebody else was sent, as much of it as is signed."""

    verb: str = ""
    host: str = ""
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""
    body_hash: str = ""


def sign_ec2(secret: str, request: SignedRequest) -> str:
    """The signature that a request to EC2 must have. Raises `Unauthenticated`. Pure."""
    version = request.params.get("SignatureVersion")
    if version == "2":
        return _sign_2(secret, request)
    is_in_header = request.headers.get("authorization", "").startswith(_V4)
    if is_in_header or request.params.get("X-Amz-Algorithm") == _V4:
        return _sign_4(secret, request)
    raise Unauthenticated("cannot accept the signature: it has to be of version 2 or 4")


def sign_s3(secret: str, text: bytes) -> str:
    """The signature of what a request to S3 is signed by. Raises `Unauthenticated`. Pure."""
    if not text.startswith(b"AWS4"):
        digest = hmac.digest(_bytes(secret), text, hashlib.sha1)
        return base64.b64encode(digest).decode()
    parts = text.decode(errors="replace").split("\n")
    if len(parts) != 4 or parts[0] != _V4:
        raise Unauthenticated("cannot read what the signature is of: it has four lines")
    scope = parts[2].split("/")
    if len(scope) != 4 or scope[3] != "aws4_request" or scope[2] not in _S3_SERVICES:
        raise Unauthenticated("cannot read what the signature is good for")
    return hmac.new(_derive(secret, *scope[:3]), text, hashlib.sha256).hexdigest()


def _sign_2(secret: str, request: SignedRequest) -> str:
    query = _query({**request.params, "SignatureMethod": "HmacSHA256"})
    text = "\n".join((request.verb, request.host, request.path, query))
    return base64.b64encode(hmac.digest(_bytes(secret), _bytes(text), hashlib.sha256)).decode()


def _sign_4(secret: str, request: SignedRequest) -> str:
    signed = _named(request, "SignedHeaders")
    headers = {name.strip(): value.strip() for name, value in request.headers.items()}
    lines = [f"{name}:{headers[name]}\n" for name in signed.split(";") if name in headers]
    # A POST to EC2 has its parameters in the body.
    query = "" if request.verb.upper() == "POST" else _query(request.params)
    canonical = "\n".join(
        (request.verb.upper(), request.path, query, "".join(lines), signed, request.body_hash)
    )
    scope = _named(request, "Credential").split("/")[1:]
    moment = headers.get("x-amz-date") or request.params.get("X-Amz-Date", "")
    if len(scope) != 4 or scope[3] != "aws4_request" or not moment.startswith(scope[0]):
        raise Unauthenticated("cannot read what the signature is good for, or of which day it is")
    digest = hashlib.sha256(_bytes(canonical)).hexdigest()
    text = "\n".join((_V4, moment, "/".join(scope), digest))
    key = _derive(secret, scope[0], scope[1], scope[2])
    return hmac.new(key, _bytes(text), hashlib.sha256).hexdigest()


def _named(request: SignedRequest, name: str) -> str:
    """A part of the Authorization header, or of the query that stands for it."""
    header = request.headers.get("authorization")
    if header is None:
        return request.params.get(f"X-Amz-{name}", "")
    return header.partition(f"{name}=")[2].partition(",")[0].strip()


def _derive(secret: str, day: str, region: str, service: str) -> bytes:
    key = _bytes(f"AWS4{secret}")
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, _bytes(part), hashlib.sha256)
    return key


def _query(params: Mapping[str, str]) -> str:
    pairs = ((_quote(name), _quote(params[name])) for name in sorted(params))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def _quote(text: str) -> str:
    return quote(text, safe="-_~", errors="replace")
