"""Forms of other pages are refused, and nothing leads out."""

import pytest

from dashboard.person import Person, World, refusal_of
from pilvi.dashboard.guard import safe_next

FORM = {"name": "stolen", "cidr": ""}


async def networks(person: Person) -> set[str]:
    """Names of the networks that there are."""
    found = await person.ask("GET", "/network/v2.0/networks")
    return {network["name"] for network in found["networks"]}


@pytest.mark.parametrize("key", [None, "", "x", "é"])
async def test_a_form_without_the_sessions_key_is_refused(demo: Person, key: str | None) -> None:
    form = FORM if key is None else {**FORM, "form_key": key}
    reply = await demo.http.post("/dashboard/networks/new", data=form)
    assert reply.status_code == 403
    assert "load the page again" in refusal_of(reply)
    assert "stolen" not in await networks(demo)


async def test_the_key_of_another_session_is_refused(demo: Person, admin: Person) -> None:
    form = {**FORM, "form_key": await admin.key()}
    reply = await demo.http.post("/dashboard/networks/new", data=form)
    assert reply.status_code == 403
    assert "stolen" not in await networks(demo)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://cloud.test.evil.test"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_sites_form_is_refused_even_with_the_key(
    demo: Person, headers: dict[str, str]
) -> None:
    reply = await demo.send("networks/new", FORM, headers=headers)
    assert reply.status_code == 403
    assert "stolen" not in await networks(demo)


async def test_our_own_form_is_accepted(demo: Person) -> None:
    headers = {"origin": "http://cloud.test", "sec-fetch-site": "same-origin"}
    assert (await demo.send("networks/new", FORM, headers=headers)).status_code == 303
    assert "stolen" in await networks(demo)


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.test"}])
async def test_nobody_is_signed_in_by_another_site(world: World, headers: dict[str, str]) -> None:
    form = {"user": "demo", "password": "demo-secret", "domain": "Default", "next": ""}
    reply = await world.browser().http.post("/dashboard/sign-in", data=form, headers=headers)
    assert reply.status_code == 403
    assert "pilvi_dashboard" not in reply.cookies


@pytest.mark.parametrize("path", ["sign-out", "theme", "project", "download", "images/x/file"])
async def test_every_form_asks_for_the_key(demo: Person, path: str) -> None:
    reply = await demo.http.post(f"/dashboard/{path}", data={"theme": "dark"})
    assert reply.status_code == 403
    assert (await demo.get("/dashboard")).status_code == 200


async def test_a_file_asks_for_the_key_in_its_header(demo: Person) -> None:
    for headers in ({"x-form-key": "wrong"}, {}):
        path = "/dashboard/images/x/data"
        reply = await demo.http.put(path, content=b"x", headers=headers)
        assert reply.status_code == 403


async def test_a_form_that_is_too_large_is_refused(demo: Person) -> None:
    reply = await demo.send("networks/new", {"name": "x" * 300_000})
    assert reply.status_code == 413


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/dashboard", "/dashboard"),
        ("/dashboard/instances?name=a", "/dashboard/instances?name=a"),
        ("/dashboard?x", "/dashboard?x"),
        ("", "/dashboard"),
        ("//evil.test/dashboard", "/dashboard"),
        ("/dashboard/a/../../x", "/dashboard"),
        ("/dashboard/\\evil", "/dashboard"),
        ("/identity/v3", "/dashboard"),
    ],
)
def test_only_our_own_paths_are_led_to(path: str, leads_to: str) -> None:
    assert safe_next(path) == leads_to
