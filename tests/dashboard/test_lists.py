"""The pages of collections: empty, with many rows, of others, and with evil names."""

import re

import pytest

from dashboard.person import Person, World
from pilvi.dashboard.lists import PAGE_ROWS
from pilvi.dashboard.pages import MENUS

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
TENANT = [one for menu in MENUS if not menu.for_admins for one in menu.collections]
ADMIN = [one for menu in MENUS if menu.for_admins for one in menu.collections]
COUNT = 30
UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def fill(person: Person, name: str, count: int) -> None:
    """Make several of each cheap kind of thing, with a name."""
    network = (await person.ask("GET", "/network/v2.0/networks?name=private"))["networks"][0]["id"]
    outside = (await person.ask("GET", "/network/v2.0/networks?name=public"))["networks"][0]["id"]
    bodies = {
        "/network/v2.0/ports": {"port": {"network_id": network, "name": name}},
        "/network/v2.0/networks": {"network": {"name": name, "description": name}},
        "/network/v2.0/floatingips": {
            "floatingip": {"floating_network_id": outside, "description": name}
        },
        "/image/v2/images": {"name": name, "disk_format": "raw", "container_format": "bare"},
    }
    for number in range(count):
        for path, body in bodies.items():
            await person.ask("POST", path, body)
        cidr = f"10.{100 + number}.0.0/24"
        subnet = {"network_id": network, "cidr": cidr, "name": name, "ip_version": 4}
        await person.ask("POST", "/network/v2.0/subnets", {"subnet": subnet})


@pytest.mark.parametrize("collection", TENANT, ids=lambda one: one.path)
async def test_a_page_is_there_for_an_empty_project(world: World, collection: object) -> None:
    """The project admin has nothing of its own but what everybody has."""
    assert collection in TENANT
    path = getattr(collection, "path", "")
    admin = await world.person("admin")
    page = await admin.open(path)
    assert "<h1>" in page
    assert ("<table>" in page) != ('class="empty"' in page)


async def test_a_list_is_shown_in_parts(world: World, admin: Person) -> None:
    quota = {"network": -1, "subnet": -1, "port": -1, "floatingip": -1}
    demo = await world.person("demo")
    path = f"/network/v2.0/quotas/{demo.project_id}"
    await admin.ask("PUT", path, {"quota": quota})
    await fill(demo, "many", COUNT)
    for name in ("ports", "networks", "floating-ips", "images", "subnets"):
        first = await demo.open(name)
        assert first.count("<tr>") == PAGE_ROWS + 1, name
        assert ">First<" not in first
        link = re.search(r'rel="next" href="/dashboard/([^"]+)"', first)
        assert link is not None, name
        second = await demo.open(link[1].replace("&amp;", "&"))
        assert 1 < second.count("<tr>") <= PAGE_ROWS + 1, name
        assert ">First<" in second
        shown = [
            re.findall(rf'href="/dashboard/{name}/([^"/]+)"', page) for page in (first, second)
        ]
        assert not set(shown[0]) & (set(shown[1]) - {"new"}), name


async def test_evil_names_are_only_text(demo: Person) -> None:
    await fill(demo, EVIL, 1)
    keep = {"server": {"name": EVIL, "flavorRef": "p1.nano", "networks": "none"}}
    image = (await demo.ask("GET", "/image/v2/images?name=pilvi-guest"))["images"][0]["id"]
    keep["server"]["imageRef"] = image
    headers = {"openstack-api-version": "compute 2.90"}
    await demo.ask("POST", "/compute/v2.1/servers", keep, headers)
    await demo.ask("POST", "/volume/v3/volumes", {"volume": {"name": EVIL, "size": 1}})
    for one in TENANT:
        page = await demo.open(one.path)
        assert "<script>alert" not in page, one.path
        assert "<img src=x" not in page, one.path
        for id in set(re.findall(rf'href="/dashboard/{one.path}/([^"/]+)"', page)) - {"new"}:
            detail = await demo.open(f"{one.path}/{id}")
            assert "<script>alert" not in detail, one.path
            assert "<img src=x" not in detail, one.path
    page = await demo.open("instances")
    assert "&lt;script&gt;alert(1)" in page
    reply = await demo.get("/dashboard/instances", params={"name": EVIL, "marker": EVIL})
    assert "<script>alert" not in reply.text


async def test_what_others_have_is_not_there(world: World, demo: Person, admin: Person) -> None:
    id = await world.launch(demo)
    volume = await demo.do("volumes/new", {"name": "mine", "size": "1"})
    user = {"user": {"name": "stranger", "password": "a-good-secret"}}
    made = await admin.ask("POST", "/identity/v3/users", user)
    project = await admin.ask("POST", "/identity/v3/projects", {"project": {"name": "others"}})
    roles = await admin.ask("GET", "/identity/v3/roles?name=member")
    path = f"/identity/v3/projects/{project['project']['id']}/users/{made['user']['id']}"
    await admin.ask("PUT", f"{path}/roles/{roles['roles'][0]['id']}")
    stranger = world.browser()
    assert (await stranger.sign_in("stranger", password="a-good-secret")).status_code == 303
    for page in (f"instances/{id}", f"instances/{id}/delete", volume, f"{volume}/edit"):
        assert (await stranger.get(f"/dashboard/{page}")).status_code == 404, page
    for page in (f"instances/{id}/delete", f"instances/{id}/stop", f"{volume}/delete"):
        assert (await stranger.send(page)).status_code == 404, page
    assert id in await demo.open("instances")


@pytest.mark.parametrize("collection", TENANT, ids=lambda one: one.path)
async def test_an_id_of_nothing_is_not_there(demo: Person, collection: object) -> None:
    path = getattr(collection, "path", "")
    assert (await demo.get(f"/dashboard/{path}/{UNKNOWN}")).status_code == 404


@pytest.mark.parametrize("collection", ADMIN, ids=lambda one: one.path)
async def test_admins_see_every_row_and_its_page(admin: Person, collection: object) -> None:
    path = getattr(collection, "path", "")
    page = await admin.open(path)
    for id in set(re.findall(rf'href="/dashboard/{path}/([^"/]+)"', page)) - {"new"}:
        assert "<dl>" in await admin.open(f"{path}/{id}")


async def test_instances_are_found_by_name(world: World, demo: Person) -> None:
    await world.launch(demo, "apple")
    await world.launch(demo, "pear")
    await demo.open("")
    page = await demo.open("instances?name=app")
    assert "apple" in page
    assert "pear" not in page
    assert "Nothing fits" in await demo.open("instances?name=plum")


async def test_what_everybody_has_is_only_seen(demo: Person, admin: Person) -> None:
    """A public image and the external network are not the tenant's to change."""
    for name, path in (("pilvi-guest", "/image/v2/images"), ("public", "/network/v2.0/networks")):
        rows = (await demo.ask("GET", f"{path}?name={name}")).values()
        id = next(value for value in rows if isinstance(value, list))[0]["id"]
        at = f"{path.rpartition('/')[2]}/{id}"
        assert f"{at}/delete" not in await demo.open(at)
        assert f"{at}/delete" not in await demo.open(at.partition("/")[0])
        assert f"{at}/delete" in await admin.open(at)
        assert (await demo.send(f"{at}/delete")).status_code in (403, 404)
