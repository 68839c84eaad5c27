"""Conversations about the objects, properties and tags of a namespace."""

from typing import Any

import pytest

from cloud import Cloud

OURS = "/image/v2/metadefs/namespaces/ours"
OBJECT: dict[str, Any] = {
    "name": "CPU limits",
    "description": "How much of a CPU.",
    "required": [],
    "properties": {"quota:cpu_shares": {"title": "Shares", "type": "integer"}},
}
PROPERTY: dict[str, Any] = {
    "name": "quota:cpu_shares",
    "title": "Shares",
    "type": "integer",
    "minimum": 1,
    "operators": ["<in>"],
}


@pytest.fixture(autouse=True)
async def namespace(cloud: Cloud) -> None:
    """A public namespace, that all these tests are about."""
    body = {
        "namespace": "ours",
        "visibility": "public",
        "resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "hw:"}],
    }
    reply = await cloud.call("POST", "/image/v2/metadefs/namespaces", body, user="admin")
    assert reply.status_code == 201


async def change(cloud: Cloud, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """An admin's request below the namespace: status and body."""
    reply = await cloud.call(method, OURS + path, body, user="admin")
    return reply.status_code, reply.json() if reply.content else None


async def see(cloud: Cloud, path: str) -> Any:
    """What anybody sees below the namespace."""
    reply = await cloud.call("GET", OURS + path)
    return reply.json() if reply.is_success else reply.status_code


async def test_objects(cloud: Cloud) -> None:
    status, made = await change(cloud, "POST", "/objects", OBJECT)
    assert status == 201 and OBJECT.items() <= made.items()
    assert made["self"] == "/v2/metadefs/namespaces/ours/objects/CPU limits"
    assert await see(cloud, "/objects/CPU limits") == made
    assert (await change(cloud, "POST", "/objects", OBJECT))[0] == 409
    status, changed = await change(cloud, "PUT", "/objects/CPU limits", {"name": "limits"})
    assert status == 200 and changed["name"] == "limits" and changed["properties"] == {}
    assert await see(cloud, "/objects/CPU limits") == 404
    assert (await change(cloud, "PUT", "/objects/gone", {"name": "x"}))[0] == 404
    assert (await change(cloud, "DELETE", "/objects/limits"))[0] == 204
    assert (await change(cloud, "DELETE", "/objects/limits"))[0] == 404
    for name in "abc":
        await change(cloud, "POST", "/objects", {"name": name})
    page = await see(cloud, "/objects?limit=2&sort_key=name&sort_dir=asc")
    assert [one["name"] for one in page["objects"]] == ["a", "b"]
    rest = await see(cloud, "/objects?" + page["next"].partition("?")[2])
    assert [one["name"] for one in rest["objects"]] == ["c"] and "next" not in rest
    assert (await change(cloud, "DELETE", "/objects"))[0] == 204
    assert (await see(cloud, "/objects"))["objects"] == []


async def test_properties(cloud: Cloud) -> None:
    status, made = await change(cloud, "POST", "/properties", PROPERTY)
    assert status == 201 and made == PROPERTY
    assert await see(cloud, "/properties/quota:cpu_shares") == PROPERTY
    path = "/properties/hw:quota:cpu_shares?resource_type=OS::Nova::Flavor"
    assert await see(cloud, path) == {**PROPERTY, "name": "hw:quota:cpu_shares"}
    assert (await change(cloud, "POST", "/properties", PROPERTY))[0] == 409
    renamed = {"name": "shares", "title": "S", "type": "string", "default": None}
    status, changed = await change(cloud, "PUT", "/properties/quota:cpu_shares", renamed)
    assert status == 200 and changed == {"name": "shares", "title": "S", "type": "string"}
    listed = await see(cloud, "/properties")
    assert listed["properties"] == {"shares": changed}
    assert (await change(cloud, "DELETE", "/properties/shares"))[0] == 204
    assert await see(cloud, "/properties/shares") == 404
    await change(cloud, "POST", "/properties", PROPERTY)
    assert (await change(cloud, "DELETE", "/properties"))[0] == 204
    assert (await see(cloud, "/properties"))["properties"] == {}


async def test_tags(cloud: Cloud) -> None:
    body = {"tags": [{"name": "b"}, {"name": "a"}]}
    assert await change(cloud, "POST", "/tags", body) == (201, body)
    assert (await see(cloud, "/tags?sort_key=name&sort_dir=asc"))["tags"] == [
        {"name": "a"},
        {"name": "b"},
    ]
    more = await cloud.call(
        "POST",
        f"{OURS}/tags",
        {"tags": [{"name": "c"}]},
        user="admin",
        headers={"x-openstack-append": "True"},
    )
    assert more.status_code == 201
    assert len((await see(cloud, "/tags"))["tags"]) == 3
    assert (await change(cloud, "POST", "/tags", {"tags": [{"name": "z"}]}))[0] == 201
    assert (await see(cloud, "/tags"))["tags"] == [{"name": "z"}]
    status, made = await change(cloud, "POST", "/tags/new tag")
    assert status == 201 and made["name"] == "new tag" and made["created_at"].endswith("Z")
    assert await see(cloud, "/tags/new tag") == made
    assert (await change(cloud, "POST", "/tags/z"))[0] == 409
    assert (await change(cloud, "PUT", "/tags/z", {"name": "new tag"}))[0] == 409
    status, renamed = await change(cloud, "PUT", "/tags/z", {"name": "y"})
    assert status == 200 and renamed["name"] == "y"
    assert (await change(cloud, "DELETE", "/tags/z"))[0] == 404
    assert (await change(cloud, "DELETE", "/tags/y"))[0] == 204
    assert (await change(cloud, "DELETE", "/tags"))[0] == 204
    assert (await see(cloud, "/tags"))["tags"] == []


async def test_what_is_no_definition(cloud: Cloud) -> None:
    for path, body in (
        ("/objects", {}),
        ("/objects", {"name": "o", "properties": {"p": {}}}),
        ("/objects", {"name": "o" * 81}),
        ("/objects", {"name": "o", "color": "red"}),
        ("/properties", {"name": "p", "title": "P"}),
        ("/properties", {"name": "p", "title": "P", "type": "integer", "minLength": -1}),
        ("/properties", {"name": "a/b", "title": "P", "type": "integer"}),
        ("/tags", {"tags": [{"name": ""}]}),
        ("/tags", {}),
        ("/tags/" + "t" * 81, None),
        ("/resource_types", {"prefix": "hw:"}),
    ):
        status, fault = await change(cloud, "POST", path, body)
        assert status == 400 and fault["message"].startswith("cannot "), (path, body)
    seen = await see(cloud, "")
    assert not {"objects", "properties", "tags"} & set(seen)
