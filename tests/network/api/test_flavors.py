"""Conversations about flavors of routers."""

from typing import Any

from network.neutron import ROOT, Neutron

L3 = {"service_type": "L3_ROUTER_NAT"}


async def bind(neutron: Neutron, flavor_id: str, profile_id: str, user: str = "admin") -> Any:
    """The reply to the wish that a flavor has a profile."""
    path = f"flavors/{flavor_id}/service_profiles"
    return await neutron.post_to(path, "service_profile", user, id=profile_id)


async def test_profiles_are_made_changed_and_removed(neutron: Neutron) -> None:
    made = await neutron.make("service_profiles", "admin", metainfo="{}", description="d")
    assert made["driver"] == "" and made["enabled"] is True
    path = f"/service_profiles/{made['id']}"
    assert (await neutron.get(path, "admin"))["service_profile"] == made
    change = {"driver": "single_node", "enabled": False}
    changed = (await neutron.put("service_profiles", made["id"], "admin", **change)).json()
    assert changed["service_profile"] == {**made, **change}
    listed = await neutron.get("/service_profiles?driver=single_node", "admin")
    assert [row["id"] for row in listed["service_profiles"]] == [made["id"]]
    assert (await neutron.post("service_profiles", "admin")).status_code == 400
    assert (await neutron.post("service_profiles", "admin", driver="x")).status_code == 404
    assert (await neutron.post("service_profiles", metainfo="x")).status_code == 403
    assert (await neutron.cloud.call("GET", ROOT + path)).status_code == 403
    assert await neutron.delete("service_profiles", made["id"], "admin") == 204
    assert await neutron.delete("service_profiles", made["id"], "admin") == 404


async def test_flavors_are_everybodys_to_see_and_admins_to_change(neutron: Neutron) -> None:
    profile = await neutron.make("service_profiles", "admin", metainfo="x")
    first = {"service_profiles": [profile["id"]]}
    made = await neutron.make("flavors", "admin", name="f", **L3, **first)
    assert made["service_profiles"] == [profile["id"]] and made["enabled"] is True
    assert (await neutron.get(f"/flavors/{made['id']}"))["flavor"] == made
    by_profile = await neutron.get(f"/flavors?service_profiles={profile['id']}")
    assert by_profile["flavors"] == [made]
    change = {"name": "g", "enabled": False, "service_profiles": []}
    changed = (await neutron.put("flavors", made["id"], "admin", **change)).json()["flavor"]
    assert changed == {**made, **change}
    assert (await neutron.put("flavors", made["id"], name="x")).status_code == 403
    assert (await neutron.post("flavors", name="f", **L3)).status_code == 403
    assert (await neutron.post("flavors", "admin", service_type="x")).status_code == 400
    assert (await neutron.post("flavors", "admin", name="x")).status_code == 400
    assert await neutron.delete("flavors", made["id"], "admin") == 204
    assert await neutron.delete("flavors", made["id"], "admin") == 404


async def test_profiles_are_bound_once_and_kept_while_bound(neutron: Neutron) -> None:
    profile = await neutron.make("service_profiles", "admin", metainfo="x")
    flavor = await neutron.make("flavors", "admin", **L3)
    assert (await bind(neutron, flavor["id"], profile["id"])).status_code == 201
    assert (await bind(neutron, flavor["id"], profile["id"])).status_code == 409
    assert (await bind(neutron, flavor["id"], "x")).status_code == 404
    assert (await bind(neutron, flavor["id"], profile["id"], "demo")).status_code == 403
    path = f"/flavors/{flavor['id']}/service_profiles/{profile['id']}"
    shown = await neutron.get(path, "admin")
    assert shown == {"service_profile": {"id": profile["id"]}}
    refused = await neutron.put("service_profiles", profile["id"], "admin", metainfo="y")
    assert refused.status_code == 409
    assert await neutron.delete("service_profiles", profile["id"], "admin") == 409
    for status in (204, 404):
        reply = await neutron.cloud.call("DELETE", ROOT + path, user="admin")
        assert reply.status_code == status
    assert await neutron.delete("service_profiles", profile["id"], "admin") == 204


async def test_a_router_is_of_a_flavor_that_somebody_provides(neutron: Neutron) -> None:
    async def of(flavor_id: str) -> Any:
        return await neutron.post("routers", flavor_id=flavor_id)

    flavor = await neutron.make("flavors", "admin", **L3)
    assert (await of("x")).status_code == 404
    assert (await of(flavor["id"])).status_code == 404
    empty = await neutron.make("service_profiles", "admin", metainfo="x")
    await bind(neutron, flavor["id"], empty["id"])
    assert (await of(flavor["id"])).status_code == 404
    real = await neutron.make("service_profiles", "admin", driver="single_node")
    await neutron.put("flavors", flavor["id"], "admin", service_profiles=[real["id"]])
    router = (await of(flavor["id"])).json()["router"]
    assert router["flavor_id"] == flavor["id"]
    found = (await neutron.get(f"/routers?flavor_id={flavor['id']}"))["routers"]
    assert [row["id"] for row in found] == [router["id"]]
    # The same may be said again, another not.
    assert (await neutron.put("routers", router["id"], flavor_id=flavor["id"])).is_success
    assert (await neutron.put("routers", router["id"], flavor_id=None)).status_code == 400
    # What a router is of stays.
    assert await neutron.delete("flavors", flavor["id"], "admin") == 409
    path = f"flavors/{flavor['id']}/service_profiles"
    assert await neutron.delete(path, real["id"], "admin") == 409
    await neutron.put("flavors", flavor["id"], "admin", enabled=False)
    assert (await of(flavor["id"])).status_code == 409
    assert await neutron.delete("routers", router["id"]) == 204
    assert await neutron.delete("flavors", flavor["id"], "admin") == 204
