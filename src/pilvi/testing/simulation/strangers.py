"""A web server of strangers: what a simulated cloud finds when it downloads an image."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pilvi.agent.disks.qcow2 import empty_qcow2
from pilvi.errors import InvalidRequest, Unavailable
from pilvi.image.model.web_source import WebSource
from pilvi.image.operations.web_client import WebBody, WebClient

HOST = "http://images.example"
WHOLE, BUSY, BREAKS, MISSING = (f"{HOST}/{name}" for name in ("whole", "busy", "breaks", "missing"))
"""What is there, what may be there later, what breaks off, and what is not there."""
URIS = (WHOLE, WHOLE, WHOLE, BUSY, BREAKS, MISSING)
# Bytes of the disk that is there.
SIZE_BYTES = 1 << 24
# Bytes that are sent at once, and seconds between two of these.
PIECE_BYTES = 1 << 16
PIECE_S = 0.02


@asynccontextmanager
async def answer(client: WebClient, source: WebSource) -> AsyncIterator[WebBody]:
    """See `WebClient.open`; nobody is connected to."""
    await asyncio.sleep(PIECE_S)
    if source.url == MISSING:
        raise InvalidRequest("cannot download the image: the server answered 404")
    if source.url == BUSY:
        raise Unavailable("cannot download the image: the server answered 503")
    disk = _disk()
    yield WebBody(len(disk), _send(disk, breaks=source.url == BREAKS))


async def _send(disk: bytes, *, breaks: bool) -> AsyncIterator[bytes]:
    for place in range(0, len(disk), PIECE_BYTES):
        await asyncio.sleep(PIECE_S)
        if breaks and place > 0:
            raise Unavailable("cannot download from 'images.example': the connection failed")
        yield disk[place : place + PIECE_BYTES]


def _disk() -> bytes:
    disk = bytearray()
    for offset, piece in empty_qcow2(SIZE_BYTES):
        disk += bytes(offset - len(disk)) + piece
    return bytes(disk)
