"""Conversations about tags."""

from typing import Any

from network.neutron import ROOT, Neutron

PATHS = {"policies": "qos/policies", "network_segment_ranges": "network-segment-ranges"}
"""Where the things of a collection are, if not where their tags are."""


async def make_policy(neutron: Neutron, user: str) -> dict[str, Any]:
    """A policy of quality of service, which only admins make."""
    words = {"name": "q", "project_id": neutron.cloud.project_ids[user]}
    reply = await neutron.post_to("qos/policies", "policy", "admin", **words)
    policy: dict[str, Any] = reply.json()["policy"]
    return policy


async def taggables(neutron: Neutron, user: str) -> dict[str, str]:
    """One id of each collection that has tags."""
    network, subnet = await neutron.make_network("10.9.0.0/24", user)
    port = await neutron.make("ports", user, network_id=network["id"])
    public = await neutron.named("networks", "public")
    made: dict[str, Any] = {
        "networks": network,
        "subnets": subnet,
        "ports": port,
        "routers": await neutron.make("routers", user),
        "floatingips": await neutron.make("floatingips", user, floating_network_id=public["id"]),
        "security-groups": await neutron.make("security-groups", user, name="g"),
        "subnetpools": await neutron.make("subnetpools", user, name="p", prefixes=["10.60.0.0/16"]),
        "address-groups": await neutron.make("address-groups", user, name="a", addresses=[]),
        "policies": await make_policy(neutron, user),
    }
    return {collection: resource["id"] for collection, resource in made.items()}


async def test_tags_are_set_shown_filtered_and_taken(neutron: Neutron) -> None:
    call = neutron.cloud.call
    for collection, id in (await taggables(neutron, "demo")).items():
        path = f"{ROOT}/{collection}/{id}"
        reply = await call("PUT", f"{path}/tags", {"tags": ["red", "blue", "red"]})
        assert reply.json() == {"tags": ["blue", "red"]}, collection
        assert (await call("PUT", f"{path}/tags/green")).status_code == 201
        assert (await call("GET", f"{path}/tags")).json() == {"tags": ["blue", "green", "red"]}
        assert (await call("GET", f"{path}/tags/green")).status_code == 204
        assert (await call("DELETE", f"{path}/tags/green")).status_code == 204
        assert (await call("GET", f"{path}/tags/green")).status_code == 404
        home = PATHS.get(collection, collection)
        shown = next(iter((await call("GET", f"{ROOT}/{home}/{id}")).json().values()))
        assert shown["tags"] == ["blue", "red"]
        rows = collection.replace("-", "_")
        for query, count in (("tags=red,blue", 1), ("tags=red,x", 0), ("tags-any=red,x", 1)):
            found = (await neutron.get(f"/{home}?{query}"))[rows]
            assert len(found) == count, (collection, query)
        without = (await neutron.get(f"/{home}?not-tags=red,blue"))[rows]
        assert id not in [row["id"] for row in without]
        assert (await call("DELETE", f"{path}/tags")).status_code == 204
        assert (await call("GET", f"{path}/tags")).json() == {"tags": []}


async def test_ranges_and_rules_have_tags_too(neutron: Neutron) -> None:
    numbers = {"network_type": "vxlan", "minimum": 100, "maximum": 110}
    made = await neutron.make("network-segment-ranges", "admin", **numbers)
    group = await neutron.named("security-groups", "default")
    rule = group["security_group_rules"][0]
    for collection, id in (
        ("network_segment_ranges", made["id"]),
        ("security-group-rules", rule["id"]),
    ):
        path, home = f"{ROOT}/{collection}/{id}", PATHS.get(collection, collection)
        call = neutron.cloud.call
        reply = await call("PUT", f"{path}/tags", {"tags": ["red"]}, user="admin")
        assert reply.json() == {"tags": ["red"]}
        assert (await call("PUT", f"{path}/tags/blue", user="admin")).status_code == 201
        shown = (await neutron.get(f"/{home}/{id}", "admin")).popitem()[1]
        assert shown["tags"] == ["blue", "red"]
        found = (await neutron.get(f"/{home}?tags=red", "admin")).popitem()[1]
        assert [row["id"] for row in found] == [id]
        assert (await call("DELETE", f"{path}/tags/blue", user="admin")).status_code == 204
        assert (await call("DELETE", f"{path}/tags", user="admin")).status_code == 204
        assert (await call("GET", f"{path}/tags", user="admin")).json() == {"tags": []}
    member = await neutron.cloud.call("PUT", f"{ROOT}/network_segment_ranges/{made['id']}/tags/x")
    assert member.status_code == 404


async def test_nobody_tags_what_is_anothers(neutron: Neutron) -> None:
    theirs = await taggables(neutron, "admin")
    shared = await neutron.make("networks", "admin", shared=True)
    for collection, id in [*theirs.items(), ("networks", shared["id"])]:
        path = f"{ROOT}/{collection}/{id}/tags"
        expected = 403 if id == shared["id"] else 404
        for method, suffix, body in (
            ("PUT", "", {"tags": ["x"]}),
            ("POST", "", {"tags": ["x"]}),
            ("PUT", "/x", None),
            ("DELETE", "", None),
        ):
            reply = await neutron.cloud.call(method, path + suffix, body)
            assert reply.status_code == expected, (collection, method)
        assert (await neutron.cloud.call("GET", path, user="admin")).json() == {"tags": []}


async def test_bad_tags_are_refused(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    path = f"{ROOT}/networks/{network['id']}/tags"
    for wrong in (["a,b"], ["x" * 256], [""]):
        reply = await neutron.cloud.call("PUT", path, {"tags": wrong})
        assert reply.status_code == 400, wrong
    many = [f"t{n}" for n in range(51)]
    assert (await neutron.cloud.call("PUT", path, {"tags": many})).status_code == 409
    nowhere = f"{ROOT}/agents/x/tags"
    assert (await neutron.cloud.call("GET", nowhere)).status_code == 404
