"""The words of placement: resource classes and traits."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound
from pilvi.placement.api.providers import ROOT, fresh
from pilvi.placement.api.queries import TRAIT_PARAMETERS, read_query
from pilvi.placement.model.resources import STANDARD_CLASSES
from pilvi.placement.operations import words
from pilvi.placement.operations.usages import list_known_classes, list_known_traits
from pilvi.placement.store.providers import list_traits as list_used_traits


def _render_class(name: str) -> dict[str, Any]:
    path = f"{ROOT}/resource_classes/{name}"
    return {"name": name, "links": [{"rel": "self", "href": path}]}


async def list_resource_classes(call: Call[None]) -> Any:
    """Every resource class."""
    rows = [_render_class(name) for name in await list_known_classes(call.tx)]
    return fresh(call, {"resource_classes": rows})


async def show_resource_class(call: Call[None]) -> Any:
    """One resource class."""
    name = call.path["name"]
    if name not in await list_known_classes(call.tx):
        raise NotFound(f"cannot find the resource class '{name}'")
    return fresh(call, _render_class(name))


class ClassName(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a class that is made or renamed."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


async def create_resource_class(call: Call[ClassName]) -> Any:
    """A new class of the admin's own."""
    await words.create_resource_class(call.tx, call.payload.name)
    return _made(call, f"/resource_classes/{call.payload.name}")


async def rename_resource_class(call: Call[ClassName]) -> Any:
    """Another name for a class (what PUT did before 1.7)."""
    await words.rename_resource_class(call.tx, call.path["name"], call.payload.name)
    return _render_class(call.payload.name)


async def ensure_resource_class(call: Call[None]) -> Any:
    """Let there be a class: 201 when it is new, 204 when it was there."""
    name = call.path["name"]
    if name in STANDARD_CLASSES or not await words.ensure_resource_class(call.tx, name):
        return Reply(status=204)
    return _made(call, f"/resource_classes/{name}")


async def delete_resource_class(call: Call[None]) -> None:
    """Forget a class of the admin's own."""
    await words.delete_resource_class(call.tx, call.path["name"])


async def ensure_trait(call: Call[None]) -> Any:
    """Let there be a trait: 201 when it is new, 204 when it was there."""
    is_new = await words.ensure_trait(call.tx, name := call.path["name"])
    reply = _made(call, f"/traits/{name}")
    return reply if is_new else Reply(status=204, headers=reply.headers)


async def delete_trait(call: Call[None]) -> None:
    """Forget a trait of the admin's own."""
    await words.delete_trait(call.tx, call.path["name"])


def _made(call: Call[Any], path: str) -> Reply:
    return Reply(status=201, headers={"location": call.service_url + path})


async def list_traits(call: Call[None]) -> Any:
    """Every trait, filtered by name and by whether a provider has it."""
    values = read_query(call, TRAIT_PARAMETERS)
    names = await list_known_traits(call.tx)
    wanted = values.get("name", [""])[0]
    if wanted.startswith("in:"):
        names = [name for name in names if name in wanted.removeprefix("in:").split(",")]
    elif wanted.startswith("startswith:"):
        names = [name for name in names if name.startswith(wanted.removeprefix("startswith:"))]
    elif wanted:
        raise InvalidRequest("cannot filter traits so; use name=in:A,B or name=startswith:A")
    if "associated" in values:
        used = frozenset().union(*(await list_used_traits(call.tx)).values())
        is_wanted = _read_flag(values["associated"][0])
        names = [name for name in names if (name in used) == is_wanted]
    return fresh(call, {"traits": names})


async def show_trait(call: Call[None]) -> Any:
    """Whether there is a trait: 204, or 404."""
    name = call.path["name"]
    if name not in await list_known_traits(call.tx):
        raise NotFound(f"cannot find the trait '{name}'")
    return fresh(call, None)


def _read_flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise InvalidRequest(f"cannot read associated '{text}': it is true or false")
    return text.lower() == "true"
