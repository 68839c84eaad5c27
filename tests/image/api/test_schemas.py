"""Schemas agree with what the API answers."""

from cloud import Cloud
from image_files import create_active

SCHEMAS = "/image/v2/schemas"


async def test_the_image_schema_names_every_attribute(cloud: Cloud) -> None:
    image = await create_active(cloud)
    schema = (await cloud.call("GET", f"{SCHEMAS}/image")).json()
    assert schema["name"] == "image"
    assert set(schema["properties"]) == set(image)
    for name, value in image.items():
        allowed = schema["properties"][name].get("enum", [value])
        assert value in allowed, name
    listed = (await cloud.call("GET", f"{SCHEMAS}/images")).json()
    assert listed["properties"]["images"]["items"] == schema
    assert {link["rel"] for link in listed["links"]} == {"first", "next", "describedby"}


async def test_the_member_schema_names_every_attribute(cloud: Cloud) -> None:
    image = await create_active(cloud)
    path = f"/image/v2/images/{image['id']}/members"
    member = (await cloud.call("POST", path, {"member": "p"})).json()
    schema = (await cloud.call("GET", f"{SCHEMAS}/member")).json()
    assert set(schema["properties"]) == set(member)
    listed = (await cloud.call("GET", f"{SCHEMAS}/members")).json()
    assert listed["properties"]["members"]["items"] == schema
