"""Changes of an image in both of their forms."""

from typing import Any

import pytest

from cloud import Cloud
from image_files import create, create_active, show
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.image.api.faults import OLD_PATCH_TYPE, PATCH_TYPE
from pilvi.image.api.image_patches import parse_changes
from pilvi.image.model.changes import Change, ChangeKind


def test_both_forms_say_the_same() -> None:
    new = [
        {"op": "replace", "path": "/name", "value": "x"},
        {"op": "add", "path": "/a~1b~0c", "value": "1"},
        {"op": "remove", "path": "/color"},
    ]
    old: list[dict[str, Any]] = [
        {"replace": "/name", "value": "x"},
        {"add": "/a~1b~0c", "value": "1"},
        {"remove": "/color"},
    ]
    changes = [
        Change(ChangeKind.REPLACE, "name", "x"),
        Change(ChangeKind.ADD, "a/b~c", "1"),
        Change(ChangeKind.REMOVE, "color"),
    ]
    assert parse_changes(new, PATCH_TYPE) == changes
    assert parse_changes(old, OLD_PATCH_TYPE) == changes


@pytest.mark.parametrize(
    "raw",
    [
        *(1, [], {}, {"op": "replace", "path": "/name", "value": "x"}),
        {"replace": "/name", "add": "/name", "value": "x"},
        {"replace": 1, "value": "x"},
        {"replace": "/name"},
        {"move": "/name", "value": "x"},
    ],
)
def test_what_the_first_draft_does_not_know(raw: Any) -> None:
    with pytest.raises(InvalidRequest, match="^cannot "):
        parse_changes([raw], OLD_PATCH_TYPE)


@pytest.mark.parametrize(
    "path", ["/status", "/checksum", "/size", "/os_hash_value", "/locations", "/locations/-", "/id"]
)
def test_what_nobody_sets(path: str) -> None:
    for kind in ("add", "replace"):
        with pytest.raises(Forbidden, match="^cannot "):
            parse_changes([{"op": kind, "path": path, "value": "x"}], PATCH_TYPE)
        with pytest.raises(Forbidden, match="^cannot "):
            parse_changes([{kind: path, "value": "x"}], OLD_PATCH_TYPE)


async def test_an_old_client_changes_an_image(cloud: Cloud) -> None:
    image = await create(cloud, color="red")
    reply = await cloud.call(
        "PATCH",
        f"/image/v2/images/{image['id']}",
        [{"replace": "/name", "value": "other"}, {"remove": "/color"}],
        headers={"content-type": OLD_PATCH_TYPE},
    )
    assert reply.status_code == 200 and reply.json()["name"] == "other"
    assert "color" not in await show(cloud, image["id"])


async def test_a_refused_change_changes_nothing(cloud: Cloud) -> None:
    image = await create_active(cloud)
    reply = await cloud.call(
        "PATCH",
        f"/image/v2/images/{image['id']}",
        [{"replace": "/name", "value": "other"}, {"add": "/os_glance_foo", "value": "x"}],
        headers={"content-type": OLD_PATCH_TYPE},
    )
    assert reply.status_code == 403
    assert await show(cloud, image["id"]) == image
