"""Conversations about volumes."""

import uuid

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.operations.attachments import mark_attached, reserve_attachment
from volume_talk import ROOT, call, create, message, settle, show


async def test_versions_are_public(cloud: Cloud) -> None:
    for path, status in (("/volume", 300), ("/volume/", 300), ("/volume/v3", 200)):
        reply = await cloud.call("GET", path, user=None)
        assert reply.status_code == status
        (version,) = reply.json()["versions"]
        assert (version["version"], version["min_version"]) == ("3.71", "3.0")


async def test_a_volume_comes_is_shown_and_goes(cloud: Cloud, host: FakeHost) -> None:
    made = await create(cloud, name=" one ", description="d", size="2", metadata={"k": "v"})
    assert (made["status"], made["name"], made["size"]) == ("creating", "one", 2)
    assert made["volume_type"] == "__DEFAULT__"
    await settle(cloud, host)
    found = await show(cloud, made["id"])
    assert (found["status"], found["metadata"], found["attachments"]) == (
        "available",
        {"k": "v"},
        [],
    )
    assert (found["bootable"], found["encrypted"]) == ("false", False)
    assert "os-vol-host-attr:host" not in found
    for_admin = await show(cloud, made["id"], user="admin")
    assert for_admin["os-vol-host-attr:host"] == "host1@pilvi#pilvi"
    gone = await call(cloud, "DELETE", f"/volumes/{made['id']}?cascade=False&force=False")
    assert gone.status_code == 202
    await settle(cloud, host)
    reply = await call(cloud, "GET", f"/volumes/{made['id']}")
    assert "cannot find the volume" in message(reply, 404, "itemNotFound")


async def test_the_project_may_stand_in_the_path(cloud: Cloud, host: FakeHost) -> None:
    own, other = cloud.project_ids["demo"], cloud.project_ids["admin"]
    assert (await call(cloud, "GET", f"/{own}/volumes")).status_code == 200
    assert (await call(cloud, "GET", f"/{other}/volumes")).status_code == 404


async def test_another_projects_volume_is_404_everywhere(cloud: Cloud, host: FakeHost) -> None:
    reply = await call(cloud, "POST", "/volumes", {"volume": {"size": 1}}, user="admin")
    path = f"/volumes/{reply.json()['volume']['id']}"
    for method, tail, body in (
        ("GET", "", None),
        ("PUT", "", {"volume": {"name": "mine"}}),
        ("DELETE", "", None),
        ("GET", "/metadata", None),
        ("POST", "/action", {"os-extend": {"new_size": 5}}),
        ("POST", "/action", {"os-reserve": None}),
        ("POST", "/action", {"revert": {"snapshot_id": "x"}}),
    ):
        reply = await call(cloud, method, path + tail, body)
        assert "cannot find the volume" in message(reply, 404, "itemNotFound")
    assert (await call(cloud, "GET", path, user=None)).status_code == 401


BAD_FIELDS = [
    {"size": 0},
    {"size": -1},
    {"size": "x"},
    {"size": None},
    {"size": True},
    {"size": 2147483648},
    {"color": "red"},
    {"name": "x" * 300},
    {"description": "x" * 300},
    {"metadata": {"k": 1}},
    {"metadata": {"": "v"}},
    {"metadata": {"k": "x" * 300}},
    {"availability_zone": "moon"},
]


async def test_bad_input_is_400_and_makes_nothing(cloud: Cloud, host: FakeHost) -> None:
    for fields in BAD_FIELDS:
        reply = await call(cloud, "POST", "/volumes", {"volume": {"size": 1, **fields}})
        message(reply, 400, "badRequest")
        assert (await call(cloud, "GET", "/volumes")).json() == {"volumes": []}


MISSING_SOURCES = ["imageRef", "snapshot_id", "source_volid", "backup_id", "group_id"]


async def test_a_source_that_is_not_there_is_404(cloud: Cloud, host: FakeHost) -> None:
    for name in MISSING_SOURCES:
        reply = await call(cloud, "POST", "/volumes", {"volume": {"size": 1, name: "x"}})
        message(reply, 404, "itemNotFound")
    body = {"volume": {"size": 1, "snapshot_id": "x", "imageRef": "y"}}
    message(await call(cloud, "POST", "/volumes", body), 400, "badRequest")
    body = {"volume": {"size": 1, "multiattach": True}}
    assert "volume type" in message(await call(cloud, "POST", "/volumes", body), 400, "badRequest")


async def test_hints_and_unknown_types_are_refused(cloud: Cloud, host: FakeHost) -> None:
    body = {"volume": {"size": 1}, "OS-SCH-HNT:scheduler_hints": {"same_host": "x"}}
    message(await call(cloud, "POST", "/volumes", body), 400, "badRequest")
    body = {"volume": {"size": 1, "volume_type": "gold"}}
    message(await call(cloud, "POST", "/volumes", body), 404, "itemNotFound")


async def test_over_the_quota_is_413_and_says_what_is_used(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, size=999)
    reply = await call(cloud, "POST", "/volumes", {"volume": {"size": 2}})
    text = message(reply, 413, "overLimit")
    assert "asked for 2 gigabytes, 999 of 1000 are used" in text
    assert reply.headers["retry-after"] == "0"


async def test_lists_come_in_pages_with_links(cloud: Cloud, host: FakeHost) -> None:
    for number in range(3):
        await create(cloud, name=f"v{number}")
    seen: list[str] = []
    path: str | None = "/volumes/detail?limit=2&sort=name:asc"
    while path:
        body = (await call(cloud, "GET", path)).json()
        seen += [row["name"] for row in body["volumes"]]
        links = body.get("volumes_links", [])
        path = links[0]["href"].partition(ROOT)[2] if links else None
    assert seen == ["v0", "v1", "v2"]
    short = (await call(cloud, "GET", "/volumes?limit=1&offset=1&with_count=true")).json()
    assert [row["name"] for row in short["volumes"]] == ["v1"]
    assert set(short["volumes"][0]) == {"id", "name", "links"} and short["count"] == 3


FILTERS = [
    ("name=one", ["one"]),
    ("name~=n", ["one"]),
    ("status=available", ["one"]),
    ("status=creating", ["two"]),
    ("status=nonsense", []),
    ("metadata={'k': 'v'}", ["one"]),
    ('metadata={"k": "w"}', []),
    ("bootable=false", ["one", "two"]),
    ("bootable=1", []),
    ("size=2", ["two"]),
    ("volume_type=__DEFAULT__", ["one", "two"]),
    ("availability_zone=moon", []),
    ("group_id=x", []),
    ("consumes_quota=false", []),
    ("glance_metadata={'os': 'x'}", []),
    ("created_at=lt:2000-01-01T00:00:00", []),
    ("created_at=gte:2000-01-01T00:00:00", ["one", "two"]),
]


async def test_lists_are_filtered(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, host, name="one", metadata={"k": "v"})
    cloud.db.on_commit = lambda wakes: None
    await create(cloud, name="two", size=2)
    for query, found in FILTERS:
        listed = (await call(cloud, "GET", f"/volumes/detail?sort=name:asc&{query}")).json()
        assert [row["name"] for row in listed["volumes"]] == found


BAD_QUERIES = [
    "color=red",
    "limit=x",
    "offset=-1",
    "marker=nothing",
    "sort=color:asc",
    "sort_key=name&sort_dir=up",
    "metadata=__import__('os')",
    "metadata={'k': 1}",
    "bootable=perhaps",
    "created_at=gt:yesterday",
    "size=big",
    "with_count=many",
]


async def test_a_query_that_cannot_be_read_is_400(cloud: Cloud, host: FakeHost) -> None:
    for query in BAD_QUERIES:
        message(await call(cloud, "GET", f"/volumes/detail?{query}"), 400, "badRequest")


async def test_admins_see_all_projects_when_they_ask(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, name="demo's")
    for query, found in (
        ("", 0),
        ("?all_tenants=1", 1),
        (f"?all_tenants=True&project_id={cloud.project_ids['demo']}", 1),
        (f"?all_tenants=True&project_id={cloud.project_ids['admin']}", 0),
    ):
        listed = (await call(cloud, "GET", f"/volumes{query}", user="admin")).json()
        assert len(listed["volumes"]) == found
    listed = (await call(cloud, "GET", "/volumes?all_tenants=1")).json()
    assert len(listed["volumes"]) == 1


async def test_names_change_and_nothing_is_no_change(cloud: Cloud, host: FakeHost) -> None:
    path = f"/volumes/{(await create(cloud))['id']}"
    body = {"volume": {"display_name": "new", "description": "words", "metadata": {"a": "b"}}}
    changed = (await call(cloud, "PUT", path, body)).json()["volume"]
    assert (changed["name"], changed["description"], changed["metadata"]) == (
        "new",
        "words",
        {"a": "b"},
    )
    message(await call(cloud, "PUT", path, {"volume": {}}), 400, "badRequest")
    message(await call(cloud, "PUT", path, {"volume": {"size": 3}}), 400, "badRequest")


async def test_the_summary_counts_what_is_looked_at(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, size=2, metadata={"k": "v"})
    await create(cloud, size=3, metadata={"k": "w"})
    summary = (await call(cloud, "GET", "/volumes/summary")).json()["volume-summary"]
    assert (summary["total_count"], summary["total_size"]) == (2, 5)
    assert sorted(summary["metadata"]["k"]) == ["v", "w"]


async def test_a_volume_in_use_shows_its_server_and_is_not_deleted(
    cloud: Cloud, host: FakeHost
) -> None:
    id, server = (await create(cloud, host))["id"], str(uuid.uuid4())
    async with cloud.db.write() as tx:
        one = await reserve_attachment(
            tx, volume_id=id, server_id=server, project_id=None, device="vdc"
        )
    await settle(cloud, host)
    async with cloud.db.write() as tx:
        await mark_attached(tx, one.id)
    found = await show(cloud, id)
    (hold,) = found["attachments"]
    assert (found["status"], hold["server_id"], hold["device"]) == ("in-use", server, "/dev/vdc")
    assert (hold["attachment_id"], hold["volume_id"]) == (one.id, id)
    reply = await call(cloud, "DELETE", f"/volumes/{id}")
    assert "detach it first" in message(reply, 400, "badRequest")
    forced = await call(cloud, "DELETE", f"/volumes/{id}?force=true")
    message(forced, 403, "forbidden")
    assert (await show(cloud, id))["status"] == "in-use"
