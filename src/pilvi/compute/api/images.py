"""The image service's images under the names that old compute clients know.

API reference: "Images (DEPRECATED)", up to version 2.35; metadata up to 2.38.
"""

from typing import Any

from pilvi.compute.api.links import bookmark, next_link, parse_time, seconds
from pilvi.compute.api.server_parts import MetadataBody, MetadataItem
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest, NotFound
from pilvi.image.model.changes import Change, ChangeKind
from pilvi.image.model.image import Image, Status, Viewer
from pilvi.image.model.image_filter import ImageFilter, TimeOperator
from pilvi.image.operations import images as operations

_SHOWN = {
    Status.QUEUED: ("SAVING", 25),
    Status.SAVING: ("SAVING", 50),
    Status.UPLOADING: ("SAVING", 50),
    Status.IMPORTING: ("SAVING", 50),
    Status.ACTIVE: ("ACTIVE", 100),
    Status.DEACTIVATED: ("UNKNOWN", 0),
    Status.KILLED: ("ERROR", 0),
}
"""Status and progress here, for each of the image service's own."""
_LINK_TYPE = "application/vnd.openstack.image"


async def list_images(call: Call[None]) -> dict[str, Any]:
    """The images that the project may use."""
    found, links = await _list(call, "images")
    return {"images": [_brief(call, image) for image in found], **links}


async def list_images_detail(call: Call[None]) -> dict[str, Any]:
    """The images that the project may use, each whole."""
    found, links = await _list(call, "images/detail")
    return {"images": [_render(call, image) for image in found], **links}


async def show_image(call: Call[None]) -> dict[str, Any]:
    """One image."""
    return {"image": _render(call, await _get(call))}


async def delete_image(call: Call[None]) -> None:
    """Remove an image."""
    await operations.delete_image(call.tx, _viewer(call), call.path["image_id"])


async def list_image_metadata(call: Call[None]) -> dict[str, Any]:
    """An image's properties."""
    return {"metadata": (await _get(call)).properties}


async def create_image_metadata(call: Call[MetadataBody]) -> dict[str, Any]:
    """Add or replace properties."""
    image = await _get(call)
    return await _set(call, image, {**image.properties, **call.payload.metadata})


async def replace_image_metadata(call: Call[MetadataBody]) -> dict[str, Any]:
    """Replace all properties."""
    return await _set(call, await _get(call), dict(call.payload.metadata))


async def show_image_metadata_item(call: Call[None]) -> dict[str, Any]:
    """One property."""
    return {"meta": {call.path["key"]: _item(await _get(call), call.path["key"])}}


async def update_image_metadata_item(call: Call[MetadataItem]) -> dict[str, Any]:
    """Add or replace one property."""
    given = dict(call.payload.meta)
    if list(given) != [call.path["key"]]:
        raise InvalidRequest("cannot update the item: the body holds the key of the path, alone")
    image = await _get(call)
    await _set(call, image, {**image.properties, **given})
    return {"meta": given}


async def delete_image_metadata_item(call: Call[None]) -> None:
    """Remove one property."""
    image, key = await _get(call), call.path["key"]
    _item(image, key)
    await _set(call, image, {name: v for name, v in image.properties.items() if name != key})


def _viewer(call: Call[Any]) -> Viewer:
    return Viewer(call.caller.project_id or "", is_admin=call.caller.is_admin)


async def _get(call: Call[Any]) -> Image:
    return await operations.show_image(call.tx, _viewer(call), call.path["image_id"])


def _item(image: Image, key: str) -> str:
    if key not in image.properties:
        raise NotFound(f"cannot find the metadata item '{key}' of image {image.id}")
    return image.properties[key]


async def _set(call: Call[Any], image: Image, wanted: dict[str, str]) -> dict[str, Any]:
    gone = [Change(ChangeKind.REMOVE, name) for name in image.properties if name not in wanted]
    given = [Change(ChangeKind.ADD, name, value) for name, value in wanted.items()]
    changed = await operations.update_image(call.tx, _viewer(call), image.id, [*gone, *given])
    return {"metadata": changed.properties}


async def _list(call: Call[None], path: str) -> tuple[list[Image], dict[str, Any]]:
    page = parse_page(call.query)
    wanted = _filter(call)
    found, more = await operations.list_images(call.tx, _viewer(call), wanted, page)
    links = {"images_links": next_link(call, path, found[-1].id, page)} if more else {}
    return found, links


def _filter(call: Call[None]) -> ImageFilter:
    """Which images are asked for. Raises `InvalidRequest`."""
    query = call.query
    anyof, properties = [], []
    if (status := query.get("status")) is not None:
        fitting = tuple(one.value for one, (shown, _) in _SHOWN.items() if shown == status.upper())
        anyof.append(("status", fitting or ("none",)))
    if (name := query.get("name")) is not None:
        anyof.append(("name", (name,)))
    if (server := query.get("server")) is not None:
        properties.append(("instance_uuid", server.rstrip("/").rpartition("/")[2]))
    if (kind := query.get("type")) is not None:
        properties.append(("image_type", kind))
    for key, value in query.multi_items():
        if key.startswith("property-"):
            properties.append((key.removeprefix("property-"), value))
    since = parse_time(query, "changes-since")
    times = () if since is None else (("updated_at", TimeOperator.GTE, since),)
    return ImageFilter(
        anyof=tuple(anyof),
        numbers=tuple(_numbers(call)),
        properties=tuple(properties),
        times=times,
    )


def _numbers(call: Call[None]) -> list[tuple[str, int]]:
    found = []
    for name, column in (("minDisk", "min_disk_gib"), ("minRam", "min_ram_mib")):
        if (text := call.query.get(name)) is not None:
            number = parse_whole(text, digits_max=9)
            if number is None:
                raise InvalidRequest(f"cannot read '{name}': it is a whole number")
            found.append((column, number))
    return found


def _brief(call: Call[Any], image: Image) -> dict[str, Any]:
    alternate = {
        "rel": "alternate",
        "type": _LINK_TYPE,
        "href": f"{call.base_url}/image/images/{image.id}",
    }
    own = {"rel": "self", "href": f"{call.service_url}/images/{image.id}"}
    links = [own, bookmark(call, "images", image.id), alternate]
    return {"id": image.id, "name": image.name, "links": links}


def _render(call: Call[Any], image: Image) -> dict[str, Any]:
    status, progress = _SHOWN[image.status]
    body = {
        **_brief(call, image),
        "status": status,
        "progress": progress,
        "created": seconds(image.created_at),
        "updated": seconds(image.updated_at),
        "minDisk": image.min_disk_gib,
        "minRam": image.min_ram_mib,
        "metadata": image.properties,
        "OS-EXT-IMG-SIZE:size": image.size_bytes or 0,
    }
    server_id = image.properties.get("instance_uuid")
    if server_id:
        own = {"rel": "self", "href": f"{call.service_url}/servers/{server_id}"}
        body["server"] = {"id": server_id, "links": [own, bookmark(call, "servers", server_id)]}
    return body
