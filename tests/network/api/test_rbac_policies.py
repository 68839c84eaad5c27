"""Conversations about what is shared with whom."""

from typing import Any

import pytest

from image_files import add_user
from network.neutron import ROOT, Neutron, fault

FRIEND = "friend"


@pytest.fixture
async def friend(neutron: Neutron) -> str:
    """The id of another project, which has a member."""
    await add_user(neutron.cloud, FRIEND, "friends")
    return str(neutron.cloud.project_ids["friends"])


async def share(
    neutron: Neutron, kind: str, id: str, target: str, user: str = "demo", **m: Any
) -> Any:
    """The reply to sharing a thing."""
    fields = {
        "object_type": kind,
        "object_id": id,
        "target_tenant": target,
        "action": "access_as_shared",
    }
    return await neutron.post_to("rbac-policies", "rbac_policy", user, **{**fields, **m})


async def status(neutron: Neutron, path: str, user: str = FRIEND) -> int:
    """What a GET is answered."""
    return int((await neutron.cloud.call("GET", ROOT + path, user=user)).status_code)


async def test_a_network_is_shared_with_one_project(neutron: Neutron, friend: str) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24")
    path = f"/networks/{network['id']}"
    assert await status(neutron, path) == 404
    reply = await share(neutron, "network", network["id"], friend)
    assert reply.status_code == 201
    policy = reply.json()["rbac_policy"]
    shown = (await neutron.get(path, FRIEND))["network"]
    assert shown["shared"] and not (await neutron.get(path))["network"]["shared"]
    assert await status(neutron, f"/subnets/{subnet['id']}") == 200
    port = await neutron.make("ports", FRIEND, network_id=network["id"])
    assert (await neutron.put("networks", network["id"], FRIEND, name="x")).status_code == 403
    assert (await neutron.put("subnets", subnet["id"], FRIEND, name="x")).status_code == 403
    for field in ({"mac_address": "fa:16:3e:00:00:99"}, {"port_security_enabled": False}):
        refused = await neutron.put("ports", port["id"], FRIEND, **field)
        assert refused.status_code == 403
    assert await neutron.delete("rbac-policies", policy["id"]) == 409
    assert await neutron.delete("ports", port["id"], FRIEND) == 204
    assert await neutron.delete("rbac-policies", policy["id"]) == 204
    assert await status(neutron, path) == 404


async def test_who_owns_nothing_shares_nothing(neutron: Neutron, friend: str) -> None:
    network = await neutron.make("networks")
    reply = await share(neutron, "network", network["id"], friend, FRIEND)
    assert reply.status_code == 404
    shared = (await share(neutron, "network", network["id"], friend)).json()["rbac_policy"]
    reply = await share(neutron, "network", network["id"], "anybody", FRIEND)
    assert reply.status_code == 403, "who is given a thing does not pass it on"
    assert await status(neutron, f"/rbac-policies/{shared['id']}") == 404
    assert await neutron.delete("rbac-policies", shared["id"], FRIEND) == 404
    assert (await share(neutron, "network", network["id"], "*")).status_code == 403
    wide = await share(neutron, "network", network["id"], friend, action="access_as_external")
    assert wide.status_code == 403
    twice = await share(neutron, "network", network["id"], friend)
    assert twice.status_code == 409 and "already" in fault(twice)


async def test_a_network_is_external_for_one_project(neutron: Neutron, friend: str) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24", "admin")
    path = f"/networks/{network['id']}"
    made = await share(
        neutron, "network", network["id"], friend, "admin", action="access_as_external"
    )
    assert made.status_code == 201
    assert (await neutron.get(path, FRIEND))["network"]["router:external"]
    assert await status(neutron, path, "demo") == 404
    gateway = {"network_id": network["id"]}
    router = await neutron.make("routers", FRIEND, external_gateway_info=gateway)
    assert (await neutron.post("ports", FRIEND, network_id=network["id"])).status_code == 403
    id = made.json()["rbac_policy"]["id"]
    assert await neutron.delete("rbac-policies", id, "admin") == 409
    assert await neutron.delete("routers", router["id"], FRIEND) == 204
    assert await neutron.delete("rbac-policies", id, "admin") == 204
    assert not (await neutron.get(path, "admin"))["network"]["router:external"]


async def test_sharing_with_everybody_is_a_policy_too(neutron: Neutron, friend: str) -> None:
    network = await neutron.make("networks", "admin", shared=True)
    found = await neutron.get(f"/rbac-policies?object_id={network['id']}", "admin")
    (policy,) = found["rbac_policies"]
    assert (policy["target_tenant"], policy["action"]) == ("*", "access_as_shared")
    assert await neutron.delete("rbac-policies", policy["id"], "admin") == 204
    assert not (await neutron.get(f"/networks/{network['id']}", "admin"))["network"]["shared"]
    reply = await neutron.put("networks", network["id"], "admin", shared=True)
    assert (
        reply.json()["network"]["shared"]
        and await status(neutron, f"/networks/{network['id']}") == 200
    )


async def test_other_things_are_shared(neutron: Neutron, friend: str) -> None:
    group = await neutron.make("security-groups", name="g")
    pool = await neutron.make("subnetpools", name="p", prefixes=["10.1.0.0/16"])
    scope = await neutron.make("address-scopes", name="s", ip_version=4)
    addresses = await neutron.make("address-groups", name="a")
    for kind, collection, thing in (
        ("security_group", "security-groups", group),
        ("subnetpool", "subnetpools", pool),
        ("address_scope", "address-scopes", scope),
        ("address_group", "address-groups", addresses),
    ):
        path = f"/{collection}/{thing['id']}"
        assert await status(neutron, path) == 404
        reply = await share(neutron, kind, thing["id"], friend)
        assert reply.status_code == 201, reply.text
        shown = (await neutron.get(path, FRIEND))[kind]
        assert shown["shared"], kind
        refused = await neutron.cloud.call("DELETE", ROOT + path, user=FRIEND)
        assert refused.status_code == 403
    wish = {"security_group_id": group["id"], "direction": "ingress"}
    assert (await neutron.post("security-group-rules", FRIEND, **wish)).status_code == 403
    network = await neutron.make("networks", FRIEND)
    port = await neutron.make(
        "ports", FRIEND, network_id=network["id"], security_groups=[group["id"]]
    )
    assert port["security_groups"] == [group["id"]]
    (policy,) = (await neutron.get(f"/rbac-policies?object_id={group['id']}"))["rbac_policies"]
    assert await neutron.delete("rbac-policies", policy["id"]) == 409


async def test_a_policy_moves_to_another_project(neutron: Neutron, friend: str) -> None:
    network = await neutron.make("networks")
    made = (await share(neutron, "network", network["id"], "nobody")).json()["rbac_policy"]
    path = f"{ROOT}/rbac-policies/{made['id']}"
    body = {"rbac_policy": {"target_tenant": friend}}
    assert (await neutron.cloud.call("PUT", path, body)).json()["rbac_policy"][
        "target_tenant"
    ] == friend
    assert await status(neutron, f"/networks/{network['id']}") == 200
    body = {"rbac_policy": {"object_id": "x", "target_tenant": friend}}
    assert (await neutron.cloud.call("PUT", path, body)).status_code == 400
    for wrong in ({"kind": "port"}, {"kind": "subnetpool", "action": "access_as_external"}):
        kind = wrong.pop("kind")
        reply = await share(neutron, kind, network["id"], friend, **wrong)
        assert reply.status_code == 400


async def test_the_quota_holds(neutron: Neutron, friend: str) -> None:
    network = await neutron.make("networks")
    for number in range(10):
        assert (await share(neutron, "network", network["id"], f"p{number}")).status_code == 201
    assert (await share(neutron, "network", network["id"], "p10")).status_code == 409
