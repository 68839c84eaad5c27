"""Requests that come again: the header `Idempotency-Key` makes a repeated POST give one answer.

A client that lost an answer cannot know whether its request was served. With a key of its own
choice it sends the request again: the first that succeeds keeps its answer in its own transaction,
and every later one of the same caller, path and key gets that answer and changes nothing. Writers
take turns, so of two at once the second waits for the first and finds its answer.
"""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pilvi.core.db import Transaction, now
from pilvi.core.db.replies import KeptReply, find_reply, insert_reply
from pilvi.core.http.call import Caller
from pilvi.core.http.route import Route
from pilvi.errors import Conflict, InvalidRequest

HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
KEY_LENGTH_MAX = 255


class Sealer(Protocol):
    """Hides what is kept: an answer may hold a password or a private key."""

    def seal(self, secret: str) -> str:
        """As the database keeps it."""
        ...

    def open(self, sealed: str) -> str:
        """The same in plain."""
        ...


class _Answer(msgspec.Struct):
    """What is sealed of an answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Replay:
    """One request that may have come before, and may come again."""

    sealer: Sealer
    scope_sha256: str
    request_sha256: str
    kept: datetime.timedelta
    """How long its answer is kept. Shorter: a client that was away longer makes things twice;
    longer: more rows."""

    async def find(self, tx: Transaction) -> Response | None:
        """The answer that it got before, or None. Raises `Conflict` for another request's key."""
        kept = await find_reply(tx, self.scope_sha256, now() - self.kept)
        if kept is None:
            return None
        if kept.request_sha256 != self.request_sha256:
            raise Conflict(
                "cannot use this Idempotency-Key: it came with another request here not "
                "long ago; choose a new key for a new request"
            )
        answer = msgspec.json.decode(self.sealer.open(kept.reply), type=_Answer)
        response = Response(answer.body, answer.status)
        for name, value in answer.headers:
            response.headers[name] = value
        response.headers[REPLAYED] = "true"
        return response

    async def keep(self, tx: Transaction, response: Response) -> None:
        """Keep a good answer, in the transaction of what it tells of."""
        if isinstance(response, StreamingResponse) or response.status_code >= 400:
            return
        answer = _Answer(response.status_code, response.headers.items(), bytes(response.body))
        sealed = self.sealer.seal(msgspec.json.encode(answer).decode())
        moment = now()
        kept = KeptReply(self.scope_sha256, self.request_sha256, sealed, moment)
        await insert_reply(tx, kept, moment - self.kept)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How answers are kept."""

    sealer: Sealer
    kept_s: int


def recognize(
    keeping: Keeping | None,
    request: Request,
    caller: Caller,
    route: Route,
    body: bytes | Mapping[str, Any],
) -> Replay | None:
    """What a request with a key is kept under; None for one that is not kept. Pure.

    Kept is a POST that writes in its one transaction, of a caller with a token. Raises
    `InvalidRequest` for a key that is empty or too long.
    """
    key = request.headers.get(HEADER)
    is_kept = request.method == "POST" and route.transaction == "write" and caller.user_id
    if key is None or keeping is None or not is_kept:
        return None
    if not 0 < len(key) <= KEY_LENGTH_MAX:
        raise InvalidRequest(
            f"cannot use this Idempotency-Key: it needs 1 to {KEY_LENGTH_MAX} characters"
        )
    scope = caller.project_id, caller.domain_id, caller.system_scope
    # An answer is given before the handler asks who may have it: only to one who may do as much.
    may = caller.delegation_id, sorted(caller.roles)
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    asked = {name: request.headers.get(name, "") for name in _VERSION_HEADERS}
    return Replay(
        keeping.sealer,
        _digest(caller.user_id, scope, may, request.scope["path"], key),
        _digest(request.url.query, asked, raw),
        datetime.timedelta(seconds=keeping.kept_s),
    )


_VERSION_HEADERS = ("openstack-api-version", "x-openstack-nova-api-version")


def _digest(*parts: Any) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()
