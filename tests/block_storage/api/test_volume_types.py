"""Conversations about volume types."""

from typing import Any

from cloud import Cloud
from fake_hosts import FakeHost
from volume_talk import call, create, message


async def make(cloud: Cloud, name: str, **fields: Any) -> str:
    body = {"volume_type": {"name": name, **fields}}
    reply = await call(cloud, "POST", "/types", body, user="admin")
    assert reply.status_code == 200, reply.text
    id: str = reply.json()["volume_type"]["id"]
    return id


async def names(cloud: Cloud, query: str = "", user: str = "demo") -> list[str]:
    reply = await call(cloud, "GET", f"/types{query}", user=user)
    assert reply.status_code == 200, reply.text
    return [row["name"] for row in reply.json()["volume_types"]]


async def test_there_is_a_default_type(cloud: Cloud, host: FakeHost) -> None:
    found = (await call(cloud, "GET", "/types/default")).json()["volume_type"]
    assert (found["name"], found["is_public"]) == ("__DEFAULT__", True)
    assert await names(cloud) == ["__DEFAULT__"]


async def test_types_are_managed_by_admins(cloud: Cloud, host: FakeHost) -> None:
    id = await make(cloud, "gold", description="d", extra_specs={"a": "b"})
    path = f"/types/{id}"
    message(
        await call(cloud, "POST", "/types", {"volume_type": {"name": "gold"}}, user="admin"),
        409,
        "conflictingRequest",
    )
    body = {"volume_type": {"name": "silver", "is_public": False}}
    changed = await call(cloud, "PUT", path, body, user="admin")
    assert changed.json()["volume_type"]["name"] == "silver"
    for method, sent in (("POST", body), ("PUT", body), ("DELETE", None)):
        at = "/types" if method == "POST" else path
        message(await call(cloud, method, at, sent), 403, "forbidden")
    assert (await call(cloud, "DELETE", path, user="admin")).status_code == 202
    message(await call(cloud, "GET", path, user="admin"), 404, "itemNotFound")


async def test_a_type_in_use_stays(cloud: Cloud, host: FakeHost) -> None:
    id = await make(cloud, "gold")
    await create(cloud, volume_type="gold")
    message(await call(cloud, "DELETE", f"/types/{id}", user="admin"), 400, "badRequest")


async def test_bad_input_is_400(cloud: Cloud, host: FakeHost) -> None:
    path = f"/types/{await make(cloud, 'gold')}"
    for fields in (
        {},
        {"name": ""},
        {"name": "x" * 300},
        {"name": "a", "colour": "b"},
        {"name": "a", "extra_specs": {"k": 1}},
    ):
        reply = await call(cloud, "POST", "/types", {"volume_type": fields}, user="admin")
        message(reply, 400, "badRequest")
    message(await call(cloud, "PUT", path, {"volume_type": {}}, user="admin"), 400, "badRequest")


async def test_extra_specs_are_for_admins_eyes(cloud: Cloud, host: FakeHost) -> None:
    path = f"/types/{await make(cloud, 'gold', extra_specs={'a': 'b'})}/extra_specs"
    body = {"extra_specs": {"multiattach": "<is> False", "c": "d"}}
    assert (await call(cloud, "POST", path, body, user="admin")).json() == body
    set_one = await call(cloud, "PUT", f"{path}/c", {"c": "e"}, user="admin")
    assert set_one.json() == {"c": "e"}
    wrong = await call(cloud, "PUT", f"{path}/c", {"x": "e"}, user="admin")
    message(wrong, 400, "badRequest")
    assert (await call(cloud, "GET", f"{path}/c", user="admin")).json() == {"c": "e"}
    assert (await call(cloud, "DELETE", f"{path}/c", user="admin")).status_code == 202
    message(await call(cloud, "GET", f"{path}/c", user="admin"), 404, "itemNotFound")
    whole = (await call(cloud, "GET", path, user="admin")).json()["extra_specs"]
    assert whole == {"a": "b", "multiattach": "<is> False"}
    mine = (await call(cloud, "GET", path)).json()["extra_specs"]
    assert mine == {"multiattach": "<is> False"}


async def test_private_types_are_for_their_projects(cloud: Cloud, host: FakeHost) -> None:
    id = await make(cloud, "secret", **{"os-volume-type-access:is_public": False})
    demo = cloud.project_ids["demo"]
    assert await names(cloud) == ["__DEFAULT__"]
    message(await call(cloud, "GET", f"/types/{id}"), 404, "itemNotFound")
    for_whom = {"project": demo}
    action = f"/types/{id}/action"
    reply = await call(cloud, "POST", action, {"addProjectAccess": for_whom}, user="admin")
    assert reply.status_code == 202
    listed = await call(cloud, "GET", f"/types/{id}/os-volume-type-access", user="admin")
    assert listed.json() == {"volume_type_access": [{"volume_type_id": id, "project_id": demo}]}
    assert await names(cloud, "?sort=name:desc") == ["secret", "__DEFAULT__"]
    assert await names(cloud, user="admin") == ["__DEFAULT__"]
    assert await names(cloud, "?is_public=false", "admin") == ["secret"]
    assert len(await names(cloud, "?is_public=none", "admin")) == 2
    reply = await call(cloud, "POST", action, {"removeProjectAccess": for_whom}, user="admin")
    assert reply.status_code == 202
    assert await names(cloud) == ["__DEFAULT__"]


async def test_lists_are_filtered_and_paged(cloud: Cloud, host: FakeHost) -> None:
    await make(cloud, "gold", extra_specs={"a": "b"})
    assert await names(cloud, "?name=gold") == ["gold"]
    assert await names(cloud, "?extra_specs={'a': 'b'}", "admin") == ["gold"]
    first = (await call(cloud, "GET", "/types?limit=1&sort=name:asc")).json()
    assert first["volume_type_links"]
    marker = first["volume_types"][0]["id"]
    assert len(await names(cloud, f"?limit=1&sort=name:asc&marker={marker}")) == 1
    message(await call(cloud, "GET", "/types?sort=colour"), 400, "badRequest")


async def test_no_type_is_encrypted(cloud: Cloud, host: FakeHost) -> None:
    id = await make(cloud, "gold")
    assert (await call(cloud, "GET", f"/types/{id}/encryption")).json() == {}
