"""Wire types of metadata definitions, and how they look."""

import datetime
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from pilvi.image.model.metadef import Item, ItemKind, Namespace, NamespaceVisibility
from pilvi.image.operations.metadefs import NewItem

# A name is a word of a path, so that it can hold no slash.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern="^[^/]+$")]
Title = Annotated[str, msgspec.Meta(max_length=255)]
Description = Annotated[str, msgspec.Meta(max_length=500)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
JsonType = Literal["array", "boolean", "integer", "number", "object", "string"]
_UNSET = msgspec.UNSET
_Unset = msgspec.UnsetType


class ItemsOfArray(msgspec.Struct):
    """What the elements of an array are."""

    type: JsonType | _Unset = _UNSET
    enum: list[Any] | _Unset = _UNSET


class PropertyFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is known of a property: a part of JSON schema."""

    title: Title
    type: JsonType
    description: str | _Unset = _UNSET
    operators: list[str] | _Unset = _UNSET
    required: list[str] | _Unset = _UNSET
    minimum: float | int | _Unset = _UNSET
    maximum: float | int | _Unset = _UNSET
    minLength: Count | _Unset = _UNSET  # noqa: N815  # the name in JSON schema
    maxLength: Count | _Unset = _UNSET  # noqa: N815  # the name in JSON schema
    minItems: Count | _Unset = _UNSET  # noqa: N815  # the name in JSON schema
    maxItems: Count | _Unset = _UNSET  # noqa: N815  # the name in JSON schema
    uniqueItems: bool | _Unset = _UNSET  # noqa: N815  # the name in JSON schema
    additionalItems: bool | _Unset = _UNSET  # noqa: N815  # the name in JSON schema
    readonly: bool | _Unset = _UNSET
    pattern: str | _Unset = _UNSET
    enum: list[Any] | _Unset = _UNSET
    items: ItemsOfArray | _Unset = _UNSET
    default: Any | _Unset = _UNSET


class Property(PropertyFields, kw_only=True, forbid_unknown_fields=True):
    """Body of POST and PUT of a property."""

    name: Name


class ObjectFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Body of POST and PUT of an object."""

    name: Name
    description: str | _Unset = _UNSET
    required: list[str] = []
    properties: dict[str, PropertyFields] = {}


class TagFields(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT of a tag."""

    name: Name


class TagList(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST of tags."""

    tags: list[TagFields]


class Association(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST of a type of resource."""

    name: Name
    prefix: Annotated[str, msgspec.Meta(max_length=80)] | None | _Unset = _UNSET
    properties_target: Annotated[str, msgspec.Meta(max_length=80)] | None | _Unset = _UNSET


class NamespaceFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Body of PUT of a namespace."""

    namespace: Name
    display_name: Annotated[str, msgspec.Meta(max_length=80)] | None | _Unset = _UNSET
    description: Description | None | _Unset = _UNSET
    visibility: NamespaceVisibility | _Unset = _UNSET
    protected: bool | _Unset = _UNSET
    owner: Title | _Unset = _UNSET


class NamespaceCreate(NamespaceFields, kw_only=True, forbid_unknown_fields=True):
    """Body of POST of a namespace, with what it shall hold."""

    objects: list[ObjectFields] = []
    properties: dict[Name, PropertyFields] = {}
    tags: list[TagFields] = []
    resource_type_associations: list[Association] = []


def new_item(kind: ItemKind, fields: msgspec.Struct) -> NewItem:
    """What a body describes, as the operations take it. Pure."""
    body = msgspec.to_builtins(fields)
    return NewItem(kind, body.pop("name"), {n: v for n, v in body.items() if v is not None})


def new_items(body: NamespaceCreate) -> list[NewItem]:
    """Everything that a new namespace shall hold. Pure."""
    named = [(ItemKind.OBJECT, one) for one in body.objects]
    tagged = [(ItemKind.TAG, one) for one in body.tags]
    typed = [(ItemKind.RESOURCE_TYPE, one) for one in body.resource_type_associations]
    properties = [
        NewItem(ItemKind.PROPERTY, name, msgspec.to_builtins(fields))
        for name, fields in body.properties.items()
    ]
    return [*properties, *(new_item(kind, one) for kind, one in [*named, *tagged, *typed])]


def namespace_fields(body: NamespaceFields) -> dict[str, Any]:
    """The fields of a namespace that a body sets, by the names they have here. Pure."""
    names = ("display_name", "description", "visibility", "protected", "owner")
    given = {name: getattr(body, name) for name in names}
    return {"name": body.namespace, **{n: v for n, v in given.items() if v is not _UNSET}}


def render_namespace(namespace: Namespace, items: Iterable[Item]) -> dict[str, Any]:
    """A namespace with those of its things that are given."""
    path = f"/v2/metadefs/namespaces/{namespace.name}"
    texts = {"display_name": namespace.display_name, "description": namespace.description}
    body: dict[str, Any] = {
        "namespace": namespace.name,
        **{name: text for name, text in texts.items() if text is not None},
        "visibility": namespace.visibility,
        "protected": namespace.protected,
        "owner": namespace.owner,
        **_times(namespace),
        "self": path,
        "schema": "/v2/schemas/metadefs/namespace",
    }
    for item in items:
        match item.kind:
            case ItemKind.OBJECT:
                body.setdefault("objects", []).append(render_object(namespace.name, item))
            case ItemKind.PROPERTY:
                body.setdefault("properties", {})[item.name] = item.body
            case ItemKind.TAG:
                body.setdefault("tags", []).append({"name": item.name})
            case ItemKind.RESOURCE_TYPE:
                body.setdefault("resource_type_associations", []).append(render_item(item))
    return body


def render_object(namespace: str, item: Item) -> dict[str, Any]:
    """An object."""
    path = f"/v2/metadefs/namespaces/{namespace}/objects/{item.name}"
    return {**render_item(item), "self": path, "schema": "/v2/schemas/metadefs/object"}


def render_property(item: Item) -> dict[str, Any]:
    """A property: its definition and its name, and nothing else."""
    return {"name": item.name, **item.body}


def render_item(item: Item) -> dict[str, Any]:
    """A thing with its moments."""
    return {"name": item.name, **item.body, **_times(item)}


def _times(thing: Namespace | Item) -> dict[str, str]:
    return {
        "created_at": _moment(thing.created_at),
        "updated_at": _moment(thing.updated_at),
    }


def _moment(moment: datetime.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
