"""Conversations about services: opening, closing and forgetting hosts."""

from typing import Any

from compute.servers import ComputeCloud
from fake_host import running_agent

NOWHERE = "00000000-0000-4000-8000-000000000000"


async def ask(
    compute: ComputeCloud, method: str, path: str = "", json: Any = None, **options: Any
) -> Any:
    options = {"user": "admin", **options}
    return await compute.call(method, "/os-services" + path, json, **options)


async def only(compute: ComputeCloud, version: str = "2.104") -> dict[str, Any]:
    (service,) = (await ask(compute, "GET", version=version)).json()["services"]
    found: dict[str, Any] = service
    return found


async def test_services_are_known_by_host_before_they_have_uuids(compute: ComputeCloud) -> None:
    named = {"host": "host1", "binary": "nova-compute"}

    async def put(word: str, version: str = "2.52", **fields: Any) -> Any:
        return await ask(compute, "PUT", f"/{word}", {**named, **fields}, version=version)

    assert (await put("disable")).json()["service"] == {**named, "status": "disabled"}
    assert (await only(compute))["status"] == "disabled"
    told = (await put("disable-log-reason", disabled_reason="repair")).json()["service"]
    assert told == {**named, "status": "disabled", "disabled_reason": "repair"}
    assert (await put("enable")).json()["service"]["status"] == "enabled"
    assert (await put("disable-log-reason")).status_code == 400
    assert (await put("force-down", version="2.10")).status_code == 404
    assert (await put("force-down", version="2.10", forced_down=True)).status_code == 400
    assert (await put("force-down", forced_down=True)).json()["service"]["forced_down"] is True
    assert (await put("force-down", forced_down="false")).status_code == 200
    assert (await put("explode")).status_code == 404
    for wrong in ({"host": "mars"}, {"binary": "nova-moon"}):
        reply = await ask(compute, "PUT", "/enable", {**named, **wrong}, version="2.1")
        assert reply.status_code == 404
    assert (await put("enable", version="2.53")).status_code == 400
    assert "forced_down" not in await only(compute, "2.10")
    assert (await only(compute, "2.52"))["id"] == 1


async def test_a_host_that_is_forced_down_gets_nothing_new(compute: ComputeCloud) -> None:
    path = f"/{(await only(compute))['id']}"
    down = await ask(compute, "PUT", path, {"forced_down": True})
    assert (down.json()["service"]["state"], down.json()["service"]["forced_down"]) == ("down", 1)
    server = await compute.wait(await compute.create(), "ERROR")
    assert "is down" in server["fault"]["message"]
    await ask(compute, "PUT", path, {"forced_down": "False"})
    await compute.active()


async def test_bad_changes_are_refused(compute: ComputeCloud) -> None:
    path = f"/{(await only(compute))['id']}"
    for body in (
        {},
        {"status": "off"},
        {"disabled_reason": "x"},
        {"status": "enabled", "disabled_reason": "x"},
        {"forced_down": "maybe"},
    ):
        assert (await ask(compute, "PUT", path, body)).status_code == 400, body
    for id, status in ((NOWHERE, 404), ("x", 400)):
        assert (await ask(compute, "PUT", f"/{id}", {"status": "enabled"})).status_code == status
        assert (await ask(compute, "DELETE", f"/{id}")).status_code == status
    assert (await ask(compute, "DELETE", "/x", version="2.1")).status_code == 400
    assert (await ask(compute, "GET", "?nothing=1")).status_code == 400
    assert (await ask(compute, "GET", "?host=mars")).json()["services"] == []
    assert (await ask(compute, "GET", user="demo")).status_code == 403


async def test_a_host_that_is_gone_is_forgotten(compute: ComputeCloud) -> None:
    async with running_agent(compute.cloud, "host2"):
        found = (await ask(compute, "GET", "?host=host2")).json()["services"]
        path = f"/{found[0]['id']}"
        busy = await ask(compute, "DELETE", path)
        assert busy.status_code == 409
        assert "still reports" in busy.json()["conflictingRequest"]["message"]
        first = f"/{(await ask(compute, 'GET', '?host=host1')).json()['services'][0]['id']}"
        await ask(compute, "PUT", first, {"status": "disabled"})
        id = await compute.active(networks="none")
        await ask(compute, "PUT", path, {"forced_down": True})
        held = await ask(compute, "DELETE", path)
        assert held.status_code == 409
        assert "1 servers" in held.json()["conflictingRequest"]["message"]
        await compute.delete(id)
    body = {"aggregate": {"name": "fast"}}
    made = await compute.call("POST", "/os-aggregates", body, user="admin")
    number = made.json()["aggregate"]["id"]
    add = {"add_host": {"host": "host2"}}
    await compute.call("POST", f"/os-aggregates/{number}/action", add, user="admin")
    assert (await ask(compute, "DELETE", path)).status_code == 204
    assert [one["host"] for one in (await ask(compute, "GET")).json()["services"]] == ["host1"]
    left = await compute.call("GET", f"/os-aggregates/{number}", user="admin")
    assert left.json()["aggregate"]["hosts"] == []
    providers = await compute.cloud.call("GET", "/placement/resource_providers", user="admin")
    names = [one["name"] for one in providers.json()["resource_providers"]]
    assert names == ["host1"]


async def test_a_disabled_host_gets_nothing_new(compute: ComputeCloud) -> None:
    (service,) = (await compute.call("GET", "/os-services", user="admin")).json()["services"]
    assert (service["binary"], service["state"]) == ("nova-compute", "up")
    path = f"/os-services/{service['id']}"
    body = {"status": "disabled", "disabled_reason": "repair"}
    changed = await compute.call("PUT", path, body, user="admin")
    assert changed.json()["service"]["status"] == "disabled"
    id = await compute.create()
    server = await compute.wait(id, "ERROR")
    assert "repair" in server["fault"]["message"]
    await compute.call("PUT", path, {"status": "enabled"}, user="admin")
    await compute.active()
    assert (await compute.call("PUT", path, {"status": "x"}, user="admin")).status_code == 400
