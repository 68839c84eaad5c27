"""The `websockets` library's client as the agent uses it; imported at the first dial."""

import ssl
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from pilvi.agent.dial import KINDS
from pilvi.errors import Unavailable
from pilvi.host_api.consoles import MESSAGE_BYTES_MAX

# Seconds to open a connection. Lower: a loaded control plane counts as away; higher: slow to try
# again.
OPEN_S = 3.0
# Seconds between pings, and until one without an answer is dead. Lower: slow ways are dropped;
# higher: dead ones are kept.
PING_S = 20.0
# Seconds that the other side gets to close. Lower: its word is lost; higher: a dead one lingers.
CLOSE_S = 0.5
# Messages that were received and not yet taken. Lower: slower; higher: more memory.
QUEUE_MAX = 4


class DialledSocket:
    """A connection of the `websockets` library; keeps `Socket`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> bytes | None:
        """See `Socket`."""
        try:
            data = await self._connection.recv()
        except ConnectionClosed:
            return None
        return data.encode() if isinstance(data, str) else data

    async def send(self, data: bytes) -> bool:
        """See `Socket`."""
        try:
            await self._connection.send(data)
        except ConnectionClosed:
            return False
        return True

    async def close(self, code: int, reason: str) -> None:
        """See `Socket`."""
        await self._connection.close(code, reason)


async def open_websocket(
    url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None
) -> DialledSocket:
    """An open WebSocket. Raises a `PilviError`."""
    try:
        connection = await connect(
            url,
            additional_headers=dict(headers),
            ssl=tls,
            # As for other calls, the way is set here, never by the environment.
            proxy=None,
            compression=None,
            open_timeout=OPEN_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=CLOSE_S,
            max_size=MESSAGE_BYTES_MAX,
            max_queue=QUEUE_MAX,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        kind = KINDS.get(status, Unavailable)
        raise kind(f"cannot open a WebSocket: HTTP {status}", detail=url) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        message = "cannot reach the control plane by WebSocket"
        raise Unavailable(message, detail=f"{type(error).__name__}: {error}") from error
    return DialledSocket(connection)
