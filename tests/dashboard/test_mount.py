"""What every answer of the dashboard has, and where `/` leads."""

import pytest

from dashboard.person import Person, World, refusal_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


async def test_a_browser_is_led_from_the_root(world: World) -> None:
    browser = world.browser()
    reply = await browser.get("/", headers={"accept": "text/html,*/*;q=0.8"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/dashboard")
    for accept in ("application/json", "*/*"):
        reply = await browser.get("/", headers={"accept": accept})
        assert reply.status_code == 404
        assert reply.json()["error"]["message"].startswith("cannot find the path /;")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "sign-in",
        "picture",
        "instances",
        "instances/new",
        "instances/x",
        "nonsense",
        "quotas",
        "theme",
    ],
)
async def test_every_answer_has_the_headers(world: World, demo: Person, path: str) -> None:
    for person in (demo, world.browser()):
        reply = await person.get(f"/dashboard/{path}".rstrip("/"))
        if reply.status_code == 405:
            continue
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-frame-options"] == "DENY"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "same-origin"


async def test_a_slash_at_the_end_is_no_other_page(demo: Person) -> None:
    for typed, page in (
        ("/dashboard/instances/", "/dashboard/instances"),
        ("/dashboard/instances/?limit=1", "/dashboard/instances?limit=1"),
        ("/dashboard//evil.example/", "/dashboard//evil.example"),
    ):
        reply = await demo.get(typed)
        assert (reply.status_code, reply.headers["location"]) == (303, page)
    reply = await demo.get("/dashboard/", headers={"accept": "text/html"})
    assert reply.headers["location"] == "/dashboard"


async def test_what_is_not_there_says_so(demo: Person) -> None:
    for path in ("nonsense", "nonsense/new", "nonsense/x", "instances/x", "services/x"):
        reply = await demo.get(f"/dashboard/{path}")
        assert reply.status_code == 404, path
        assert refusal_of(reply).startswith("Cannot"), path
    for path in ("snapshots/new", "hosts/new", "instances/x/nonsense"):
        assert (await demo.get(f"/dashboard/{path}")).status_code == 404, path
        assert (await demo.send(path)).status_code == 404, path


async def test_no_id_leads_to_another_path_of_the_api(demo: Person) -> None:
    for id in ("%2e%2e", "..%2fflavors", "%2e", "a%2fb"):
        reply = await demo.get(f"/dashboard/volumes/{id}")
        assert reply.status_code == 404, id


async def test_who_is_no_admin_sees_no_page_of_admins(demo: Person, admin: Person) -> None:
    assert "Administration" not in await demo.open("")
    assert "Administration" in await admin.open("")
    for path in ("hosts", "aggregates", "projects", "users", "quotas", "services"):
        assert (await demo.get(f"/dashboard/{path}")).status_code == 403, path
        assert (await admin.get(f"/dashboard/{path}")).status_code == 200, path


async def test_an_error_of_ours_shows_no_traceback(
    demo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: object, **more: object) -> None:
        raise RuntimeError("the secret detail")

    monkeypatch.setattr("pilvi.dashboard.overview.compute_bars", fail)
    reply = await demo.get("/dashboard")
    assert reply.status_code == 500
    assert "secret detail" not in reply.text
    assert "Traceback" not in reply.text
    assert refusal_of(reply).startswith("Cannot show this page")


async def test_head_is_answered_as_get(demo: Person) -> None:
    reply = await demo.http.head("/dashboard/instances")
    assert (reply.status_code, reply.content) == (200, b"")
