"""The agent's side of the host contract: the only place that knows HTTP.

Requests go to httpx's transport as they are: there are no cookies, redirects, proxies or logins
between a host and its control plane, which httpx's client would look for at each of them.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import httpx
import msgspec

from pilvi.agent.dial import Dial, Socket, make_dial
from pilvi.errors import (
    Conflict,
    Forbidden,
    Internal,
    InvalidRequest,
    NotFound,
    PilviError,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from pilvi.host_api.consoles import SECRET_HEADER, ConsoleSpec
from pilvi.host_api.contract import Desired, Receipt, Report
from pilvi.host_api.holdings import Holdings
from pilvi.settings import Settings

# Seconds to reach the control plane. Lower: a loaded one counts as away; higher: slow to notice.
CONNECT_S = 3.0
# Seconds without a byte. Lower: slow disks break transfers; higher: a lost peer is noticed late.
SILENCE_S = 30.0
PIECE_BYTES = 1 << 20
# Seconds that an idle connection is kept. Lower: more connects; higher: one is used again at the
# very moment when the server gives it up, which it does after 5.
IDLE_S = 2.0
# Addresses kept as httpx wants them. Lower: taken apart for each request; higher: memory.
URLS_KEPT = 64

_JSON = {"content-type": "application/json"}

KINDS: dict[int, type[PilviError]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}


class _Fault(msgspec.Struct):
    message: str = ""


class ControlPlane:
    """Speaks to one cloud's control plane as this host. Is an `ImageTransfer` as well.

    Where it has several addresses, one that does not answer hands over to the next.

    Every method raises a `PilviError`; `Unavailable` when the control plane cannot be reached.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        dial: Dial | None = None,
    ) -> None:
        """`transport` and `dial` are other ways than the network to the control plane."""
        self._credential_path = settings.agent_dir / "credential"
        self._credential = ""
        tls: ssl.SSLContext | None = None
        urls = settings.control_plane_urls
        if transport is None and any(url.startswith("https:") for url in urls):
            tls = ssl.create_default_context(cafile=settings.state / "ca.pem")
        self._urls = [f"{url}/host/v1" for url in urls]
        self._dials = [dial] if dial else [make_dial(url, tls) for url in urls]
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=tls or False,
            limits=httpx.Limits(keepalive_expiry=IDLE_S),
            # The way to the control plane is set here, never by the environment.
            trust_env=False,
        )

    async def fetch_desired(self, after: int, wait_s: float) -> Desired:
        """What changed for this host since a revision; waits for news up to `wait_s` seconds."""
        path = f"/desired?after={after}&wait={wait_s}"
        async with self._call("GET", path, silence_s=SILENCE_S + wait_s) as response:
            body = await response.aread()
        try:
            return msgspec.json.decode(body, type=Desired)
        except msgspec.DecodeError as error:
            message = "cannot read what the control plane desires: is it of another version?"
            raise Internal(message, detail=str(error)) from error

    async def send_report(self, report: Report) -> int:
        """Tell what this host sees; answers the run of the agent that is followed.

        It was taken when that is the report's own.
        """
        body = msgspec.json.encode(report)
        async with self._call("POST", "/report", body, _JSON) as response:
            answer = await response.aread()
        # A control plane of an older release answers nothing and takes everything.
        return msgspec.json.decode(answer, type=Receipt).run if answer else report.run

    async def send_holdings(self, holdings: Holdings) -> None:
        """Tell what is there, for an audit. It has arrived when this returns."""
        body = msgspec.json.encode(holdings)
        async with self._call("POST", "/holdings", body, _JSON):
            pass

    async def fetch(self, image_id: str) -> AsyncIterator[bytes]:
        """Stream an image's bytes in pieces of about 1 MiB."""
        async with self._call("GET", f"/images/{image_id}/data") as response:
            async for piece in response.aiter_raw(PIECE_BYTES):
                yield piece

    async def send(self, image_id: str, path: Path) -> None:
        """Send a file as an image's bytes. Repeatable until it was accepted once."""
        with path.open("rb") as file:
            size = await asyncio.to_thread(lambda: path.stat().st_size)
            headers = {
                "content-type": "application/octet-stream",
                "content-length": str(size),
            }
            path_there = f"/images/{image_id}/data"
            async with self._call("PUT", path_there, _read_pieces(file), headers):
                pass

    async def dial_console(self, spec: ConsoleSpec) -> Socket:
        """A WebSocket to where the viewer of a console waits. `NotFound` where none does.

        The viewer came to one process of the control plane: the others know nothing of it.
        """
        headers = {
            "authorization": f"Bearer {self._authenticate()}",
            SECRET_HEADER: spec.secret,
        }
        try:
            for dial in self._dials[:-1]:
                with suppress(NotFound, Unavailable):
                    return await dial(f"/host/v1/consoles/{spec.session_id}", headers)
            return await self._dials[-1](f"/host/v1/consoles/{spec.session_id}", headers)
        except Unauthenticated:
            self._credential = ""
            raise

    async def close(self) -> None:
        """End all connections but those of consoles, which end with their sessions."""
        await self._transport.aclose()

    @asynccontextmanager
    async def _call(
        self,
        method: str,
        path: str,
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        silence_s: float = SILENCE_S,
    ) -> AsyncIterator[httpx.Response]:
        """One request whose reply is a success; its body is still to be read."""
        root = self._urls[0]
        request = httpx.Request(
            method,
            _parse_url(root + path),
            headers={**headers, "authorization": f"Bearer {self._authenticate()}"},
            content=content,
            extensions={"timeout": httpx.Timeout(silence_s, connect=CONNECT_S).as_dict()},
        )
        try:
            response = await self._transport.handle_async_request(request)
            response.request = request
            try:
                if not response.is_success:
                    raise await self._fault_of(response)
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            if self._urls[0] == root:
                self._urls.append(self._urls.pop(0))
            message = f"cannot reach the control plane at {httpx.URL(root).netloc.decode()}"
            raise Unavailable(message, detail=f"{type(error).__name__}: {error}") from error

    async def _fault_of(self, response: httpx.Response) -> PilviError:
        if response.status_code == 401:
            self._credential = ""
        kind = KINDS.get(response.status_code)
        if kind is None:
            kind = Unavailable if response.status_code >= 500 else Internal
        body = await response.aread()
        try:
            said = msgspec.json.decode(body, type=_Fault).message
        except msgspec.DecodeError:
            said = ""
        message = said or f"cannot be served by the control plane: HTTP {response.status_code}"
        return kind(message, detail=f"{response.request.method} {response.request.url.path}")

    def _authenticate(self) -> str:
        if not self._credential:
            try:
                self._credential = self._credential_path.read_text().strip()
            except OSError as error:
                message = f"cannot read this host's credential: {self._credential_path}"
                raise Unavailable(message, detail=str(error)) from error
        return self._credential


@lru_cache(URLS_KEPT)
def _parse_url(url: str) -> httpx.URL:
    return httpx.URL(url)


async def _read_pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
