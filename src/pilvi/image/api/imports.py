"""Import of staged bytes, and what there is instead of stores and tasks."""

from typing import Any, NoReturn

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import Conflict, InvalidRequest, Unsupported
from pilvi.image.api.images import IMPORT_METHODS, viewer
from pilvi.image.operations import images, uploads

STORE_ID = "default"


class ImportMethod(msgspec.Struct):
    """How the bytes come; other methods have members of their own."""

    name: str


class ImageImport(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v2/images/{image_id}/import."""

    method: ImportMethod
    stores: list[str] | None = None
    all_stores: bool | None = None
    all_stores_must_succeed: bool | None = None


async def import_image(call: Call[ImageImport]) -> Reply:
    """Give an image its staged bytes."""
    body = call.payload
    if body.method.name not in IMPORT_METHODS:
        raise InvalidRequest(
            f"cannot import by '{body.method.name}': stage the data and use glance-direct"
        )
    if set(body.stores or ()) - {STORE_ID}:
        raise Conflict(f"cannot find these stores: the only one is '{STORE_ID}'")
    image = await images.require_own_image(call.tx, viewer(call), call.path["image_id"])
    await uploads.import_staged(call.tx, image)
    return Reply(None, 202)


async def show_import_methods(call: Call[None]) -> dict[str, Any]:
    """The import methods."""
    return {
        "import-methods": {
            "description": "Import methods available.",
            "type": "array",
            "value": list(IMPORT_METHODS),
        }
    }


async def list_stores(call: Call[None]) -> dict[str, Any]:
    """The one store."""
    store = {"id": STORE_ID, "description": "Files by content.", "default": "true"}
    return {"stores": [store]}


async def list_image_tasks(call: Call[None]) -> dict[str, Any]:
    """The tasks of one image: there never are any."""
    await images.show_image(call.tx, viewer(call), call.path["image_id"])
    return {"tasks": []}


async def refuse_tasks(call: Call[None]) -> NoReturn:
    """Tasks are not served."""
    raise Unsupported(
        "cannot use tasks: upload with PUT /v2/images/{image_id}/file, or stage and import"
    )
