"""Conversations about resource classes and traits."""

from cloud import Cloud
from placement.talk import ask, get, make_provider

GOLD, TIN = "CUSTOM_GOLD", "CUSTOM_TIN"


async def test_the_life_of_a_resource_class(cloud: Cloud) -> None:
    made = await ask(cloud, "POST", "/resource_classes", {"name": GOLD})
    assert made.status_code == 201
    assert made.headers["location"].endswith(f"/resource_classes/{GOLD}")
    assert (await ask(cloud, "POST", "/resource_classes", {"name": GOLD})).status_code == 409
    assert (await get(cloud, f"/resource_classes/{GOLD}"))["name"] == GOLD
    listed = (await get(cloud, "/resource_classes"))["resource_classes"]
    assert GOLD in [row["name"] for row in listed]
    id = await make_provider(cloud, "mine", **{GOLD: 5})
    found = await get(cloud, f"/allocation_candidates?resources={GOLD}:5")
    assert len(found["allocation_requests"]) == 1
    assert (await ask(cloud, "DELETE", f"/resource_classes/{GOLD}")).status_code == 409
    assert (await ask(cloud, "DELETE", f"/resource_providers/{id}/inventories")).is_success
    assert (await ask(cloud, "DELETE", f"/resource_classes/{GOLD}")).status_code == 204
    assert (await ask(cloud, "DELETE", f"/resource_classes/{GOLD}")).status_code == 404


async def test_put_of_a_class_makes_it_once(cloud: Cloud) -> None:
    for status in (201, 204):
        assert (await ask(cloud, "PUT", f"/resource_classes/{GOLD}")).status_code == status
    assert (await ask(cloud, "PUT", "/resource_classes/VCPU")).status_code == 204


async def test_put_of_a_class_renamed_it_before_1_7(cloud: Cloud) -> None:
    await ask(cloud, "PUT", f"/resource_classes/{GOLD}")
    renamed = await ask(cloud, "PUT", f"/resource_classes/{GOLD}", {"name": TIN}, "1.6")
    assert (renamed.status_code, renamed.json()["name"]) == (200, TIN)
    assert (await ask(cloud, "GET", f"/resource_classes/{GOLD}")).status_code == 404
    for name in ("VCPU", GOLD):
        again = await ask(cloud, "PUT", f"/resource_classes/{name}", {"name": TIN}, "1.6")
        assert again.status_code == (400 if name == "VCPU" else 404)


async def test_only_custom_names_are_made_and_removed(cloud: Cloud) -> None:
    for name in ("GOLD", "CUSTOM_", "CUSTOM_gold", "CUSTOM_" + "X" * 249):
        assert (await ask(cloud, "POST", "/resource_classes", {"name": name})).status_code == 400
        assert (await ask(cloud, "PUT", f"/traits/{name}")).status_code == 400
    for path in ("/resource_classes/VCPU", "/traits/COMPUTE_NODE"):
        assert (await ask(cloud, "DELETE", path)).status_code == 400


async def test_the_life_of_a_trait(cloud: Cloud) -> None:
    for status in (201, 204):
        reply = await ask(cloud, "PUT", f"/traits/{GOLD}")
        assert reply.status_code == status
        assert reply.headers["location"].endswith(f"/traits/{GOLD}")
    assert (await ask(cloud, "GET", f"/traits/{GOLD}")).status_code == 204
    assert (await get(cloud, "/traits?name=startswith:CUSTOM_"))["traits"] == [GOLD]
    assert (await ask(cloud, "DELETE", f"/traits/{GOLD}")).status_code == 204
    assert (await ask(cloud, "DELETE", f"/traits/{GOLD}")).status_code == 404
