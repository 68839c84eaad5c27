"""Corrections of the documents: each has something to correct, and does only that."""

import copy
from typing import Any

import msgspec
import pytest

from conformance.openapi.corrections import (
    Correction,
    add_property,
    admit,
    answer,
    become,
    correct,
    excuse,
    match,
    move_body,
    refer,
)
from conformance.openapi.documents import SERVICES, read_document
from conformance.openapi.known_errors import CORRECTIONS


@pytest.fixture(scope="module")
def documents() -> dict[str, bytes]:
    """Every document as it was published, in JSON: reading that is quicker than copying."""
    return {service: msgspec.json.encode(read_document(service)) for service in SERVICES}


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda one: one.name)
def test_the_document_still_says_what_is_corrected(
    documents: dict[str, bytes], correction: Correction
) -> None:
    published = msgspec.json.decode(documents[correction.service])
    assert correct(published, correction) > 0
    assert correct(published, correction) == 0, "it corrects what is right"
    assert correction.reason


DOCUMENT = {
    "components": {
        "schemas": {
            "One": {
                "properties": {"name": {"type": "string", "enum": ["a"]}},
                "required": ["name"],
            },
            "Other": {"items": {"properties": {"name": {"type": "string"}}}},
        }
    },
    "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {}}}}}}},
}
NAMES, ONE, GET = "components schemas ** properties name", "components schemas One", "paths /a get"


@pytest.mark.parametrize(
    ("place", "change", "changed"),
    [
        (NAMES, admit("null"), 2),
        (NAMES, become("integer"), 2),
        (ONE, excuse("name"), 1),
        (ONE, excuse("other"), 0),
        (ONE, add_property("more", {}), 1),
        (ONE, match("^a$", "^b$"), 0),
        ("components schemas O*", refer("#/x"), 2),
        (GET, answer(200, 202), 1),
        (GET, move_body(200, 201), 1),
        (GET, move_body(404, None), 0),
        ("paths /b get", answer(202), 0),
    ],
)
def test_how_many_places_change(place: str, change: Any, changed: int) -> None:
    value = copy.deepcopy(DOCUMENT)
    assert correct(value, Correction("compute", place, change, "a reason")) == changed
    assert (value == DOCUMENT) == (changed == 0)


def test_null_is_also_one_of_the_values() -> None:
    value: Any = copy.deepcopy(DOCUMENT)
    correct(value, Correction("compute", NAMES, admit("null"), "a reason"))
    name = value["components"]["schemas"]["One"]["properties"]["name"]
    assert name == {"type": ["string", "null"], "enum": ["a", None]}
