"""Forms: what they ask for, what they keep, and that they are done once."""

import re

import pytest

from dashboard.person import Person, refusal_of


async def count(person: Person, path: str) -> int:
    """How many of a kind the API has."""
    found = await person.ask("GET", path)
    return len(next(value for value in found.values() if isinstance(value, list)))


async def test_a_form_that_is_sent_twice_is_done_once(demo: Person) -> None:
    page = await demo.open("volumes/new")
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once is not None
    form = {"name": "data", "size": "1", "once": once[1]}
    assert await demo.do("volumes/new", form) == await demo.do("volumes/new", form)
    assert await count(demo, "/volume/v3/volumes") == 1
    again = re.search(r'name="once" value="([^"]+)"', await demo.open("volumes/new"))
    assert again is not None
    await demo.do("volumes/new", {**form, "once": again[1]})
    assert await count(demo, "/volume/v3/volumes") == 2


async def test_a_refused_form_can_be_mended_and_sent_again(demo: Person) -> None:
    reply = await demo.send("networks/new", {"name": "n", "cidr": "nonsense", "once": "first"})
    assert reply.status_code == 400
    once = re.search(r'name="once" value="([^"]+)"', reply.text)
    assert once is not None
    assert once[1] != "first"


async def test_what_must_be_filled_in_is_named(demo: Person) -> None:
    before = await count(demo, "/network/v2.0/routers")
    reply = await demo.send("routers/new", {"name": "  "})
    assert (reply.status_code, refusal_of(reply)) == (
        400,
        "Cannot go on without 'Name': fill it in",
    )
    assert await count(demo, "/network/v2.0/routers") == before


@pytest.mark.parametrize("text", ["²", "ten", "1.5", "1" * 40, "--1"])
async def test_what_is_no_number_is_named(demo: Person, text: str) -> None:
    reply = await demo.send("volumes/new", {"name": "n", "size": text})
    assert reply.status_code == 400
    assert refusal_of(reply).startswith(f"Cannot use '{text}' as 'Size (GiB)'")
    assert await count(demo, "/volume/v3/volumes") == 0


async def test_a_password_is_never_shown_again(admin: Person) -> None:
    form = {"name": "", "password": "a-typed-secret", "email": "x@example.org"}
    reply = await admin.send("users/new", form)
    assert reply.status_code == 400
    assert "a-typed-secret" not in reply.text
    assert 'value="x@example.org"' in reply.text


async def test_fields_that_a_form_does_not_have_are_left_alone(demo: Person) -> None:
    await demo.do("networks/new", {"name": "n", "cidr": "", "shared": "true", "x": "y"})
    networks = (await demo.ask("GET", "/network/v2.0/networks?name=n"))["networks"]
    assert networks[0]["shared"] is False


async def test_a_query_fills_in_fields_and_nothing_else(demo: Person) -> None:
    page = await demo.open('networks/new?name="><b>&form_key=evil&once=evil')
    assert 'value="&#34;&gt;&lt;b&gt;"' in page
    assert 'value="evil"' not in page
