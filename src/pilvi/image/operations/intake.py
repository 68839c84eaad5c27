"""Taking bytes in: gate, hashes and file beside each other, in constant memory.

The steps, each of which may be the last before the process is killed: the upload is recorded (by
the caller); its file is made and locked; the bytes are copied; their hash is recorded; the file
is linked into the store under that hash; the image becomes active; the incoming name goes.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from pilvi.core.db import Database
from pilvi.errors import InvalidRequest, Unavailable
from pilvi.image.model.gate import Gate
from pilvi.image.model.upload import Stored, UploadLimits
from pilvi.image.operations import uploads
from pilvi.image.store.blobs import Blobs, Deposit

# Bytes handled at once. Lower: more thread switches for each byte; higher: memory per upload.
PIECE_BYTES = 1 << 20
# Bytes between looks whether anybody still wants them. Lower: more commits; higher: a deleted
# image's upload runs on for longer.
LOOK_BYTES = 128 << 20
# Seconds without a byte after which an upload is cut. Lower: slow links fail; higher: a dead
# client holds its image.
SILENCE_S = 120.0


async def receive_bytes(
    db: Database,
    blobs: Blobs,
    upload_id: str,
    gate: Gate,
    body: AsyncIterator[bytes],
    expected: "ExpectedSize",
) -> None:
    """Take an upload's bytes to the end, or leave its image queued and none of them.

    Raises what the gate, the quota and the body raise.
    """
    try:
        deposit = await asyncio.to_thread(blobs.open_deposit, upload_id)
        intake = _Intake(blobs, deposit, gate)
        try:
            await _copy(db, upload_id, intake, body, expected)
            stored = await intake.finish()
            async with db.write() as tx:
                await uploads.record_stored(tx, upload_id, stored)
            await blobs.run(deposit.keep, stored.sha512)
            async with db.write() as tx:
                await uploads.finish_upload(tx, upload_id)
        finally:
            await intake.drain()
            await blobs.run(deposit.close)
    except BaseException:
        async with db.write() as tx:
            await uploads.give_up_upload(tx, upload_id)
        raise


class ExpectedSize:
    """How many bytes an upload says it has, and how many are allowed."""

    def __init__(self, declared_bytes: int | None, limits: UploadLimits) -> None:
        self._declared = declared_bytes
        self._limits = limits

    def check_so_far(self, size_bytes: int) -> None:
        """Raise for more bytes than declared or allowed. Pure."""
        uploads.check_size(size_bytes, self._limits)
        if self._declared is not None and size_bytes > self._declared:
            raise _wrong_size(self._declared, size_bytes)

    def check_all(self, size_bytes: int) -> None:
        """Raise unless the whole is as large as declared. Pure."""
        self.check_so_far(size_bytes)
        if self._declared is not None and size_bytes != self._declared:
            raise _wrong_size(self._declared, size_bytes)


def _wrong_size(declared: int, received: int) -> InvalidRequest:
    return InvalidRequest(
        f"cannot store the image: {declared} bytes were announced and {received} came; send the "
        "whole file"
    )


async def _copy(
    db: Database,
    upload_id: str,
    intake: "_Intake",
    body: AsyncIterator[bytes],
    expected: ExpectedSize,
) -> None:
    size, look_at = 0, LOOK_BYTES
    async for piece in cut_pieces(body):
        size += len(piece)
        expected.check_so_far(size)
        await intake.add(piece)
        if size >= look_at:
            look_at = size + LOOK_BYTES
            async with db.write() as tx:
                await uploads.note_progress(tx, upload_id, look_at)
    expected.check_all(size)


async def cut_pieces(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of `PIECE_BYTES`, the last one shorter."""
    buffer = bytearray()
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                chunk = await anext(body)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise Unavailable(
                f"cannot go on with the upload: nothing came for {SILENCE_S:.0f} seconds"
            ) from None
        buffer += chunk
        while len(buffer) >= PIECE_BYTES:
            yield bytes(memoryview(buffer)[:PIECE_BYTES])
            del buffer[:PIECE_BYTES]
    if buffer:
        yield bytes(buffer)


class _Intake:
    """Hashes, inspects and writes one piece in threads while the next one arrives."""

    def __init__(self, blobs: Blobs, deposit: Deposit, gate: Gate) -> None:
        self._blobs, self._deposit, self._gate = blobs, deposit, gate
        self._sha512 = hashlib.sha512()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0
        self._work: list[asyncio.Future[None]] = []

    async def add(self, piece: bytes) -> None:
        """Take a piece, once the one before is done."""
        await self._settle()
        self._size += len(piece)
        jobs = (self._sha512.update, self._md5.update, self._store)
        self._work = [asyncio.ensure_future(self._blobs.run(job, piece)) for job in jobs]

    async def finish(self) -> Stored:
        """What is known of the whole. Raises what the gate raises."""
        await self._settle()
        virtual_size = await self._blobs.run(self._gate.finish)
        return Stored(
            size_bytes=self._size,
            virtual_size_bytes=virtual_size,
            sha512=self._sha512.hexdigest(),
            checksum=self._md5.hexdigest(),
        )

    async def drain(self) -> None:
        """Wait until no thread works for this upload any more, whatever came of it."""
        if self._work:
            await asyncio.gather(*self._work, return_exceptions=True)

    def _store(self, piece: bytes) -> None:
        self._gate.feed(piece)
        self._deposit.write(piece)

    async def _settle(self) -> None:
        await asyncio.gather(*self._work)
        self._work = []
