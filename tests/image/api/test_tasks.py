"""Conversations about tasks."""

from pathlib import Path
from typing import Any

from cloud import Cloud, running_cloud
from image_files import create_active, list_files
from web_server import running_web_server

TASKS = "/image/v2/tasks"


def import_of(uri: str, **properties: Any) -> dict[str, Any]:
    """Body of a task that imports a raw image."""
    shown = {"name": "disk", "disk_format": "raw", "container_format": "bare", **properties}
    return {
        "type": "import",
        "input": {"import_from": uri, "import_from_format": "raw", "image_properties": shown},
    }


async def test_a_task_makes_an_image_and_fetches_its_bytes(tmp_path: Path) -> None:
    async with running_web_server() as web:
        settings: dict[str, Any] = {
            "image_download_ports": (web.port,),
            "image_download_networks": ("127.0.0.1/32",),
        }
        async with running_cloud(tmp_path, **settings) as cloud:
            body = import_of(web.serve("/disk", b"bytes"), os_distro="pilvi")
            reply = await cloud.call("POST", TASKS, body, user="admin")
            assert reply.status_code == 201
            made = reply.json()
            assert reply.headers["location"].endswith(f"/image/v2/tasks/{made['id']}")
            assert made["status"] in ("pending", "processing") and made["input"] == body["input"]
            await cloud.settle()
            task = (await cloud.call("GET", f"{TASKS}/{made['id']}", user="admin")).json()
            assert task["status"] == "success" and task["expires_at"] > task["updated_at"]
            path = f"/image/v2/images/{task['result']['image_id']}"
            image = (await cloud.call("GET", path, user="admin")).json()
            assert image["status"] == "active" and image["os_distro"] == "pilvi"


async def test_a_failed_task_leaves_no_image(tmp_path: Path) -> None:
    async with running_web_server() as web:
        settings: dict[str, Any] = {
            "image_download_ports": (web.port,),
            "image_download_networks": ("127.0.0.1/32",),
        }
        async with running_cloud(tmp_path, **settings) as cloud:
            body = import_of(web.url("/missing"))
            made = (await cloud.call("POST", TASKS, body, user="admin")).json()
            await cloud.settle()
            task = (await cloud.call("GET", f"{TASKS}/{made['id']}", user="admin")).json()
            assert task["status"] == "failure" and "404" in task["message"]
            assert task["result"] is None
            images = (await cloud.call("GET", "/image/v2/images", user="admin")).json()["images"]
            assert images == [] and list_files(cloud) == set()


async def test_what_no_task_can_do(cloud: Cloud) -> None:
    good = import_of("http://example.org/disk")
    wrong: list[tuple[dict[str, Any], int]] = [
        ({**good, "type": "export"}, 400),
        ({**good, "type": "api_image_import"}, 400),
        ({**good, "input": {}}, 400),
        ({"type": "import"}, 400),
        ({**good, "input": {**good["input"], "import_from_format": "qcow2"}}, 400),
        ({**good, "input": {**good["input"], "import_from": "file:///etc/passwd"}}, 400),
        ({**good, "input": {**good["input"], "import_from": "http://10.0.0.1/"}}, 400),
        (import_of("http://example.org/disk", status="active"), 403),
        (import_of("http://example.org/disk", min_disk="1"), 400),
    ]
    for body, status in wrong:
        reply = await cloud.call("POST", TASKS, body, user="admin")
        assert reply.status_code == status, (body, reply.text)
        assert reply.json()["message"].startswith("cannot ")
    listed = (await cloud.call("GET", TASKS, user="admin")).json()
    assert listed == {"tasks": [], "first": "/v2/tasks", "schema": "/v2/schemas/tasks"}


async def test_tasks_are_an_admins(cloud: Cloud) -> None:
    image = await create_active(cloud)
    body = {"method": {"name": "copy-image"}}
    for _ in range(3):
        await cloud.call("POST", f"/image/v2/images/{image['id']}/import", body)
    for method, path in (("GET", TASKS), ("POST", TASKS), ("GET", f"{TASKS}/x")):
        assert (await cloud.call(method, path, import_of("http://x.org/"))).status_code == 403
    first = (await cloud.call("GET", f"{TASKS}?limit=2", user="admin")).json()
    rest = (await cloud.call("GET", "/image" + first["next"], user="admin")).json()
    ids = [task["id"] for task in first["tasks"] + rest["tasks"]]
    assert len(set(ids)) == 3 and "next" not in rest and "input" not in first["tasks"][0]
    one = await cloud.call("GET", f"{TASKS}/{ids[0]}", user="admin")
    assert one.json()["type"] == "api_image_import"
    kinds = {"status=failure": 0, "status=success": 3, "type=import": 0}
    for query, count in kinds.items():
        found = (await cloud.call("GET", f"{TASKS}?{query}", user="admin")).json()["tasks"]
        assert len(found) == count, query
    assert (await cloud.call("DELETE", f"{TASKS}/{ids[0]}", user="admin")).status_code == 501
    assert (await cloud.call("GET", f"{TASKS}/nothing", user="admin")).status_code == 404
