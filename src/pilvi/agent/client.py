"""The agent's side of the host contract: the only place that knows HTTP."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import msgspec

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
from pilvi.host_api.contract import Desired, Report
from pilvi.settings import Settings

# Seconds to reach the control plane. Lower: a loaded one counts as away; higher: slow to notice.
CONNECT_S = 3.0
# Seconds without a byte. Lower: slow disks break transfers; higher: a lost peer is noticed late.
SILENCE_S = 30.0
PIECE_BYTES = 1 << 20
# Seconds that an idle connection is kept. Lower: more connects; higher: one is used again at the
# very moment when the server gives it up, which it does after 5.
IDLE_S = 2.0

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

    Every method raises a `PilviError`; `Unavailable` when the control plane cannot be reached.
    """

    def __init__(
        self, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._credential_path = settings.agent_dir / "credential"
        self._credential = ""
        verify: ssl.SSLContext | bool = False
        if settings.tls and transport is None:
            verify = ssl.create_default_context(cafile=settings.state / "ca.pem")
        self._http = httpx.AsyncClient(
            base_url=f"{settings.base_url}/host/v1",
            transport=transport,
            timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S),
            verify=verify,
            limits=httpx.Limits(keepalive_expiry=IDLE_S),
            # The way to the control plane is set here, never by the environment.
            trust_env=False,
        )

    async def fetch_desired(self, after: int, wait_s: float) -> Desired:
        """What changed for this host since a revision; waits for news up to `wait_s` seconds."""
        timeout = httpx.Timeout(SILENCE_S + wait_s, connect=CONNECT_S)
        query = {"after": after, "wait": wait_s}
        async with self._call("GET", "/desired", params=query, timeout=timeout) as response:
            body = await response.aread()
        try:
            return msgspec.json.decode(body, type=Desired)
        except msgspec.DecodeError as error:
            message = "cannot read what the control plane desires: is it of another version?"
            raise Internal(message, detail=str(error)) from error

    async def send_report(self, report: Report) -> None:
        """Tell what this host sees. It has arrived when this returns."""
        body = msgspec.json.encode(report)
        headers = {"content-type": "application/json"}
        async with self._call("POST", "/report", content=body, headers=headers):
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
            url = f"/images/{image_id}/data"
            async with self._call("PUT", url, content=_read_pieces(file), headers=headers):
                pass

    async def close(self) -> None:
        """End all connections."""
        await self._http.aclose()

    @asynccontextmanager
    async def _call(self, method: str, url: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """One request whose reply is a success; its body is still to be read."""
        headers = {**options.pop("headers", {}), "authorization": f"Bearer {self._authenticate()}"}
        try:
            async with self._http.stream(method, url, headers=headers, **options) as response:
                if not response.is_success:
                    raise await self._fault_of(response)
                yield response
        except httpx.HTTPError as error:
            message = f"cannot reach the control plane at {self._http.base_url.host}"
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


async def _read_pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
