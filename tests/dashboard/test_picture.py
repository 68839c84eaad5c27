"""The living picture: what whom it shows, that it is only words, and what a look costs."""

import asyncio
import re
import xml.etree.ElementTree as ElementTree

import httpx
import pytest

from dashboard.person import Person, World
from pilvi.dashboard import picture
from pilvi.dashboard.render import FOLDER

EVIL = ("<script>alert(1)</script>", '\'"onload="alert(2)', "<img src=x onerror=alert(3)>")
DRAWING = re.compile(r"<svg[^>]*class=\"picture\".*</svg>", re.S)


def drawing(page: str) -> str:
    found = DRAWING.search(page)
    assert found is not None, page
    return found[0]


def words(page: str) -> list[str]:
    root = ElementTree.fromstring(drawing(page))
    return ["".join(one.itertext()) for one in root.iter() if one.tag.endswith("}text")]


async def test_a_tenant_sees_what_is_theirs_and_no_host(world: World, demo: Person) -> None:
    id = await world.launch(demo, "web")
    volume = await demo.do("volumes/new", {"name": "data", "size": "2"})
    await demo.until(volume, ">available<")
    await demo.do(f"instances/{id}/attach-volume", {"volume": volume.partition("/")[2]})
    page = await demo.until("picture", "data · 2 GiB · in-use")
    seen = words(page)
    assert "Instances" in seen and not any(one.startswith("Host ") for one in seen)
    assert any(one.startswith("web · ACTIVE · 10.0.0.") for one in seen)
    assert any(one.startswith("vda · 1 GiB · copy of the image · changed: 1.0") for one in seen)
    assert 'class="iscsi"' in page
    assert f'<a href="/dashboard/instances/{id}">' in page
    assert 'class="heat-1"' in page
    assert 'href="/dashboard/files/picture.css"' in page


async def test_an_admin_sees_every_host_and_project(
    world: World, demo: Person, admin: Person
) -> None:
    await world.launch(demo, "web")
    seen = words(await admin.until("picture", "web · ACTIVE"))
    assert any(re.fullmatch(r"Host \S+ \(up\)", one) for one in seen)
    assert any(re.match(r"1 used, \d+ free", one) for one in seen)
    assert not any(one.startswith("Not on a host") for one in seen)


async def test_others_things_are_not_drawn(world: World, demo: Person, admin: Person) -> None:
    await demo.do("volumes/new", {"name": "secret", "size": "1"})
    user = {"user": {"name": "stranger", "password": "a-good-secret"}}
    made = await admin.ask("POST", "/identity/v3/users", user)
    project = await admin.ask("POST", "/identity/v3/projects", {"project": {"name": "others"}})
    roles = await admin.ask("GET", "/identity/v3/roles?name=reader")
    path = f"/identity/v3/projects/{project['project']['id']}/users/{made['user']['id']}"
    await admin.ask("PUT", f"{path}/roles/{roles['roles'][0]['id']}")
    await world.launch(demo, "not-theirs")
    stranger = world.browser()
    assert (await stranger.sign_in("stranger", password="a-good-secret")).status_code == 303
    for query in ("", "?as=text"):
        page = await stranger.open(f"picture{query}")
        assert "not-theirs" not in page and "secret" not in page
        assert "pilvi-guest" in page
    assert "secret" in await admin.open("picture")


@pytest.mark.parametrize("evil", EVIL)
async def test_evil_names_are_only_text(demo: Person, evil: str) -> None:
    image = (await demo.ask("GET", "/image/v2/images?name=pilvi-guest"))["images"][0]["id"]
    fields = {"name": evil, "flavorRef": "p1.nano", "networks": "none", "imageRef": image}
    headers = {"openstack-api-version": "compute 2.90"}
    await demo.ask("POST", "/compute/v2.1/servers", {"server": fields}, headers)
    await demo.ask("POST", "/volume/v3/volumes", {"volume": {"name": evil, "size": 1}})
    body = {"name": evil, "disk_format": "raw", "container_format": "bare"}
    await demo.ask("POST", "/image/v2/images", body)
    page = await demo.open("picture")
    assert any(evil in one for one in words(page))
    for one in ElementTree.fromstring(drawing(page)).iter():
        name = one.tag.partition("}")[2]
        assert name in {"svg", "rect", "text", "title", "circle", "path", "a"}
        assert not [key for key in one.attrib if key.startswith("on") or key == "style"]
    in_words = await demo.open("picture?as=text")
    assert "<script>alert" not in in_words and "<img src=x" not in in_words


async def test_a_deleted_instance_gives_back_what_it_had(
    world: World, demo: Person, admin: Person
) -> None:
    id = await world.launch(demo, "web")
    await admin.until("picture", "1 used, ")
    await demo.do(f"instances/{id}/delete")
    await admin.until("picture", ">0 used, ")
    async with asyncio.timeout(15):
        while any(  # noqa: ASYNC110  # no event
            one.startswith("web") for one in words(await admin.open("picture"))
        ):
            await asyncio.sleep(0.02)


async def test_the_same_in_words(world: World, demo: Person) -> None:
    await world.launch(demo, "web")
    page = await demo.open("picture?as=text")
    assert "<pre" in page and "web (ACTIVE)" in page and "IMAGE STORE" in page
    assert "as=text" in page


async def test_a_look_costs_the_same_however_much_there_is(
    world: World, demo: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    send = httpx.AsyncClient.request

    async def count(client: httpx.AsyncClient, method: str, url: str, **words: object) -> object:
        asked.append(url)
        return await send(client, method, url, **words)  # type: ignore[arg-type]

    async def calls() -> int:
        asked.clear()
        await admin.open("picture")
        return len(asked) - 1

    monkeypatch.setattr(httpx.AsyncClient, "request", count)
    before = await calls()
    for name in ("a", "b", "c"):
        await world.launch(demo, name)
        await demo.do("volumes/new", {"name": name, "size": "1"})
    monkeypatch.setattr(picture, "SERVERS", 2)
    monkeypatch.setattr(picture, "VOLUMES", 2)
    assert await calls() == before
    seen = words(await admin.open("picture"))
    assert sum(" · ACTIVE" in one for one in seen) == 2
    assert "… and more instances" in seen and "… and more" in seen


async def test_the_menu_leads_there(demo: Person, admin: Person) -> None:
    for person in (demo, admin):
        assert 'href="/dashboard/picture"' in await person.open("")
        assert 'href="/dashboard/picture" aria-current="page"' in await person.open("picture")


async def test_the_style_is_a_file_and_knows_the_pages_colours(demo: Person) -> None:
    reply = await demo.http.get("/dashboard/files/picture.css")
    assert reply.headers["content-type"].startswith("text/css")
    page = (FOLDER.parent / "web" / "dashboard.css").read_text()
    for name in set(re.findall(r"var\((--[a-z0-9-]+)\)", reply.text)):
        assert page.count(f"{name}:") == 3, name
