"""Imports, and what can be imported where."""

from typing import Any, NoReturn

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import Conflict, Forbidden, InvalidRequest, Unsupported
from pilvi.image.api.images import IMPORT_METHODS, viewer
from pilvi.image.model.image import STORE_ID
from pilvi.image.model.task import ImportMethod, TaskType
from pilvi.image.model.web_source import DownloadRules
from pilvi.image.operations import images
from pilvi.image.operations import imports as operations
from pilvi.image.operations.imports import ImportTerms, ImportWish
from pilvi.image.operations.tasks import Asked
from pilvi.settings import Settings


class MethodBody(msgspec.Struct, omit_defaults=True):
    """How the bytes come; each method has members of its own."""

    name: str
    uri: str | None = None
    glance_image_id: str | None = None
    glance_region: str | None = None
    glance_service_interface: str | None = None


class ImageImport(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Body of POST /v2/images/{image_id}/import."""

    method: MethodBody
    stores: list[str] | None = None
    all_stores: bool | None = None
    all_stores_must_succeed: bool | None = None


async def import_image(call: Call[ImageImport]) -> Reply:
    """Give an image bytes that are staged, another image's, or on the web."""
    body = call.payload
    method = body.method
    if method.name not in list(ImportMethod):
        known = ", ".join(ImportMethod)
        raise InvalidRequest(f"cannot import by '{method.name}'; use one of {known}")
    _check_stores(body)
    wish = ImportWish(
        method=ImportMethod(method.name),
        uri=method.uri,
        source_image_id=method.glance_image_id,
        region=method.glance_region,
        interface=method.glance_service_interface or "public",
    )
    asked = Asked(
        call.caller.user_id,
        call.request_id,
        TaskType.API_IMAGE_IMPORT,
        {"import_req": msgspec.to_builtins(body)},
    )
    terms = import_terms(call.settings)
    id = call.path["image_id"]
    await operations.import_image(call.tx, viewer(call), id, wish, (asked, terms))
    return Reply(None, 202)


def import_terms(settings: Settings) -> ImportTerms:
    """What this cloud lets imports do."""
    rules = DownloadRules.of(
        settings.image_download_ports,
        settings.image_download_networks,
        settings.image_download_s_max,
    )
    return ImportTerms(rules, settings.region)


def _check_stores(body: ImageImport) -> None:
    if body.stores is not None and body.all_stores:
        raise InvalidRequest("cannot use both 'stores' and 'all_stores'; give one of them")
    if set(body.stores or ()) - {STORE_ID}:
        raise Conflict(f"cannot find these stores: the only one is '{STORE_ID}'")


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
    return {"stores": [_STORE]}


async def list_stores_with_details(call: Call[None]) -> dict[str, Any]:
    """The one store, as an admin sees it."""
    return {"stores": [{**_STORE, "type": "file", "weight": 0, "properties": {}}]}


_STORE = {"id": STORE_ID, "description": "Files by content.", "default": "true"}


async def delete_from_store(call: Call[None]) -> None:
    """Remove an image's copy from a store: never the last copy."""
    image = await images.require_own_image(call.tx, viewer(call), call.path["image_id"])
    if call.path["store_id"] != STORE_ID or image.sha512 is None:
        raise Conflict(f"cannot find the image {image.id} in the store '{call.path['store_id']}'")
    raise Forbidden("cannot delete the only copy of the image; delete the image itself")


async def refuse_locations(call: Call[None]) -> NoReturn:
    """Where the bytes of an image lie is never told and never taken from a caller.

    Who may name a place could have the service read another's file, or change bytes after they
    were checked.
    """
    await images.show_image(call.tx, viewer(call), call.path["image_id"])
    raise Unsupported("cannot use locations of an image: upload its data, or import it by URL")


async def show_usage(call: Call[None]) -> dict[str, Any]:
    """What the project has and may have; sizes in MiB, as Glance counts them."""
    usage = await images.count_usage(call.tx, call.caller.own_project_id)
    return {"usage": {name: {"usage": used, "limit": limit} for name, used, limit in usage}}
