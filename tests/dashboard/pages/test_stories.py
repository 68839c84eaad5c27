"""Stories on pages: what happened, and what to do where something is not as wished."""

from typing import Any

import pytest

from dashboard.person import Person, World
from pilvi.dashboard.client import Client, Refused
from pilvi.dashboard.pages.stories import LINES, list_urgent, show_story, tell_story

EVIL = "<script>alert(1)</script>"


def event(words: str, at: str | None = None, user_id: str = "") -> dict[str, Any]:
    return {"words": words, "at": at, "user_id": user_id, "request_id": ""}


def story(**parts: Any) -> dict[str, Any]:
    return {"asked": [], "done": [], "waits": [], "failed": [], "next_steps": [], **parts}


async def test_an_instance_tells_what_was_asked_and_done(world: World, demo: Person) -> None:
    id = await world.launch(demo)
    page = await demo.until(f"instances/{id}", "its guest ran for the first time")
    assert "create: done after" in page and ">asked<" in page and "by you" in page
    assert "What to do" not in page and "Needs a look" not in page


async def test_an_instance_without_room_says_what_to_do(world: World, demo: Person) -> None:
    image = await world.image_id(demo)
    flavor = {"name": "huge", "vcpus": 1, "ram": 9_000_000, "disk": 1}
    admin = await world.person("admin")
    made = await admin.ask("POST", "/compute/v2.1/flavors", {"flavor": flavor})
    quota = {"quota_set": {"ram": -1}}
    await admin.ask("PUT", f"/compute/v2.1/os-quota-sets/{demo.project_id}", quota)
    form = {"name": EVIL, "count": "1", "image": image, "flavor": made["flavor"]["id"]}
    at = await demo.do("instances/new", form)
    page = await demo.until(at, ">error<")
    assert "Needs a look" in page and "What to do" in page
    assert "ask for less" in page and "It failed" in page
    assert EVIL not in page


async def test_a_volume_a_port_and_an_image_have_theirs(world: World, demo: Person) -> None:
    volume = await demo.do("volumes/new", {"name": "v", "size": "1"})
    assert "create: 1 GiB" in await demo.until(volume, ">available<")
    networks = await demo.ask("GET", "/network/v2.0/networks?name=private")
    port = await demo.do("ports/new", {"network": networks["networks"][0]["id"], "name": "p"})
    assert "<h2>Story</h2>" in await demo.open(port)
    form = {"name": "i", "disk_format": "raw", "url": "", "visibility": "private"}
    image = await demo.do("images/new", form)
    page = await demo.open(image.removesuffix("/file"))
    assert "<h2>Story</h2>" in page and "What to do" in page


def test_what_is_as_wished_has_nothing_urgent() -> None:
    assert list_urgent(story(failed=[event("long ago")])) == []


def test_a_wait_says_how_often_it_was_tried() -> None:
    wait = {"words": "the host", "since": None, "tries": 3, "last_error": "no space"}
    (section,) = list_urgent(story(waits=[wait]))
    assert section.title == "Under way"
    line = "the host, tried 3 times; the last error: no space"
    assert section.told == [("It waits for", [line])]


def test_the_newest_comes_first_and_not_all_of_it() -> None:
    asked = [event(f"a{n}", f"2026-01-01T00:00:{n:02}Z", "me") for n in range(30)]
    section = show_story(story(asked=asked, done=[event("d", "2026-01-01T00:00:29Z")]), "me")
    assert len(section.rows) == LINES
    assert [row["words"] for row in section.rows[:3]] == ["a29", "d", "a28"]


async def test_a_role_that_may_not_read_it_sees_the_page_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(self: Client, path: str, *words: Any, **more: Any) -> Any:
        raise Refused(status, "cannot")

    monkeypatch.setattr(Client, "get", refuse)
    client = Client(None, "")  # type: ignore[arg-type]
    status = 403
    assert await tell_story(client, "/x", "id") == ([], [])
    status = 401
    with pytest.raises(Refused):
        await tell_story(client, "/x", "id")
