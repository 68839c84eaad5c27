"""Conversations about lists of images."""

import datetime
from typing import Any

from cloud import Cloud
from image_files import add_user, create, create_active

IMAGES = "/image/v2/images"


async def names(cloud: Cloud, query: str = "", *, user: str = "demo") -> list[str]:
    """Names of the listed images, in order."""
    reply = await cloud.call("GET", f"{IMAGES}?{query}", user=user)
    assert reply.status_code == 200, reply.text
    return [image["name"] for image in reply.json()["images"]]


async def test_the_list_holds_what_show_answers(cloud: Cloud) -> None:
    image = await create(cloud, color="red", tags=["a"])
    body = (await cloud.call("GET", IMAGES)).json()
    assert body == {"images": [image], "first": "/v2/images", "schema": "/v2/schemas/images"}


async def test_filters(cloud: Cloud) -> None:
    await create_active(cloud, b"x" * 100, name="small", color="red", tags=["a"])
    await create_active(cloud, b"y" * 5000, name="large", color="blue", tags=["a", "b"])
    await create(cloud, name="with, comma", disk_format="qcow2", protected=True, min_ram=7)
    await create(cloud, name="hidden", os_hidden=True)
    shown = {"small", "large", "with, comma"}
    for query, wanted in {
        "": shown,
        "name=small": {"small"},
        "name=eq:small": {"small"},
        'name=in:small,"with, comma"': {"small", "with, comma"},
        "status=active": {"small", "large"},
        "status=in:active,queued": shown,
        "disk_format=qcow2": {"with, comma"},
        "container_format=ovf": set(),
        "size_min=101": {"large"},
        "size_max=100": {"small"},
        "size=100": {"small"},
        "min_ram=7": {"with, comma"},
        "tag=a": {"small", "large"},
        "tag=a&tag=b": {"large"},
        "color=red": {"small"},
        "color=red&tag=b": set(),
        "protected=true": {"with, comma"},
        "protected=False": {"small", "large"},
        "os_hidden=True": {"hidden"},
        "owner=" + cloud.project_ids["demo"]: shown,
        "owner=" + cloud.project_ids["admin"]: set(),
        "visibility=shared": shown,
        "visibility=private": set(),
        "created_at=gt:2020-01-01T00:00:00Z": shown,
        "updated_at=lt:2020-01-01T00:00:00": set(),
        "created_at=neq:2020-01-01": shown,
        "color=' OR 1=1 --": set(),
    }.items():
        assert set(await names(cloud, query)) == wanted, query
    known = (await cloud.call("GET", IMAGES + "?name=small")).json()["images"][0]
    for name in ("id", "checksum", "os_hash_value"):
        assert await names(cloud, f"{name}={known[name]}") == ["small"], name
    assert await names(cloud, f"id=in:{known['id']},x") == ["small"]


BAD_FILTERS = [
    "size_min=big",
    "size_max=-1",
    "size=99999999999999999999",
    "protected=maybe",
    "os_hidden=1",
    "visibility=secret",
    "member_status=lost",
    "created_at=yesterday",
    "created_at=gt:13",
    'name=in:"open',
    "sort_key=secret",
    "sort=name:up",
    "limit=x",
    "marker=missing",
    "name=%00",
    "os_hash_algo=md5",
]


async def test_bad_filters_are_400(cloud: Cloud) -> None:
    for query in BAD_FILTERS:
        reply = await cloud.call("GET", f"{IMAGES}?{query}")
        assert reply.status_code == 400, (query, reply.text)
        assert reply.json()["message"].startswith("cannot "), query


async def test_sorting(cloud: Cloud) -> None:
    for name, size in (("b", 1), ("a", 3), ("c", 2)):
        await create_active(cloud, b"x" * size, name=name)
    assert await names(cloud) == ["c", "a", "b"]
    assert await names(cloud, "sort=name:asc") == ["a", "b", "c"]
    assert await names(cloud, "sort_key=size&sort_dir=asc") == ["b", "c", "a"]
    assert await names(cloud, "sort_key=name") == ["c", "b", "a"]


async def test_pages_hold_each_image_once(cloud: Cloud) -> None:
    for number in range(7):
        await create(cloud, name=f"n{number % 3}", color="red")
    await create(cloud, name="other")
    path, seen = "/v2/images?limit=3&sort=name:asc&color=red", []
    first = path
    while path:
        body = (await cloud.call("GET", "/image" + path)).json()
        assert len(body["images"]) <= 3
        assert body["first"].replace("%3A", ":") == first
        seen += [image["id"] for image in body["images"]]
        path = body.get("next", "")
    assert len(seen) == len(set(seen)) == 7


async def test_visibility_of_lists(cloud: Cloud) -> None:
    other = await add_user(cloud, "eve", "other")
    public = await create_active(cloud, user="admin", name="public", visibility="public")
    await create(cloud, name="private", visibility="private")
    await create(cloud, name="community", visibility="community")
    shared = await create(cloud, name="shared")
    assert await names(cloud, "sort=name:asc") == ["community", "private", "public", "shared"]
    assert await names(cloud, user="eve") == ["public"]
    assert await names(cloud, "visibility=community", user="eve") == ["community"]
    assert await names(cloud, "visibility=all&sort=name:asc", user="eve") == ["community", "public"]
    members = f"{IMAGES}/{shared['id']}/members"
    assert (await cloud.call("POST", members, {"member": other})).status_code == 200
    assert await names(cloud, "visibility=shared", user="eve") == []
    pending = "visibility=shared&member_status=pending"
    assert await names(cloud, pending, user="eve") == ["shared"]
    accept = {"status": "accepted"}
    await cloud.call("PUT", f"{members}/{other}", accept, user="eve")
    assert await names(cloud, "sort=name:asc", user="eve") == ["public", "shared"]
    assert await names(cloud, pending, user="eve") == []
    everything: list[Any] = await names(cloud, "sort=name:asc", user="admin")
    assert everything == ["private", "public", "shared"]
    assert public["owner"] == cloud.project_ids["admin"]


async def test_a_moment_is_compared_in_its_zone(cloud: Cloud) -> None:
    await create(cloud, name="now")
    hour = datetime.timedelta(hours=1)
    zone = datetime.timezone(2 * hour)
    later = datetime.datetime.now(zone) + hour
    assert await names(cloud, f"created_at=lt:{later:%Y-%m-%dT%H:%M:%S}%2B02:00") == ["now"]
    assert await names(cloud, f"created_at=gt:{later:%Y-%m-%dT%H:%M:%S}%2B02:00") == []
