"""What a project has of images besides an image, and a body for each operation on it."""

from typing import Any

from cloud import Cloud

NAMES = {
    "namespace_name": "secret-namespace",
    "object_name": "secret-object",
    "property_name": "secret-property",
    "tag_name": "secret-tag",
    "resource_type": "OS::Nova::Server",
    "store_id": "default",
}
_PROPERTY = {"name": NAMES["property_name"], "title": "P", "type": "string"}


def image_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that each operation accepts."""
    properties = {"name": "i", "disk_format": "raw", "container_format": "bare"}
    task_input = {
        "import_from": "http://192.0.2.1:80/x",
        "import_from_format": "raw",
        "image_properties": properties,
    }
    return {
        "create_image": {"name": "i", "disk_format": "raw", "min_disk": 0, "mine": "x"},
        "update_image": [{"op": "replace", "path": "/name", "value": "changed"}],
        "import_image": {"method": {"name": "glance-direct"}},
        "image:add_member": {"member": ids["stranger_project_id"]},
        "image:update_member": {"status": "accepted"},
        "image:create_task": {"type": "import", "input": task_input},
        "image:create_namespace": {"namespace": "n", "visibility": "public", "protected": False},
        "image:update_namespace": {"namespace": NAMES["namespace_name"], "description": "new"},
        "image:create_object": {"name": "o", "properties": {"p": {"title": "P", "type": "string"}}},
        "image:update_object": {"name": NAMES["object_name"], "description": "new"},
        "image:create_property": {**_PROPERTY, "name": "p"},
        "image:update_property": {**_PROPERTY, "title": "new"},
        "image:create_metadef_tags": {"tags": [{"name": "t"}]},
        "image:update_metadef_tag": {"name": "t"},
        "image:create_association": {"name": "OS::Nova::Flavor", "prefix": "hw:"},
    }


async def fill_images(cloud: Cloud, ids: dict[str, str]) -> None:
    """Give project demo a task, and a namespace with one of everything."""
    ids.update(NAMES)
    path = f"/image/v2/images/{ids['image_id']}"
    body: dict[str, Any] = {"method": {"name": "copy-image"}}
    assert (await cloud.call("POST", f"{path}/import", body)).status_code == 202
    ids["task_id"] = (await cloud.call("GET", f"{path}/tasks")).json()["tasks"][0]["id"]
    body = {
        "namespace": NAMES["namespace_name"],
        "owner": cloud.project_ids["demo"],
        "visibility": "private",
        "objects": [{"name": NAMES["object_name"]}],
        "properties": {NAMES["property_name"]: {"title": "P", "type": "string"}},
        "tags": [{"name": NAMES["tag_name"]}],
        "resource_type_associations": [{"name": NAMES["resource_type"]}],
    }
    made = await cloud.call("POST", "/image/v2/metadefs/namespaces", body, user="admin")
    assert made.status_code == 201, made.text
