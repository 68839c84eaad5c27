"""The judge of replies, on a small document and on the official ones."""

from typing import Any

import msgspec
import pytest

from conformance.openapi.documents import SERVICES, Document, published
from conformance.openapi.judge import Exchange, Judge, service_of, weigh

_BY_VERSION = {
    "oneOf": [
        {"x-openstack": {"max-ver": "2.4"}, "$ref": "#/components/schemas/Old"},
        {"$ref": "#/components/schemas/New"},
    ]
}
_OPERATIONS: dict[str, Any] = {
    "/v2.1/things/{id}": {
        "get": {
            "description": "Shows it.\n\nNormal response codes: 203\n\nError: 404",
            "responses": {"200": {"content": {"application/json": {"schema": _BY_VERSION}}}},
            "x-openstack": {"min-ver": "2.2"},
        },
        "delete": {"responses": {"204": {"description": "Ok"}}},
    },
    "/v2.1/things/detail": {"get": {"responses": {"200": {"description": "Ok"}}}},
    "/v2.1/things/{id}/action": {
        "post": {
            "responses": {
                "202": {"description": "Ok"},
                "201": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "oneOf": [{"$ref": "#/components/schemas/Shot"}],
                            }
                        }
                    }
                },
            }
        }
    },
}
_SCHEMAS: dict[str, Any] = {
    "Old": {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
        "additionalProperties": False,
        "x-openstack": {"min-ver": "2.1", "max-ver": "2.4"},
    },
    "New": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "size": {"type": "integer"},
            "late": {"type": "string", "x-openstack": {"min-ver": "2.9"}},
        },
        "required": ["name", "size", "late"],
        "additionalProperties": False,
        "x-openstack": {"min-ver": "2.5"},
    },
    "Shot": {
        "type": "object",
        "required": ["image_id"],
        "x-openstack": {"action-name": "createImage"},
    },
}
JUDGE = Judge(Document("compute", {"paths": _OPERATIONS, "components": {"schemas": _SCHEMAS}}))
THING = "/compute/v2.1/things/5"


def problems(
    path: str = THING, method: str = "GET", status: int = 200, body: Any = None, **more: Any
) -> list[str]:
    reply = b"" if body is None else msgspec.json.encode(body)
    version = more.pop("version", "compute 2.5")
    request = msgspec.json.encode(more.pop("request", None))
    return JUDGE.weigh(Exchange(method, path, status, reply, request, version))


def test_a_body_is_held_against_the_schema_of_its_version() -> None:
    assert problems(body={"name": "a"}, version="compute 2.4") == []
    assert problems(body={"name": "a", "size": 1}) == []
    assert problems(body={"name": "a", "size": 1, "late": "x"}, version="compute 2.9") == []
    (told,) = problems(body={"name": "a", "size": 1}, version="compute 2.4")
    assert "size" in told
    (told,) = problems(body={"name": "a", "size": "1"})
    assert told.startswith("size: ")
    assert problems(body={"name": "a", "size": 1}, version="compute 2.9")
    assert problems(body={"name": "a", "size": 1, "late": "x"}), "it came later"


def test_a_status_is_one_that_is_listed_or_told() -> None:
    body = {"name": "a", "size": 1}
    assert problems(status=203, body=body) == []
    assert problems(status=202, body=body) == ["status 202; the document has [200, 203]"]
    assert problems(method="DELETE", status=204) == []
    assert problems(method="DELETE", status=204, body={}) == ["a body with status 204"]


def test_what_is_not_judged() -> None:
    assert problems(status=404, body={"itemNotFound": {}}) == []
    assert problems("/compute/v2.1/unknown", body={}) == []
    assert problems("/compute/v2.1/things/detail", body={"any": 1}) == []


def test_an_operation_is_not_there_before_its_version() -> None:
    (told,) = problems(body={"name": "a"}, version="compute 2.1")
    assert "2.2" in told


def test_a_body_must_be_there_where_the_document_has_one() -> None:
    assert problems() == ["no body; the document has one"]


def test_the_body_of_an_action_is_the_actions_own() -> None:
    path, post = f"{THING}/action", {"method": "POST", "status": 202}
    assert problems(path, **post, request={"reboot": None}) == []
    assert problems(path, **post, request={"createImage": {}}, body={"image_id": "x"}) == []
    assert problems(path, **post, request={"createImage": {}}, body={"image": "x"})


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_found_by_its_own_path(service: str) -> None:
    document = published(service)
    assert len(document.operations) > 30
    for operation in document.operations:
        path = operation.path.replace("{", "").replace("}", "")
        found = document.find(operation.method, path)
        assert found is not None and len(found.path) <= len(operation.path) + 40


def test_the_official_documents_judge() -> None:
    def traits(reply: bytes) -> Exchange:
        return Exchange("GET", "/placement/traits", 200, reply, version="placement 1.39")

    assert weigh(traits(b'{"traits": ["A"]}')) == []
    assert weigh(traits(b"{}")) == ['body: "traits" is a required property']
    assert service_of("/metrics") is None and service_of("/identity") == "identity"
