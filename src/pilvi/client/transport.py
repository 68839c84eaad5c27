"""Requests over kept connections: `http.client`, which starts in a third of httpx's time."""

import http.client
import json
import select
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pilvi.errors import KINDS, PilviError, Unavailable

# Seconds for one answer. Lower: slow calls fail; higher: a dead cloud is noticed late.
ANSWER_S = 120.0
_BY_STATUS = {
    400: "InvalidRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    406: "UnsupportedVersion",
    409: "Conflict",
    413: "TooLarge",
    501: "Unsupported",
    503: "Unavailable",
}
Body = bytes | Iterable[bytes] | None


class Answer:
    """A whole answer."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The decoded body, None for none. Raises `Unavailable` when it is not JSON."""
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Unavailable("cannot read the answer: it is not JSON; is this a cloud?") from error


class Transport:
    """Connections to servers, kept for the next request."""

    def __init__(self, cacert: str = "", is_verified: bool = True) -> None:
        self._cacert = cacert
        self._is_verified = is_verified
        self._open: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: Body = None
    ) -> Answer:
        """One request; its answer whatever its status. Raises `Unavailable` without one."""
        reply = self.begin(method, url, headers, body)
        try:
            return Answer(reply.status, _lower(reply.headers), reply.read())
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"cannot read all of the answer from {url}: {error}") from error

    def begin(
        self, method: str, url: str, headers: Mapping[str, str], body: Body = None
    ) -> http.client.HTTPResponse:
        """Send a request and read the head of its answer; the caller reads the rest."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        key = (parts.scheme, parts.netloc)
        is_kept = key in self._open
        connection = self._open.get(key) or self._connect(*key)
        if is_kept and _was_dropped(connection):
            # It connects anew by itself; what has an effect is never sent twice.
            connection.close()
        # A length that is not known is sent in pieces that tell theirs.
        chunked = not isinstance(body, bytes | None) and "content-length" not in headers
        more = {"transfer-encoding": "chunked"} if chunked else {}
        for is_last in (not is_kept or method not in ("GET", "HEAD"), True):
            try:
                connection.request(method, path, body, {**headers, **more}, encode_chunked=chunked)
                return connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if is_last:
                    self._open.pop(key, None)
                    raise Unavailable(
                        f"cannot reach {parts.scheme}://{parts.netloc}: "
                        f"{error or type(error)}{_next_step(error)}"
                    ) from error
            except BaseException:
                # Behind half a request there is no place for another.
                connection.close()
                raise
        raise AssertionError("the last try returns or raises")

    def _connect(self, scheme: str, place: str) -> http.client.HTTPConnection:
        if scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                place, timeout=ANSWER_S, context=self._context()
            )
        elif scheme == "http":
            connection = http.client.HTTPConnection(place, timeout=ANSWER_S)
        else:
            raise Unavailable(f"cannot reach '{scheme}://{place}': use an http or https address")
        self._open[scheme, place] = connection
        return connection

    def _context(self) -> Any:
        import ssl

        cafile = Path(self._cacert).expanduser() if self._cacert else None
        context = ssl.create_default_context(cafile=cafile)
        if not self._is_verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _next_step(error: Exception) -> str:
    """What helps against an error that has a usual reason, after a semicolon. Pure."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return "; give --os-cacert FILE (ca.pem of the cloud's state directory)"
    if isinstance(error, ConnectionRefusedError):
        return "; is the cloud up? 'pilvi up' starts one on this machine"
    return ""


def _was_dropped(connection: http.client.HTTPConnection) -> bool:
    """Whether the server ended a connection on which nothing is asked: there is an end to read."""
    if connection.sock is None:
        return False
    return bool(select.select([connection.sock], [], [], 0)[0])


def _lower(headers: http.client.HTTPMessage) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def refusal(method: str, url: str, answer: Answer) -> PilviError:
    """What the cloud refused, in its own words. Pure."""
    kind = KINDS[_BY_STATUS.get(answer.status, "Internal")]
    words = answer.body.decode(errors="replace").strip()[:500]
    try:
        body = json.loads(answer.body)
        inner: Any = next(iter(body.values()), {}) if isinstance(body, dict) else {}
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            words = inner.get("message") or inner.get("detail") or words
        elif isinstance(inner, str) and inner:
            words = inner
    except ValueError:
        pass
    request_id = answer.headers.get("x-openstack-request-id", "")
    tail = f" ({answer.status}, {request_id})" if request_id else f" ({answer.status})"
    return kind(f"{words or f'cannot {method} {url}'}{tail}")
