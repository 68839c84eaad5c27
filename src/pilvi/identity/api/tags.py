"""Tags of projects."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound
from pilvi.identity.operations import projects as operations
from pilvi.identity.store import projects

Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern="^[^,/]*$")]
# Tags of one project at most. Lower: labels do not fit; higher: each filter reads more.
TAGS_MAX = 80
_TAG_FILTERS = frozenset({"tags", "tags-any", "not-tags", "not-tags-any"})


class TagsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /v3/projects/{id}/tags."""

    tags: list[Tag]


def check_tags(tags: Iterable[str] | None) -> None:
    """Raise `InvalidRequest` for tags that are too many or twice the same. Pure."""
    found = list(tags or [])
    if len(found) > TAGS_MAX:
        raise InvalidRequest(f"cannot give a project more than {TAGS_MAX} tags")
    if len(set(found)) < len(found):
        raise InvalidRequest("cannot give a project the same tag twice")


def read_tag_filters(call: Call[Any]) -> list[tuple[str, list[str]]]:
    """`tags`, `tags-any`, `not-tags` and `not-tags-any` in the query, each with its tags."""
    return [(n, v.split(",")) for n, v in call.query.multi_items() if n in _TAG_FILTERS]


async def _tags(call: Call[Any]) -> list[str]:
    return (await projects.get_project(call.tx, call.path["project_id"])).tags


async def list_project_tags(call: Call[None]) -> dict[str, Any]:
    """The tags of a project."""
    links = {"self": str(call.request.url), "next": None, "previous": None}
    return {"tags": await _tags(call), "links": links}


async def check_project_tag(call: Call[None]) -> Reply:
    """Whether a project has a tag: 204 or 404."""
    if call.path["value"] not in await _tags(call):
        raise NotFound(f"cannot find the tag '{call.path['value']}'")
    return Reply(None, 204)


async def create_project_tag(call: Call[None]) -> Reply:
    """Give a project a tag."""
    tag, tags = call.path["value"], await _tags(call)
    if not tag or len(tag) > 255 or "," in tag:
        raise InvalidRequest("cannot use this tag: it has 1 to 255 characters and no comma")
    if tag not in tags:
        check_tags([*tags, tag])
        await _replace(call, [*tags, tag])
    url = f"{call.service_url}/projects/{call.path['project_id']}/tags/{tag}"
    return Reply(None, 201, {"location": url.encode("ascii", "replace").decode()})


async def replace_project_tags(call: Call[TagsBody]) -> dict[str, Any]:
    """Give a project these tags and no others."""
    check_tags(call.payload.tags)
    await _tags(call)
    await _replace(call, call.payload.tags)
    return {"tags": call.payload.tags, "links": {"self": str(call.request.url)}}


async def delete_project_tag(call: Call[None]) -> None:
    """Take a tag away from a project."""
    tag, tags = call.path["value"], await _tags(call)
    if tag not in tags:
        raise NotFound(f"cannot find the tag '{tag}'")
    await _replace(call, [one for one in tags if one != tag])


async def delete_project_tags(call: Call[None]) -> None:
    """Take every tag away from a project."""
    await _tags(call)
    await _replace(call, [])


async def _replace(call: Call[Any], tags: list[str]) -> None:
    await operations.update_project(call.tx, call.path["project_id"], tags=tags)
