"""Signing in and out: what is kept, what is refused, and where it leads."""

import pytest

from dashboard.person import Person, World, refusal_of

COOKIE = "pilvi_dashboard"


async def test_who_is_not_signed_in_is_led_to_the_door_and_back(world: World) -> None:
    person = world.browser()
    reply = await person.get("/dashboard/volumes?marker=x")
    assert reply.status_code == 303
    assert reply.headers["location"] == (
        "/dashboard/sign-in?next=%2Fdashboard%2Fvolumes%3Fmarker%3Dx"
    )
    reply = await person.sign_in("demo", next="/dashboard/volumes?marker=x")
    assert reply.headers["location"] == "/dashboard/volumes?marker=x"


async def test_a_stream_sends_the_whole_page_to_the_door(world: World) -> None:
    reply = await world.browser().get("/dashboard/instances?seen=x")
    assert (reply.status_code, reply.text) == (200, "event: over\ndata:\n\n")
    assert reply.headers["content-type"].startswith("text/event-stream")


async def test_a_wrong_password_is_refused_in_the_apis_words(world: World) -> None:
    person = world.browser()
    reply = await person.sign_in("demo", password="not-my-secret")
    assert reply.status_code == 401
    assert refusal_of(reply).startswith("Cannot")
    assert COOKIE not in person.http.cookies
    assert "not-my-secret" not in reply.text


async def test_the_cookie_is_kept_from_scripts_and_other_sites(world: World) -> None:
    reply = await world.browser().sign_in("demo")
    cookie = next(
        one for one in reply.headers.get_list("set-cookie") if one.startswith(COOKIE + "=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/dashboard" in cookie
    assert "secure" not in cookie.lower().replace("pilvi", ""), "this cloud speaks plain HTTP"


async def test_a_sign_in_makes_a_new_session(world: World) -> None:
    """A cookie that was there before, planted or not, never becomes the signed-in one."""
    person = world.browser()
    await person.sign_in("demo")
    first = person.http.cookies[COOKIE]
    first_key = await person.key()
    await person.do("sign-out")
    await person.sign_in("demo")
    assert person.http.cookies[COOKIE] != first
    assert await person.key() != first_key


async def test_signing_out_ends_every_copy_of_the_session(world: World, demo: Person) -> None:
    thief = world.browser()
    thief.http.cookies.set(COOKIE, demo.http.cookies[COOKIE], path="/dashboard")
    assert (await thief.get("/dashboard/instances")).status_code == 200
    assert await demo.do("sign-out") == "sign-in"
    reply = await thief.get("/dashboard/instances")
    assert (reply.status_code, reply.headers["location"][:18]) == (303, "/dashboard/sign-in")


async def test_signing_out_ends_the_session_of_every_project(world: World, admin: Person) -> None:
    first = admin.project_id
    cookies = [admin.http.cookies[COOKIE]]
    for id in (await _second_project(admin), first):
        await admin.do("project", {"project": id})
        cookies.append(admin.http.cookies[COOKIE])
    await admin.do("sign-out")
    for cookie in cookies:
        thief = world.browser()
        thief.http.cookies.set(COOKIE, cookie, path="/dashboard")
        reply = await thief.get("/dashboard/instances")
        assert (reply.status_code, reply.headers["location"][:18]) == (303, "/dashboard/sign-in")


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "/dashboard/../identity/v3",
        "/dashboardx",
        "/dashboard@evil.test",
        "javascript:alert(1)",
        "/dashboard/\nset-cookie: a=b",
        "/dashboard/sign-out",
    ],
)
async def test_no_sign_in_leads_out_of_the_dashboard(world: World, path: str) -> None:
    reply = await world.browser().sign_in("demo", next=path)
    assert reply.headers["location"] == "/dashboard"


async def _second_project(admin: Person) -> str:
    """Another project of the admin's; its id."""
    made = await admin.ask("POST", "/identity/v3/projects", {"project": {"name": "second"}})
    id: str = made["project"]["id"]
    me = await admin.ask("GET", "/identity/v3/users?name=admin")
    roles = await admin.ask("GET", "/identity/v3/roles?name=admin")
    role = f"users/{me['users'][0]['id']}/roles/{roles['roles'][0]['id']}"
    await admin.ask("PUT", f"/identity/v3/projects/{id}/{role}")
    return id


async def test_another_project_is_chosen_with_a_token_of_it(admin: Person) -> None:
    id = await _second_project(admin)
    old_key = await admin.key()
    await admin.do("project", {"project": id})
    assert "second" in await admin.open("")
    assert await admin.key() != old_key


async def test_a_project_of_others_cannot_be_chosen(demo: Person, admin: Person) -> None:
    reply = await demo.send("project", {"project": admin.project_id})
    assert reply.status_code == 403
    assert 'class="label">Project</span> demo' in await demo.open("")


async def test_a_user_without_a_project_is_told(world: World, admin: Person) -> None:
    user = {"user": {"name": "lonely", "password": "a-good-secret"}}
    await admin.ask("POST", "/identity/v3/users", user)
    reply = await world.browser().sign_in("lonely", password="a-good-secret")
    assert reply.status_code == 403
    assert "role in no project" in refusal_of(reply)


async def test_light_or_dark_is_kept(demo: Person) -> None:
    assert "data-theme" not in await demo.open("")
    assert await demo.do("theme", {"theme": "dark", "next": "/dashboard/volumes"}) == "volumes"
    assert '<html lang="en" data-theme="dark">' in await demo.open("")
    await demo.do("theme", {"theme": "x"})
    assert "data-theme" not in await demo.open("")
