"""Schemas as one version knows them."""

from typing import Any

from conformance.openapi.documents import Document
from conformance.openapi.schemas import Narrowing

_SCHEMAS: dict[str, Any] = {
    "Loop": {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Loop"}}},
    "Start": {"type": "null", "x-openstack": {"action-name": "start"}},
    "Stop": {"type": "string", "x-openstack": {"action-name": "stop"}},
}
DOCUMENT = Document("compute", {"paths": {}, "components": {"schemas": _SCHEMAS}})


def narrow(schema: Any, version: tuple[int, int] | None = None, action: str | None = None) -> Any:
    return Narrowing(DOCUMENT, version, action).narrow(schema)


def test_references_stand_in_place_and_loops_end() -> None:
    loop = {"type": "object", "properties": {"again": {}}}
    assert narrow({"items": {"$ref": "#/components/schemas/Loop"}}) == {"items": loop}


def test_properties_of_other_versions_are_neither_there_nor_required() -> None:
    schema = {
        "description": "For people.",
        "properties": {
            "old": {"type": "string", "x-openstack": {"max-ver": "2.9"}},
            "new": {"type": "string", "x-openstack": {"min-ver": "2.10"}},
        },
        "required": ["old", "new"],
    }
    text = {"type": "string"}
    assert narrow(schema, (2, 9)) == {"properties": {"old": text}, "required": ["old"]}
    newest = {"properties": {"new": text}, "required": ["new"]}
    assert narrow(schema, (2, 10)) == narrow(schema) == newest


def test_of_several_schemas_the_versions_and_the_actions_own_is_left() -> None:
    both = {
        "oneOf": [{"$ref": "#/components/schemas/Start"}, {"$ref": "#/components/schemas/Stop"}]
    }
    assert narrow(both, action="stop") == {"type": "string"}
    assert narrow(both, action="unknown") == {}
    assert narrow(both) == {"anyOf": [{"type": "null"}, {"type": "string"}]}


def test_a_property_may_be_called_like_a_keyword() -> None:
    schema = {"properties": {"description": {"type": "string"}, "required": {"type": "boolean"}}}
    assert narrow(schema) == schema
    assert narrow({"required": True, "in": "path"}) == {"required": True, "in": "path"}
