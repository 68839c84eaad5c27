"""Schemas of definitions agree with what the API answers."""

import pytest

from cloud import Cloud

SCHEMAS = "/image/v2/schemas"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("namespace", "namespace"),
        ("object", "object"),
        ("property", "property"),
        ("tag", "tag"),
        ("resource_type", "resource_type_association"),
    ],
)
async def test_each_list_is_one_of_its_things(cloud: Cloud, path: str, name: str) -> None:
    one = (await cloud.call("GET", f"{SCHEMAS}/metadefs/{path}")).json()
    assert one["name"] == name and set(one["required"]) <= set(one["properties"])
    plural = "properties" if path == "property" else f"{path}s"
    listed = (await cloud.call("GET", f"{SCHEMAS}/metadefs/{plural}")).json()
    assert listed["name"] == ("properties" if path == "property" else f"{name}s")
    held = listed["properties"][listed["name"]]
    assert one in (held.get("items"), held.get("additionalProperties"))


async def test_schemas_name_what_is_answered(cloud: Cloud) -> None:
    body = {
        "namespace": "ours",
        "display_name": "Ours",
        "description": "d",
        "objects": [{"name": "o", "description": "d"}],
        "properties": {"p": {"title": "P", "type": "string"}},
        "tags": [{"name": "t"}],
        "resource_type_associations": [{"name": "r", "prefix": "x", "properties_target": "y"}],
    }
    made = await cloud.call("POST", "/image/v2/metadefs/namespaces", body, user="admin")
    for path, seen in (
        ("namespace", made.json()),
        ("object", made.json()["objects"][0]),
        ("resource_type", made.json()["resource_type_associations"][0]),
    ):
        schema = (await cloud.call("GET", f"{SCHEMAS}/metadefs/{path}")).json()
        assert set(schema["properties"]) == set(seen), path


async def test_the_task_schema(cloud: Cloud) -> None:
    one = (await cloud.call("GET", f"{SCHEMAS}/task")).json()
    assert one["name"] == "task"
    listed = (await cloud.call("GET", f"{SCHEMAS}/tasks")).json()
    assert listed["properties"]["tasks"]["items"] == one
