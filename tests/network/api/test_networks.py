"""Conversations about networks."""

from network.neutron import ROOT, Neutron, fault


async def test_a_network_is_made_shown_changed_and_deleted(neutron: Neutron) -> None:
    made = await neutron.make("networks", name="blue", description="of the sky")
    assert made["name"] == "blue" and made["status"] == "ACTIVE" and made["admin_state_up"]
    assert made["mtu"] == 1450 and not made["router:external"] and not made["shared"]
    assert made["project_id"] == made["tenant_id"] == neutron.cloud.project_ids["demo"]
    assert "provider:network_type" not in made
    changed = await neutron.put("networks", made["id"], name="green", mtu=1400)
    assert changed.status_code == 200
    shown = (await neutron.get(f"/networks/{made['id']}"))["network"]
    assert (shown["name"], shown["mtu"]) == ("green", 1400)
    assert shown["revision_number"] > made["revision_number"]
    assert await neutron.delete("networks", made["id"]) == 204
    assert await neutron.delete("networks", made["id"]) == 404


async def test_a_new_cloud_has_public_and_private(neutron: Neutron) -> None:
    public = await neutron.named("networks", "public")
    private = await neutron.named("networks", "private")
    assert public["router:external"] and not public["shared"] and public["mtu"] == 1500
    assert len(private["subnets"]) == 1
    shown = (await neutron.get(f"/networks/{public['id']}", "admin"))["network"]
    assert shown["provider:network_type"] == "flat"
    assert shown["provider:physical_network"] == "external"


async def test_members_do_not_set_what_is_for_admins(neutron: Neutron) -> None:
    for field in (
        {"shared": True},
        {"router__external": True},
        {"provider__network_type": "vxlan"},
    ):
        assert (await neutron.post("networks", **field)).status_code == 403
    plain = await neutron.make("networks", shared=False)
    # Not even to its default, which would reset what an admin has set (OSSA-2014-031).
    for field in ({"shared": False}, {"router__external": False}, {"provider__segmentation_id": 3}):
        assert (await neutron.put("networks", plain["id"], **field)).status_code == 403


async def test_another_projects_network_does_not_exist_unless_shared(neutron: Neutron) -> None:
    hidden = await neutron.make("networks", "admin", name="hidden")
    shared = await neutron.make("networks", "admin", name="open", shared=True)
    names = {row["name"] for row in (await neutron.get("/networks"))["networks"]}
    assert names == {"public", "private", "open"}
    reply = await neutron.cloud.call("GET", f"{ROOT}/networks/{hidden['id']}")
    assert reply.status_code == 404
    assert (await neutron.put("networks", hidden["id"], name="mine")).status_code == 404
    assert (await neutron.put("networks", shared["id"], name="mine")).status_code == 403
    assert await neutron.delete("networks", shared["id"]) == 403


async def test_admins_choose_the_segment_once(neutron: Neutron) -> None:
    wish = {"provider__network_type": "vxlan", "provider__segmentation_id": 777}
    made = await neutron.make("networks", "admin", **wish)
    assert made["provider:segmentation_id"] == 777
    assert (await neutron.post("networks", "admin", **wish)).status_code == 409
    flat = {"provider__network_type": "flat", "provider__physical_network": "external"}
    again = await neutron.post("networks", "admin", **flat, router__external=True)
    assert again.status_code == 409
    vlan = await neutron.post("networks", "admin", provider__network_type="vlan")
    assert vlan.status_code == 400 and "vlan" in fault(vlan)


async def test_a_list_makes_all_or_none(neutron: Neutron) -> None:
    body = {"networks": [{"name": "one"}, {"name": "two"}]}
    reply = await neutron.cloud.call("POST", f"{ROOT}/networks", body)
    assert [row["name"] for row in reply.json()["networks"]] == ["one", "two"]
    wrong = {"networks": [{"name": "three"}, {"name": "four", "mtu": 9000}]}
    assert (await neutron.cloud.call("POST", f"{ROOT}/networks", wrong)).status_code == 400
    assert (await neutron.get("/networks?name=three"))["networks"] == []


async def test_bad_input_is_400_and_names_it(neutron: Neutron) -> None:
    for field in ({"color": "red"}, {"name": "x" * 256}, {"mtu": 9000}, {"dns_domain": "q."}):
        reply = await neutron.post("networks", **field)
        assert reply.status_code == 400
        assert reply.json()["NeutronError"].keys() == {"type", "message", "detail"}
    assert (await neutron.post("networks", project_id="other")).status_code == 403


async def test_lists_filter_sort_page_and_choose_fields(neutron: Neutron) -> None:
    for name in ("a", "b", "c"):
        await neutron.make("networks", name=name)
    found = await neutron.get("/networks?name=a&name=c&sort_key=name&sort_dir=desc&fields=name")
    assert found["networks"] == [{"name": "c"}, {"name": "a"}]
    first = await neutron.get("/networks?limit=2&sort_key=name&name=a&name=b&name=c")
    assert [row["name"] for row in first["networks"]] == ["a", "b"]
    links = {link["rel"]: link["href"] for link in first["networks_links"]}
    second = (await neutron.cloud.call("GET", links["next"])).json()
    assert [row["name"] for row in second["networks"]] == ["c"]
    back = {link["rel"]: link["href"] for link in second["networks_links"]}
    before = (await neutron.cloud.call("GET", back["previous"])).json()
    assert [row["name"] for row in before["networks"]] == ["a", "b"]
    external = await neutron.get("/networks?router:external=True&status=ACTIVE")
    assert [row["name"] for row in external["networks"]] == ["public"]
    assert (await neutron.get("/networks?status=DOWN"))["networks"] == []
    for query in ("color=red", "shared=perhaps", "sort_key=color", "limit=many", "marker=nobody"):
        reply = await neutron.cloud.call("GET", f"{ROOT}/networks?{query}")
        assert reply.status_code == 400, query


async def test_a_network_in_use_is_not_deleted(neutron: Neutron) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24")
    port = await neutron.make("ports", network_id=network["id"])
    reply = await neutron.cloud.call("DELETE", f"{ROOT}/networks/{network['id']}")
    assert reply.status_code == 409
    assert f"first port {port['id']}: 'openstack port delete {port['id']}'" in fault(reply)
    assert await neutron.delete("ports", port["id"]) == 204
    assert await neutron.delete("networks", network["id"]) == 204
    assert (await neutron.get(f"/subnets?network_id={network['id']}"))["subnets"] == []


async def test_an_external_network_goes_with_unused_floating_ips(neutron: Neutron) -> None:
    outside, _ = await neutron.make_network("203.0.113.0/24", "admin", router__external=True)
    await neutron.make("floatingips", floating_network_id=outside["id"])
    assert await neutron.delete("networks", outside["id"], "admin") == 204
    assert (await neutron.get("/floatingips"))["floatingips"] == []


async def test_sharing_is_not_taken_back_while_others_use_it(neutron: Neutron) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24", "admin", shared=True)
    port = await neutron.make("ports", network_id=network["id"])
    reply = await neutron.put("networks", network["id"], "admin", shared=False)
    assert reply.status_code == 409
    await neutron.delete("ports", port["id"])
    reply = await neutron.put("networks", network["id"], "admin", shared=False)
    assert reply.status_code == 200


async def test_the_quota_is_409_and_says_how_much(neutron: Neutron) -> None:
    project = neutron.cloud.project_ids["demo"]
    await neutron.put("quotas", project, "admin", network=1)
    reply = await neutron.post("networks")
    assert reply.status_code == 409
    assert reply.json()["NeutronError"]["type"] == "OverQuota"
    assert "1 of 1" in fault(reply)
