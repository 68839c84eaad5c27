"""Conversations about definitions of metadata: namespaces and the types of resources."""

from typing import Any

from cloud import Cloud
from image_files import add_user

METADEFS = "/image/v2/metadefs"
NAMESPACES = f"{METADEFS}/namespaces"
WHOLE: dict[str, Any] = {
    "namespace": "OS::Compute::Libvirt",
    "display_name": "libvirt",
    "description": "Options of a driver.",
    "visibility": "public",
    "protected": False,
    "objects": [
        {
            "name": "CPU limits",
            "description": "How much of a CPU.",
            "required": ["cpu_shares"],
            "properties": {"cpu_shares": {"title": "Shares", "type": "integer", "minimum": 1}},
        }
    ],
    "properties": {
        "boot_menu": {"title": "Boot menu", "type": "string", "enum": ["true", "false"]},
        "serial": {"title": "Ports", "type": "integer", "minimum": 0, "default": 1},
    },
    "tags": [{"name": "b"}, {"name": "a"}],
    "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}],
}


async def define(cloud: Cloud, name: str = "ours", **fields: Any) -> dict[str, Any]:
    """A namespace of the admin's project."""
    body = {"namespace": name, "visibility": "public", **fields}
    reply = await cloud.call("POST", NAMESPACES, body, user="admin")
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def names(cloud: Cloud, query: str = "", user: str = "demo") -> list[str]:
    """The names of the namespaces that a user sees."""
    reply = await cloud.call("GET", NAMESPACES + query, user=user)
    assert reply.status_code == 200, reply.text
    return [one["namespace"] for one in reply.json()["namespaces"]]


async def test_a_namespace_is_defined_with_all_that_it_holds(cloud: Cloud) -> None:
    reply = await cloud.call("POST", NAMESPACES, WHOLE, user="admin")
    assert reply.status_code == 201, reply.text
    made = reply.json()
    assert reply.headers["location"].endswith("/metadefs/namespaces/OS::Compute::Libvirt")
    path = f"{NAMESPACES}/OS::Compute::Libvirt"
    seen = (await cloud.call("GET", path)).json()
    assert seen == made
    assert seen["self"] == "/v2/metadefs/namespaces/OS::Compute::Libvirt"
    assert seen["owner"] == cloud.project_ids["admin"] and seen["properties"] == WHOLE["properties"]
    assert seen["tags"] == [{"name": "a"}, {"name": "b"}]
    assert seen["objects"][0]["properties"] == WHOLE["objects"][0]["properties"]
    prefixed = (await cloud.call("GET", f"{path}?resource_type=OS::Glance::Image")).json()
    assert set(prefixed["properties"]) == {"hw_boot_menu", "hw_serial"}
    assert prefixed["objects"][0]["required"] == ["hw_cpu_shares"]
    other = await cloud.call("GET", f"{path}?resource_type=OS::Nova::Flavor")
    assert other.status_code == 404
    assert (await cloud.call("POST", NAMESPACES, WHOLE, user="admin")).status_code == 409
    assert (await cloud.call("DELETE", path, user="admin")).status_code == 204
    assert (await cloud.call("GET", path)).status_code == 404
    assert (await cloud.call("POST", NAMESPACES, WHOLE, user="admin")).status_code == 201


WRONG: list[dict[str, Any]] = [
    {},
    {"namespace": ""},
    {"namespace": "x" * 81},
    {"namespace": "a/b"},
    {"namespace": "n", "visibility": "shared"},
    {"namespace": "n", "protected": "yes"},
    {"namespace": "n", "color": "red"},
    {"namespace": "n", "self": "/here"},
    {"namespace": "n", "owner": ""},
    {"namespace": "n", "properties": {"p": {"title": "no type"}}},
    {"namespace": "n", "properties": {"p": {"title": "P", "type": "word"}}},
    {"namespace": "n", "objects": [{"properties": {}}]},
    {"namespace": "n", "tags": ["a"]},
]


async def test_what_is_no_namespace(cloud: Cloud) -> None:
    for body in WRONG:
        reply = await cloud.call("POST", NAMESPACES, body, user="admin")
        assert reply.status_code == 400, (body, reply.text)
        assert reply.json()["message"].startswith("cannot ")
    twice = {"namespace": "n", "tags": [{"name": "a"}, {"name": "a"}]}
    assert (await cloud.call("POST", NAMESPACES, twice, user="admin")).status_code == 409
    assert await names(cloud, user="admin") == []


async def test_a_namespace_is_changed_and_protected(cloud: Cloud) -> None:
    await define(cloud, tags=[{"name": "a"}])
    await define(cloud, "taken")
    path = f"{NAMESPACES}/ours"
    body = {"namespace": "theirs", "description": "new", "protected": True}
    changed = await cloud.call("PUT", path, body, user="admin")
    assert changed.status_code == 200 and changed.json()["namespace"] == "theirs"
    assert changed.json()["visibility"] == "public", "what is not named stays"
    path = f"{NAMESPACES}/theirs"
    for below in ("", "/tags", "/tags/a", "/objects", "/properties"):
        reply = await cloud.call("DELETE", path + below, user="admin")
        assert reply.status_code == 403 and "protected" in reply.json()["message"]
    body = {"namespace": "taken"}
    assert (await cloud.call("PUT", path, body, user="admin")).status_code == 409
    body = {"namespace": "theirs", "protected": False}
    assert (await cloud.call("PUT", path, body, user="admin")).status_code == 200
    assert (await cloud.call("DELETE", path, user="admin")).status_code == 204


async def test_only_admins_define_and_private_is_private(cloud: Cloud) -> None:
    await add_user(cloud, "owner", "owners")
    await define(cloud, "hidden", visibility="private", tags=[{"name": "secret"}])
    await define(cloud, "given", visibility="private", owner=cloud.project_ids["owners"])
    await define(cloud, "open")
    assert sorted(await names(cloud)) == ["open"]
    assert sorted(await names(cloud, user="owner")) == ["given", "open"]
    assert sorted(await names(cloud, user="admin")) == ["given", "hidden", "open"]
    assert await names(cloud, "?visibility=private") == []
    for below in ("", "/objects", "/properties", "/tags", "/tags/secret", "/resource_types"):
        reply = await cloud.call("GET", f"{NAMESPACES}/hidden{below}")
        assert reply.status_code == 404 and "secret" not in reply.json()["message"]
    for method, below, body in (
        ("POST", "", {"namespace": "mine"}),
        ("PUT", "/open", {"namespace": "open"}),
        ("DELETE", "/open", None),
        ("POST", "/open/tags/t", None),
        ("POST", "/open/resource_types", {"name": "OS::Nova::Server"}),
    ):
        assert (await cloud.call(method, NAMESPACES + below, body)).status_code == 403


async def test_namespaces_are_paged_and_filtered(cloud: Cloud) -> None:
    for number in range(5):
        kind = {"name": "OS::Nova::Flavor" if number % 2 else "OS::Nova::Server"}
        await define(cloud, f"n{number}", resource_type_associations=[kind])
    assert await names(cloud) == ["n4", "n3", "n2", "n1", "n0"]
    query = "?limit=2&sort_key=namespace&sort_dir=asc"
    seen = []
    while query:
        reply = (await cloud.call("GET", NAMESPACES + query)).json()
        seen += [one["namespace"] for one in reply["namespaces"]]
        query = "?" + reply["next"].partition("?")[2] if "next" in reply else ""
    assert seen == ["n0", "n1", "n2", "n3", "n4"]
    found = await names(cloud, "?resource_types=OS::Nova::Flavor,OS::Trove::Instance")
    assert found == ["n3", "n1"]
    for query in ("?visibility=shared", "?marker=nobody", "?sort_key=owner", "?limit=x"):
        assert (await cloud.call("GET", NAMESPACES + query)).status_code == 400


async def test_types_of_resources(cloud: Cloud) -> None:
    async def known() -> list[str]:
        reply = await cloud.call("GET", f"{METADEFS}/resource_types")
        return [one["name"] for one in reply.json()["resource_types"]]

    before = await known()
    assert "OS::Glance::Image" in before
    await define(cloud)
    path = f"{NAMESPACES}/ours/resource_types"
    body = {"name": "OS::Pilvi::Thing", "prefix": "hw:", "properties_target": "image"}
    made = await cloud.call("POST", path, body, user="admin")
    assert made.status_code == 201 and body.items() <= made.json().items()
    assert (await cloud.call("POST", path, body, user="admin")).status_code == 409
    listed = (await cloud.call("GET", path)).json()
    assert listed == {"resource_type_associations": [made.json()]}
    assert await known() == [*before, "OS::Pilvi::Thing"]
    one = f"{path}/OS::Pilvi::Thing"
    assert (await cloud.call("DELETE", one, user="admin")).status_code == 204
    assert (await cloud.call("DELETE", one, user="admin")).status_code == 404
    assert (await cloud.call("GET", path)).json() == {"resource_type_associations": []}


async def test_a_namespace_may_have_any_letters(cloud: Cloud) -> None:
    name = "OS::一\U0001f600"
    body = {"namespace": name, "visibility": "public"}
    reply = await cloud.call("POST", NAMESPACES, body, user="admin")
    assert (reply.status_code, reply.json()["namespace"]) == (201, name)
    shown = await cloud.http.get(
        reply.headers["location"], headers={"x-auth-token": await cloud.token()}
    )
    assert shown.json()["namespace"] == name
    for collection, fields in (
        ("objects", {}),
        ("properties", {"title": "t", "type": "string"}),
        ("tags/一", None),
    ):
        path = f"{reply.headers['location']}/{collection}"
        body = None if fields is None else {"name": "一", **fields}
        made = await cloud.call("POST", path, body, user="admin")
        assert made.status_code == 201, made.text
        assert made.headers["location"].isascii()
