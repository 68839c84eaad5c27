"""Conversations that change what consumers hold."""

from typing import Any

import pytest

from cloud import Cloud
from fake_hosts import add_host
from pilvi.placement.operations.allocations import claim
from placement.talk import ONE, TWO, UNKNOWN, ask, claim_of, get, make_provider


async def test_the_life_of_a_claim_on_two_providers(cloud: Cloud) -> None:
    a, b = await make_provider(cloud, "a", VCPU=4), await make_provider(cloud, "b", VGPU=1)
    path, held = f"/allocations/{ONE}", {a: {"VCPU": 2}, b: {"VGPU": 1}}
    assert (await ask(cloud, "PUT", path, claim_of(held))).status_code == 204
    shown = await get(cloud, path)
    assert {id: row["resources"] for id, row in shown["allocations"].items()} == held
    assert (shown["consumer_generation"], shown["consumer_type"]) == (1, "TASK")
    usages = await get(cloud, "/usages?project_id=p")
    assert usages["usages"] == {"TASK": {"consumer_count": 1, "VCPU": 2, "VGPU": 1}}
    assert (await get(cloud, f"/resource_providers/{a}/usages"))["usages"] == {"VCPU": 2}
    stale = await ask(cloud, "PUT", path, claim_of(held))
    code = stale.json()["errors"][0]["code"]
    assert (stale.status_code, code) == (409, "placement.concurrent_update")
    less = claim_of({a: {"VCPU": 1}}, consumer_generation=1)
    assert (await ask(cloud, "PUT", path, less)).status_code == 204
    assert (await get(cloud, f"/resource_providers/{b}/allocations"))["allocations"] == {}
    assert (await ask(cloud, "DELETE", path)).status_code == 204
    assert (await ask(cloud, "DELETE", path)).status_code == 404
    assert (await get(cloud, path))["allocations"] == {}


async def test_what_does_not_fit_is_refused_whole(cloud: Cloud) -> None:
    a = await make_provider(cloud, "a", VCPU=4)
    for held, status in (
        ({a: {"VCPU": 5}}, 409),
        ({a: {"VCPU": 1, "VGPU": 1}}, 409),
        ({a: {"GOLD": 1}}, 400),
        ({UNKNOWN: {"VCPU": 1}}, 400),
        ({"x": {"VCPU": 1}}, 400),
        ({a: {}}, 400),
        ({a: {"VCPU": 0}}, 400),
    ):
        reply = await ask(cloud, "PUT", f"/allocations/{ONE}", claim_of(held))
        assert reply.status_code == status, reply.text
    both = {id: claim_of({a: {"VCPU": 3}}) for id in (ONE, TWO)}
    assert (await ask(cloud, "POST", "/allocations", both)).status_code == 409
    assert (await get(cloud, f"/resource_providers/{a}/usages"))["usages"] == {"VCPU": 0}


async def test_several_claims_at_once_may_pass_something_on(cloud: Cloud) -> None:
    a = await make_provider(cloud, "a", VCPU=4)
    assert (await ask(cloud, "PUT", f"/allocations/{ONE}", claim_of({a: {"VCPU": 4}}))).is_success
    swap = {ONE: claim_of({}, consumer_generation=1), TWO: claim_of({a: {"VCPU": 4}})}
    assert (await ask(cloud, "POST", "/allocations", swap)).status_code == 204
    assert (await get(cloud, f"/allocations/{ONE}"))["allocations"] == {}
    assert a in (await get(cloud, f"/allocations/{TWO}"))["allocations"]


async def test_what_a_server_holds_follows_the_server(cloud: Cloud) -> None:
    host = await add_host(cloud.db)
    await cloud.settle()
    who: dict[str, Any] = {"consumer_id": ONE, "project_id": "p", "user_id": "u"}
    async with cloud.db.write() as tx:
        await claim(tx, **who, provider_id=host.id, resources={"VCPU": 1})
    path = f"/allocations/{ONE}"
    before = await get(cloud, path)
    wish = claim_of({host.id: {"VCPU": 2}}, consumer_generation=1)
    for reply in (
        await ask(cloud, "PUT", path, wish),
        await ask(cloud, "POST", "/allocations", {ONE: wish}),
        await ask(cloud, "DELETE", path),
    ):
        assert reply.status_code == 409 and "server" in reply.text
    assert await get(cloud, path) == before


def _old(provider: str, **values: Any) -> dict[str, Any]:
    row = {"resource_provider": {"uuid": provider}, "resources": {"VCPU": 1}}
    return {"allocations": [row], **values}


@pytest.mark.edge("placement", "1.8", "1.12", "1.28")
async def test_how_a_claim_looked_before(cloud: Cloud) -> None:
    a = await make_provider(cloud, "a", VCPU=9)
    path, named = f"/allocations/{ONE}", {"project_id": "p", "user_id": "u"}
    assert (await ask(cloud, "PUT", path, _old(a), "1.7")).status_code == 204
    assert (await get(cloud, path))["project_id"] == UNKNOWN
    assert (await get(cloud, path))["consumer_type"] == "unknown"
    assert (await ask(cloud, "PUT", path, _old(a), "1.8")).status_code == 400
    assert (await ask(cloud, "PUT", path, _old(a, **named), "1.7")).status_code == 400
    assert (await ask(cloud, "PUT", path, _old(a, **named), "1.11")).status_code == 204
    assert (await ask(cloud, "PUT", path, _old(a, **named), "1.12")).status_code == 400
    plain = {"allocations": {a: {"resources": {"VCPU": 1}}}, **named}
    assert (await ask(cloud, "PUT", path, plain, "1.11")).status_code == 400
    assert (await ask(cloud, "PUT", path, plain, "1.27")).status_code == 204
    assert (await ask(cloud, "PUT", path, plain, "1.28")).status_code == 400
    empty = {"allocations": {}, **named}
    assert (await ask(cloud, "PUT", path, empty, "1.27")).status_code == 400


EDGES = [("consumer_generation", 28), ("mappings", 34), ("consumer_type", 38)]


@pytest.mark.edge("placement", "1.28", "1.34", "1.38")
async def test_what_each_version_lets_claims_say(cloud: Cloud) -> None:
    a = await make_provider(cloud, "a", VCPU=9)
    for name, minor in EDGES:
        body = claim_of({a: {"VCPU": 1}}, mappings={"": [a]})
        later = [other for other, since in EDGES if since > minor]
        for other in later:
            del body[other]
        for version, status in ((minor - 1, 400), (minor, 204)):
            several = await ask(cloud, "POST", "/allocations", {ONE: body}, f"1.{version}")
            assert several.status_code == status, (name, several.text)
            if status == 204:
                await ask(cloud, "DELETE", f"/allocations/{ONE}")
            one = await ask(cloud, "PUT", f"/allocations/{ONE}", body, f"1.{version}")
            assert one.status_code == status, (name, one.text)
        await ask(cloud, "DELETE", f"/allocations/{ONE}")


async def test_reshaping_moves_inventories_and_claims_at_once(cloud: Cloud) -> None:
    root = await make_provider(cloud, "root", VCPU=4, VGPU=2)
    below = await make_provider(cloud, "below", root)
    held = claim_of({root: {"VCPU": 1, "VGPU": 2}})
    assert (await ask(cloud, "PUT", f"/allocations/{ONE}", held)).is_success
    generation = (await get(cloud, f"/resource_providers/{root}"))["generation"]
    rest = {"resource_provider_generation": generation, "inventories": {"VCPU": {"total": 4}}}
    moved = {"resource_provider_generation": 1, "inventories": {"VGPU": {"total": 2}}}
    body = {"inventories": {root: rest, below: moved}, "allocations": {}}
    assert (await ask(cloud, "POST", "/reshaper", body)).status_code == 409
    assert "VGPU" in (await get(cloud, f"/resource_providers/{root}/inventories"))["inventories"]
    wish = claim_of({root: {"VCPU": 1}, below: {"VGPU": 2}}, consumer_generation=1)
    body["allocations"] = {ONE: wish}
    assert (await ask(cloud, "POST", "/reshaper", body, "1.29")).status_code == 404
    done = await ask(cloud, "POST", "/reshaper", body)
    assert done.status_code == 204, done.text
    assert (await get(cloud, f"/resource_providers/{root}/usages"))["usages"] == {"VCPU": 1}
    assert (await get(cloud, f"/resource_providers/{below}/usages"))["usages"] == {"VGPU": 2}
    assert (await ask(cloud, "POST", "/reshaper", body)).status_code == 409
