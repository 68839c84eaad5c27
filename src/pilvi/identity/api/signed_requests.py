"""Requests that were signed for EC2 or S3 and that a service has checked: /v3/ec2tokens, s3tokens.

Keystone's own words for the body differ by its callers: credentials, credential, ec2Credentials.
"""

import base64
import binascii
from typing import Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import Unauthenticated
from pilvi.identity.api.tokens import reply_with_token
from pilvi.identity.model.signatures import SignedRequest, sign_ec2, sign_s3
from pilvi.identity.operations.keys import Vault
from pilvi.identity.operations.signed_requests import (
    check_moment,
    prove_signature,
    require_service,
)


class Signed(msgspec.Struct):
    """What was signed, and how."""

    access: str = ""
    signature: str = ""
    token: str = ""
    """Of S3: what is signed, in base 64."""
    verb: str = ""
    host: str = ""
    path: str = ""
    params: dict[str, str | int | float | None] = {}
    headers: dict[str, str | int | float | None] = {}
    body_hash: str = ""


class SignedBody(msgspec.Struct):
    """Body of POST; one of the three."""

    credentials: Signed | None = None
    credential: Signed | None = None
    ec2_credentials: Signed | None = msgspec.field(default=None, name="ec2Credentials")

    def read(self) -> Signed:
        """The one that is there. Raises `Unauthenticated` when nothing is signed."""
        found = self.credentials or self.credential or self.ec2_credentials
        if found is None or not found.access:
            raise Unauthenticated("cannot find a signature in the request")
        return found


async def validate_ec2_request(call: Call[SignedBody]) -> Reply:
    """A token of the user who signed a request to EC2."""
    require_service(call.caller)
    signed = call.payload.read()
    request = _read_request(signed)
    named = request.params.get("Timestamp") or request.headers.get("x-amz-date")
    check_moment(named or request.params.get("X-Amz-Date"))

    def sign(secret: str) -> list[str]:
        # Some clients sign the host without its port.
        hosts = {request.host, request.host.partition(":")[0]}
        return [sign_ec2(secret, _with_host(request, host)) for host in sorted(hosts)]

    made = await _answer(call, signed, sign)
    return Reply(made.body, 200, made.headers)


async def validate_s3_request(call: Call[SignedBody]) -> Reply:
    """What a token of the user who signed a request to S3 would say; the token is kept back."""
    require_service(call.caller)
    signed = call.payload.read()
    try:
        text = base64.b64decode(signed.token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated("cannot read what was signed: it is base 64") from error
    made = await _answer(call, signed, lambda secret: [sign_s3(secret, text)])
    return Reply(made.body, 200)


async def _answer(call: Call[SignedBody], signed: Signed, sign: Any) -> Reply:
    async with call.db.read() as tx:
        vault, access = call.part(Vault), signed.access
        proof, scope = await prove_signature(tx, vault, access, signed.signature, sign)
        return await reply_with_token(call, tx, proof, scope)


def _read_request(signed: Signed) -> SignedRequest:
    params = {name: _text(value) for name, value in signed.params.items()}
    headers = {name.lower(): _text(value) for name, value in signed.headers.items()}
    return SignedRequest(
        signed.verb, signed.host, signed.path, params, headers, body_hash=signed.body_hash
    )


def _text(value: str | float | None) -> str:
    return "" if value is None else str(value)


def _with_host(request: SignedRequest, host: str) -> SignedRequest:
    headers = dict(request.headers)
    if "host" in headers and host != request.host:
        headers["host"] = headers["host"].partition(":")[0]
    return SignedRequest(
        request.verb, host, request.path, request.params, headers, request.body_hash
    )
