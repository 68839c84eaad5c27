"""JSON schemas that describe definitions of metadata to clients."""

from typing import Any

from pilvi.core.http import Call
from pilvi.image.api.schemas import list_schema
from pilvi.image.model.metadef import NamespaceVisibility

_TEXT = {"type": "string"}
_NAME = {"type": "string", "maxLength": 80}
_MOMENT = {"type": "string", "format": "date-time", "readOnly": True}
_SHOWN = {"type": "string", "readOnly": True}
_COUNT = {"type": "integer", "minimum": 0}
_NAMES = {"type": "array", "items": _TEXT, "uniqueItems": True}
_TYPE = {"enum": ["array", "boolean", "integer", "number", "object", "string"]}
_TIMES = {"created_at": _MOMENT, "updated_at": _MOMENT}
_LINKS = {"self": _SHOWN, "schema": _SHOWN}

_PROPERTY_PROPERTIES: dict[str, Any] = {
    "name": _NAME,
    "title": _TEXT,
    "type": _TYPE,
    "description": _TEXT,
    "operators": {"type": "array", "items": _TEXT},
    "required": _NAMES,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "uniqueItems": {"type": "boolean"},
    "additionalItems": {"type": "boolean"},
    "readonly": {"type": "boolean"},
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "items": {"type": "object", "properties": {"type": _TYPE, "enum": {"type": "array"}}},
    "default": {},
}
_DEFINITION = {
    "type": "object",
    "required": ["title", "type"],
    "properties": _PROPERTY_PROPERTIES,
}
_DEFINITIONS = {"type": "object", "additionalProperties": _DEFINITION}


def _thing(name: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "name": name,
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


PROPERTY = _thing("property", _PROPERTY_PROPERTIES, "name", "title", "type")
OBJECT = _thing(
    "object",
    {
        "name": _NAME,
        "description": _TEXT,
        "required": _NAMES,
        "properties": _DEFINITIONS,
        **_TIMES,
        **_LINKS,
    },
    "name",
)
TAG = _thing("tag", {"name": _NAME, **_TIMES}, "name")
ASSOCIATION = _thing(
    "resource_type_association",
    {"name": _NAME, "prefix": _NAME, "properties_target": _NAME, **_TIMES},
    "name",
)
NAMESPACE = _thing(
    "namespace",
    {
        "namespace": _NAME,
        "display_name": _NAME,
        "description": {"type": "string", "maxLength": 500},
        "visibility": {"type": "string", "enum": list(NamespaceVisibility)},
        "protected": {"type": "boolean"},
        "owner": {"type": "string", "maxLength": 255},
        "objects": {"type": "array", "items": OBJECT},
        "properties": _DEFINITIONS,
        "tags": {"type": "array", "items": TAG},
        "resource_type_associations": {"type": "array", "items": ASSOCIATION},
        **_TIMES,
        **_LINKS,
    },
    "namespace",
)
_PAGED = {"first": _TEXT, "next": _TEXT}


async def show_namespace_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one namespace."""
    return NAMESPACE


async def show_namespaces_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of a list of namespaces."""
    return list_schema("namespaces", NAMESPACE, **_PAGED)


async def show_object_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one object."""
    return OBJECT


async def show_objects_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of a list of objects."""
    return list_schema("objects", OBJECT, **_PAGED)


async def show_property_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one property."""
    return PROPERTY


async def show_properties_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of the properties of a namespace, by their names."""
    by_name = {"type": "object", "additionalProperties": PROPERTY}
    return {**list_schema("properties", PROPERTY), "properties": {"properties": by_name, **_PAGED}}


async def show_tag_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one tag."""
    return TAG


async def show_tags_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of a list of tags."""
    return list_schema("tags", TAG, **_PAGED)


async def show_resource_type_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one type of resource that a namespace is for."""
    return ASSOCIATION


async def show_resource_types_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of a list of them."""
    return list_schema("resource_type_associations", ASSOCIATION, **_PAGED)
