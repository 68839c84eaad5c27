"""Bytes of images between the store and hosts, with the host's own credential."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from pilvi.core.db import Transaction
from pilvi.core.http import Call, Reply
from pilvi.core.http.faults import status_of
from pilvi.errors import NotFound, PilviError
from pilvi.host_api.contract import Kind
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.assignments import find_held, host_uses_image
from pilvi.hosts.operations.hosts import authenticate_host
from pilvi.image.api.data import declared_bytes, limits, send_image, take_bytes
from pilvi.image.model.image import Image, Status
from pilvi.image.model.upload import Purpose
from pilvi.image.operations.images import find_any_image
from pilvi.image.operations.uploads import begin_upload


def host_fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body of the host contract."""
    return status_of(error), {"kind": error.kind, "message": error.message}, {}


async def send_image_to_host(call: Call[None]) -> Response | Reply:
    """The bytes of an image that the calling host was given."""
    host = await _authenticate(call, call.tx)
    image = None
    if await host_uses_image(call.tx, host.id, call.path["image_id"]):
        image = await find_any_image(call.tx, call.path["image_id"])
    if image is None or image.sha512 is None:
        raise NotFound("cannot find an image with data and this id among what the host was given")
    return send_image(call, image)


async def take_capture_from_host(call: Call[None]) -> None:
    """The bytes of a capture that the calling host was asked for. Repeatable."""
    declared = declared_bytes(call)
    async with call.db.write() as tx:
        host = await _authenticate(call, tx)
        image = await _require_capture(tx, host, call.path["image_id"])
        if image.status in (Status.ACTIVE, Status.DEACTIVATED):
            return
        upload = await begin_upload(tx, image, Purpose.UPLOAD, declared, limits(call))
    await take_bytes(call, image, upload.id, declared)


async def _authenticate(call: Call[None], tx: Transaction) -> Host:
    return await authenticate_host(tx, call.headers.get("authorization"))


async def _require_capture(tx: Transaction, host: Host, image_id: str) -> Image:
    wishes = [await find_held(tx, kind, image_id, host.id) for kind in (Kind.CAPTURE, Kind.UPLOAD)]
    image = None
    if any(held is not None and held.present for held in wishes):
        image = await find_any_image(tx, image_id)
    if image is None:
        raise NotFound("cannot find a capture with this id among what the host was asked for")
    return image
