"""Bodies of requests: read as far as they may be long, and taken as wire types."""

import re
from typing import Any

import msgspec
from starlette.requests import Request

from pilvi import errors

# A zero byte as JSON writes it; after an even number of backslashes, which stand for themselves.
_ZERO_BYTE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def parse_json(body: bytes, body_type: Any, *, zero_bytes: bool = False) -> Any:
    """A JSON body as a wire type. Raises `InvalidRequest` that names the field.

    A text in it has no zero byte, unless `zero_bytes`.
    """
    if not zero_bytes and b"\\u0000" in body and _ZERO_BYTE.search(body):
        # PostgreSQL cannot keep it, and no name or text has a use for it.
        raise errors.InvalidRequest("cannot accept the body: a text in it has a zero byte")
    try:
        return msgspec.json.decode(body, type=body_type)
    except msgspec.ValidationError as error:
        raise errors.InvalidRequest(f"cannot accept the body: {error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise errors.InvalidRequest(f"cannot read the body as JSON: {error}") from error


def convert(value: Any, body_type: type) -> Any:
    """Plain values as a wire type. Raises `InvalidRequest` that names the field."""
    try:
        return msgspec.convert(value, body_type)
    except msgspec.ValidationError as error:
        raise errors.InvalidRequest(f"cannot accept the body: {error}") from error


async def read_limited(request: Request, limit: int) -> bytes:
    """The whole body, refused once it is over `limit` bytes."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise errors.TooLarge(f"cannot accept a body of more than {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)
