"""Bytes of images: upload, staging, download."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import IO, Any

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from pilvi.core.http import Call, Reply
from pilvi.errors import Forbidden, InvalidRequest, UnsupportedMediaType
from pilvi.image.api.faults import render_fault
from pilvi.image.api.images import viewer
from pilvi.image.model.gate import Gate
from pilvi.image.model.image import Image, Status
from pilvi.image.model.upload import Purpose, UploadLimits
from pilvi.image.operations import images, uploads
from pilvi.image.operations.intake import PIECE_BYTES, ExpectedSize, receive_bytes
from pilvi.image.store.blobs import Blobs

_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


async def upload_image(call: Call[None]) -> None:
    """Take an image's bytes; it becomes active."""
    await _take(call, Purpose.UPLOAD)


async def stage_image(call: Call[None]) -> None:
    """Take an image's bytes and keep them for the import call."""
    await _take(call, Purpose.STAGE)


async def download_image(call: Call[None]) -> Response | Reply:
    """The bytes of an image, or a range of them."""
    image = await images.show_image(call.tx, viewer(call), call.path["image_id"])
    if image.status is Status.DEACTIVATED and not call.caller.is_admin:
        raise Forbidden("cannot download the image: it is deactivated")
    return send_image(call, image)


async def _take(call: Call[None], purpose: Purpose) -> None:
    content_type = call.headers.get("content-type", "").partition(";")[0].strip()
    if content_type != "application/octet-stream":
        raise UnsupportedMediaType(
            f"cannot read image data of type '{content_type}'; send application/octet-stream"
        )
    declared = declared_bytes(call)
    async with call.db.write() as tx:
        image = await images.require_own_image(tx, viewer(call), call.path["image_id"])
        upload = await uploads.begin_upload(tx, image, purpose, declared, limits(call))
    await take_bytes(call, image, upload.id, declared)


async def take_bytes(call: Call[None], image: Image, upload_id: str, declared: int | None) -> None:
    """Take the request's body as the bytes of an upload that was begun."""
    assert image.disk_format is not None
    gate = Gate(image.disk_format, call.settings.image_virtual_size_bytes_max)
    body = aiter(call.request.stream())
    expected = ExpectedSize(declared, limits(call))
    await receive_bytes(call.db, call.part(Blobs), upload_id, gate, body, expected)


def limits(call: Call[Any]) -> UploadLimits:
    """How large an upload may be in this cloud."""
    settings = call.settings
    return UploadLimits(settings.image_size_bytes_max, settings.image_virtual_size_bytes_max)


def declared_bytes(call: Call[Any]) -> int | None:
    """How many bytes the client says it sends. Raises `InvalidRequest` for what is no number."""
    found = None
    for name in ("content-length", "x-openstack-image-size"):
        text = call.headers.get(name)
        if text is None:
            continue
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise InvalidRequest(f"cannot read the header {name}: it must be a whole number")
        if found is not None and found != int(text):
            raise InvalidRequest(
                "cannot store the image: x-openstack-image-size is not the length of the body"
            )
        found = int(text)
    return found


def send_image(call: Call[Any], image: Image) -> Response | Reply:
    """An image's bytes, or the range that the request asks for; 204 when it has none yet."""
    if image.sha512 is None or image.size_bytes is None:
        return Reply(None, 204)
    headers = {"accept-ranges": "bytes"}
    if image.checksum is not None:
        headers["content-md5"] = image.checksum
    found = parse_range(call.headers.get("range"), image.size_bytes)
    if found is None:
        headers["content-range"] = f"bytes */{image.size_bytes}"
        message = (
            f"cannot send this range: the image has {image.size_bytes} bytes; ask for some of them"
        )
        return Reply(render_fault(416, message), 416, headers)
    start, stop, is_part = found
    if is_part:
        headers["content-range"] = f"bytes {start}-{stop - 1}/{image.size_bytes}"
    blobs = call.part(Blobs)
    blob = blobs.open_blob(image.sha512)
    return BlobResponse(blobs, blob, (start, stop), 206 if is_part else 200, headers)


def parse_range(header: str | None, size: int) -> tuple[int, int, bool] | None:
    """First byte, byte after the last, and whether it is a part; None is not satisfiable. Pure.

    One range of bytes as RFC 9110 section 14 has it; more than one is not served.
    """
    if header is None:
        return 0, size, False
    found = _RANGE.match(header.replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        start, stop = max(0, size - int(found[2])), size
    else:
        start = int(found[1])
        stop = min(size, int(found[2]) + 1) if found[2] else size
    return (start, stop, True) if start < stop else None


class BlobResponse(StreamingResponse):
    """Streams a range of an open file in pieces read by a thread; closes it whatever happens."""

    def __init__(
        self,
        blobs: Blobs,
        blob: IO[bytes],
        span: tuple[int, int],
        status: int,
        headers: Mapping[str, str],
    ) -> None:
        self._blobs, self._blob = blobs, blob
        length = {"content-length": str(span[1] - span[0])}
        super().__init__(
            self._read(*span), status, {**headers, **length}, "application/octet-stream"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application; HEAD gets the headers alone."""
        try:
            if scope["method"] == "HEAD":
                start = {"type": "http.response.start", "status": self.status_code}
                await send({**start, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, send)
        finally:
            self._blob.close()

    async def _read(self, start: int, stop: int) -> AsyncIterator[bytes]:
        self._blob.seek(start)
        while start < stop:
            piece = await self._blobs.run(self._blob.read, min(PIECE_BYTES, stop - start))
            assert piece, "the image's file is shorter than its record says"
            start += len(piece)
            yield piece
