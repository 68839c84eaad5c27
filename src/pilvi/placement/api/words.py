"""The words of placement: resource classes and traits."""

from typing import Any

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound
from pilvi.placement.api.providers import ROOT, fresh
from pilvi.placement.api.queries import TRAIT_PARAMETERS, read_query
from pilvi.placement.model.resources import STANDARD_CLASSES
from pilvi.placement.operations.usages import list_known_traits
from pilvi.placement.store.providers import list_traits as list_used_traits


def _render_class(name: str) -> dict[str, Any]:
    path = f"{ROOT}/resource_classes/{name}"
    return {"name": name, "links": [{"rel": "self", "href": path}]}


async def list_resource_classes(call: Call[None]) -> Any:
    """Every resource class."""
    rows = [_render_class(str(name)) for name in STANDARD_CLASSES]
    return fresh(call, {"resource_classes": rows})


async def show_resource_class(call: Call[None]) -> Any:
    """One resource class."""
    name = call.path["name"]
    if name not in STANDARD_CLASSES:
        raise NotFound(f"cannot find the resource class '{name}'")
    return fresh(call, _render_class(name))


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
        raise InvalidRequest("cannot filter traits so: use name=in:A,B or name=startswith:A")
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
