"""Conversations about projects below projects, tags, and domains as projects."""

from identity.keystone import Keystone, in_project


async def test_a_project_is_below_another(keystone: Keystone) -> None:
    top = await keystone.make("projects", name="top")
    assert top["parent_id"] == top["domain_id"] == "default"
    child = await keystone.make("projects", name="child", parent_id=top["id"])
    leaf = await keystone.make("projects", name="leaf", parent_id=child["id"])
    shown = (await keystone.get(f"/projects/{child['id']}?parents_as_ids&subtree_as_ids"))[
        "project"
    ]
    assert shown["parents"] == {top["id"]: {"default": None}}
    assert shown["subtree"] == {leaf["id"]: None}
    query = f"/projects/{top['id']}?subtree_as_list"
    listed = (await keystone.get(query))["project"]["subtree"]
    assert [one["project"]["name"] for one in listed] == ["child", "leaf"]
    below = (await keystone.get(f"/projects?parent_id={top['id']}"))["projects"]
    assert [one["name"] for one in below] == ["child"]
    tops = (await keystone.get("/projects?parent_id=default"))["projects"]
    assert {one["name"] for one in tops} >= {"top", "demo"} and child not in tops
    both = await keystone.call("GET", f"/projects/{top['id']}?parents_as_ids&parents_as_list")
    assert both.status_code == 400
    assert (await keystone.call("DELETE", f"/projects/{top['id']}")).status_code == 403


async def test_a_family_is_shown_as_far_as_one_has_roles_in_it(keystone: Keystone) -> None:
    top = await keystone.make("projects", name="top")
    child = await keystone.make("projects", name="child", parent_id=top["id"])
    user = await keystone.new_user("ann")
    await keystone.grant(f"projects/{child['id']}/users/{user['id']}", "reader")
    token = await keystone.token(user["id"], in_project(child["id"]))
    path = f"/projects/{child['id']}?parents_as_list"
    shown = (await keystone.with_token(token, "GET", path)).json()["project"]
    assert shown["parents"] == []


async def test_enabled_follows_the_hierarchy(keystone: Keystone) -> None:
    top = await keystone.make("projects", name="top")
    child = await keystone.make("projects", name="child", parent_id=top["id"])
    assert (await keystone.change(f"/projects/{top['id']}", enabled=False)).status_code == 403
    assert (await keystone.change(f"/projects/{child['id']}", enabled=False)).status_code == 200
    assert (await keystone.change(f"/projects/{top['id']}", enabled=False)).status_code == 200
    assert (await keystone.change(f"/projects/{child['id']}", enabled=True)).status_code == 403
    body = {"project": {"name": "late", "parent_id": top["id"]}}
    assert (await keystone.call("POST", "/projects", body)).status_code == 403


async def test_the_hierarchy_has_an_end_and_stays_in_its_domain(keystone: Keystone) -> None:
    parent_id = None
    for level in range(5):
        made = await keystone.make("projects", name=f"level{level}", parent_id=parent_id)
        parent_id = made["id"]
    body = {"project": {"name": "too-deep", "parent_id": parent_id}}
    assert (await keystone.call("POST", "/projects", body)).status_code == 403
    other = await keystone.make("domains", name="other")
    body = {"project": {"name": "p", "parent_id": parent_id, "domain_id": other["id"]}}
    assert (await keystone.call("POST", "/projects", body)).status_code == 400
    for field in ({"parent_id": other["id"]}, {"domain_id": other["id"]}, {"is_domain": True}):
        assert (await keystone.change(f"/projects/{parent_id}", **field)).status_code == 400


async def test_a_domain_is_a_project_too(keystone: Keystone) -> None:
    made = await keystone.make("projects", name="lab", is_domain=True)
    assert (made["is_domain"], made["domain_id"], made["parent_id"]) == (True, None, None)
    assert (await keystone.get(f"/domains/{made['id']}"))["domain"]["name"] == "lab"
    listed = (await keystone.get("/projects?is_domain=true"))["projects"]
    assert {one["name"] for one in listed} == {"Default", "lab"}
    assert (await keystone.get(f"/projects/{made['id']}"))["project"]["is_domain"]
    assert (await keystone.change(f"/projects/{made['id']}", enabled=False)).status_code == 200
    assert (await keystone.call("DELETE", f"/projects/{made['id']}")).status_code == 204
    assert (await keystone.call("GET", f"/domains/{made['id']}")).status_code == 404


async def test_tags(keystone: Keystone) -> None:
    made = await keystone.make("projects", name="p", tags=["a", "ä"])
    other = await keystone.make("projects", name="q", tags=["a"])
    root = f"/projects/{made['id']}/tags"
    assert (await keystone.call("PUT", f"{root}/b")).status_code == 201
    assert (await keystone.get(root))["tags"] == ["a", "ä", "b"]
    assert (await keystone.call("GET", f"{root}/b")).status_code == 204
    assert (await keystone.call("HEAD", f"{root}/zz")).status_code == 404

    async def named(query: str) -> set[str]:
        found = (await keystone.get(f"/projects?{query}"))["projects"]
        return {one["name"] for one in found} & {"p", "q"}

    assert await named("tags=a,b") == {"p"}
    assert await named("tags-any=b,zz") == {"p"}
    assert await named("not-tags=a,b") == {"q"}
    assert await named("not-tags-any=b") == {"q"}
    assert await named("tags=%C3%A4") == {"p"}
    assert (await keystone.call("DELETE", f"{root}/b")).status_code == 204
    replaced = await keystone.call("PUT", root, {"tags": ["c"]})
    assert replaced.json()["tags"] == ["c"]
    assert (await keystone.call("DELETE", root)).status_code == 204
    assert (await keystone.get(root))["tags"] == []
    for tags in (["x", "x"], ["a,b"], ["a/b"], [""], ["x" * 256], [str(n) for n in range(81)]):
        reply = await keystone.call("PUT", f"/projects/{other['id']}/tags", {"tags": tags})
        assert reply.status_code == 400, tags


async def test_what_is_immutable_says_so(keystone: Keystone) -> None:
    made = await keystone.make("projects", name="p", options={"immutable": True})
    path = f"/projects/{made['id']}"
    assert (await keystone.change(path, description="x")).status_code == 403
    assert (await keystone.call("DELETE", path)).status_code == 403
    assert (await keystone.change(path, options={"immutable": None})).status_code == 200
    assert (await keystone.call("DELETE", path)).status_code == 204


async def test_fields_of_ones_own(keystone: Keystone) -> None:
    made = await keystone.make("projects", name="p", colour="red", id="forged")
    assert made["colour"] == "red" and made["id"] != "forged"
    changed = (await keystone.change(f"/projects/{made['id']}", colour=None, size=3)).json()
    assert "colour" not in changed["project"] and changed["project"]["size"] == 3
