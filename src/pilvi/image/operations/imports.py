"""Imports: how an image gets bytes that its caller does not send with the call.

Staged bytes and another image's are in the store already: they become the image's in the
caller's transaction, and the task is done before the reply. Only a download takes time.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NotFound, PilviError
from pilvi.image.model.changes import check_image_quota
from pilvi.image.model.image import (
    STORE_ID,
    Action,
    Allowed,
    Denied,
    Image,
    ImportOutcome,
    Status,
    Viewer,
    may,
)
from pilvi.image.model.task import ImportMethod, Task, TaskType
from pilvi.image.model.web_source import DownloadRules, parse_source
from pilvi.image.operations.images import create_image, get_image, require_own_image, save_image
from pilvi.image.operations.tasks import Asked, record_done, record_download
from pilvi.image.operations.uploads import begin_fetch, check_room, import_staged

# What another region's image keeps when it is copied: what Glance ships with.
_COPIED_PREFIXES = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")
_INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """What an import call asks for."""

    method: ImportMethod
    uri: str | None = None
    source_image_id: str | None = None
    region: str | None = None
    interface: str = "public"


@dataclass(frozen=True, slots=True)
class ImportTerms:
    """What is true of this cloud and not of the caller."""

    rules: DownloadRules
    region: str


async def import_image(
    tx: Transaction,
    viewer: Viewer,
    image_id: str,
    wish: ImportWish,
    asked: tuple[Asked, ImportTerms],
) -> Task:
    """Give an image bytes by one of the methods.

    Raises `InvalidRequest` for a wish that cannot be right, `Conflict` for an image that is not
    in the state for it, `QuotaExceeded`.
    """
    who, terms = asked
    image = await require_own_image(tx, viewer, image_id)
    who = replace(who, input={"image_id": image.id, **who.input, "backend": [STORE_ID]})
    match wish.method:
        case ImportMethod.GLANCE_DIRECT:
            await import_staged(tx, image)
            return await record_done(tx, image, who)
        case ImportMethod.WEB_DOWNLOAD:
            source = parse_source(wish.uri or "", terms.rules)
            await begin_fetch(tx, image)
            return await record_download(tx, image, who, source.url)
        case ImportMethod.GLANCE_DOWNLOAD:
            reason = await _copy(tx, viewer, image, wish, terms)
            return await record_done(tx, image, who, reason)
        case ImportMethod.COPY_IMAGE:
            return await _copy_to_stores(tx, image, who)


async def create_import_task(
    tx: Transaction,
    viewer: Viewer,
    fields: tuple[Mapping[str, Any], Mapping[str, str]],
    uri: str,
    asked: tuple[Asked, ImportTerms],
) -> Task:
    """A new image, and the task that fetches its bytes. `fields` are as `create_image` has them.

    Raises what `create_image` and `import_image` raise.
    """
    who, terms = asked
    source = parse_source(uri, terms.rules)
    image = await create_image(tx, viewer, *fields)
    await begin_fetch(tx, image)
    return await record_download(tx, image, replace(who, type=TaskType.IMPORT), source.url)


async def _copy_to_stores(tx: Transaction, image: Image, asked: Asked) -> Task:
    """There is one store, so that an image with bytes is wherever it can be."""
    if image.status is not Status.ACTIVE:
        raise Conflict(f"cannot copy the image: it is '{image.status}', not 'active'")
    await save_image(tx, replace(image, import_outcome=ImportOutcome.DONE), image)
    return await record_done(tx, image, asked)


async def _copy(
    tx: Transaction, viewer: Viewer, image: Image, wish: ImportWish, terms: ImportTerms
) -> str:
    """Give an image another image's bytes; why that cannot be, or nothing."""
    answer = may(Action.COPY, image.status)
    if not isinstance(answer, Allowed):
        raise Conflict(
            answer.reason if isinstance(answer, Denied) else "cannot copy one image twice"
        )
    try:
        uuid.UUID(wish.source_image_id or "")
    except ValueError:
        raise InvalidRequest(
            "cannot import: the glance_image_id is wrong (image id does not look like a UUID)"
        ) from None
    try:
        source = await _find_source(tx, viewer, wish, terms)
        await check_room(tx, image.owner, source.size_bytes or 0)
    except PilviError as error:
        await save_image(tx, replace(image, import_outcome=ImportOutcome.FAILED), image)
        return error.message
    kept = {n: v for n, v in source.properties.items() if n.startswith(_COPIED_PREFIXES)}
    copied = replace(
        image,
        status=answer.status,
        import_outcome=ImportOutcome.DONE,
        disk_format=source.disk_format,
        container_format=source.container_format,
        size_bytes=source.size_bytes,
        virtual_size_bytes=source.virtual_size_bytes,
        sha512=source.sha512,
        checksum=source.checksum,
        properties={**image.properties, **kept},
    )
    check_image_quota(copied)
    await save_image(tx, copied, image)
    return ""


async def _find_source(
    tx: Transaction, viewer: Viewer, wish: ImportWish, terms: ImportTerms
) -> Image:
    if wish.interface not in _INTERFACES or wish.region not in (None, terms.region):
        raise NotFound(
            f"cannot find an image service in the region '{wish.region}' with the interface "
            f"'{wish.interface}': the only region is '{terms.region}'"
        )
    project_id = None if viewer.is_admin else viewer.project_id
    source = await get_image(tx, wish.source_image_id or "", project_id)
    if source.status is not Status.ACTIVE:
        raise Conflict(f"cannot copy the image {source.id}: it is '{source.status}', not 'active'")
    return source
