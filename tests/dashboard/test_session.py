"""The cookie: sealed, of its own time, and nothing else is taken for it."""

import time

import httpx
import pytest
from cryptography.fernet import Fernet
from starlette.requests import Request
from starlette.responses import Response

from dashboard.person import World
from pilvi.dashboard.session import COOKIE, NOTE_COOKIE, Cookies, Session
from pilvi.errors import Internal
from pilvi.testing.cloud import build_cloud


class Box:
    """A sealer with a key of its own."""

    def __init__(self) -> None:
        self.fernet = Fernet(Fernet.generate_key())

    def seal(self, secret: str) -> str:
        return self.fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self.fernet.decrypt(sealed.encode()).decode()
        except Exception as error:
            raise Internal("cannot open it") from error


def make_session(**values: object) -> Session:
    """A session that is good for an hour."""
    chosen: dict[str, object] = {
        "token": "t",
        "user_id": "u",
        "user_name": "demo",
        "project_id": "p",
        "project_name": "demo",
        "is_admin": False,
        "expires_at": time.time() + 3600,
        "form_key": "k",
        **values,
    }
    return Session(**chosen)  # type: ignore[arg-type]


def request_with(response: Response) -> Request:
    """What a browser sends after a response."""
    jar = httpx.Cookies()
    plain = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
    for one in plain:
        name, _, value = one.partition("=")
        jar.set(name, value.partition(";")[0])
    cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})


def test_a_session_comes_back_as_it_was() -> None:
    cookies, response, session = Cookies(Box(), is_secure=True), Response(), make_session()
    cookies.keep_session(response, session)
    assert cookies.read_session(request_with(response)) == session
    assert "Secure" in response.headers["set-cookie"]


def test_a_session_ends_with_the_token_of_its_sign_in() -> None:
    assert make_session().first_token == "t"
    assert make_session(sign_in_token="s").first_token == "s"


def test_what_other_keys_sealed_is_no_session() -> None:
    response = Response()
    Cookies(Box(), is_secure=False).keep_session(response, make_session(is_admin=True))
    assert Cookies(Box(), is_secure=False).read_session(request_with(response)) is None


def test_a_note_is_no_session_and_a_session_no_note() -> None:
    cookies, response = Cookies(Box(), is_secure=False), Response()
    cookies.keep_note(response, "made")
    request = request_with(response)
    assert cookies.read_note(request) == "made"
    swapped = {"cookie": f"{COOKIE}={request.cookies[NOTE_COOKIE]}"}
    raw = [(name.encode(), value.encode()) for name, value in swapped.items()]
    assert cookies.read_session(Request({"type": "http", "headers": raw})) is None


def test_a_session_ends_with_its_token() -> None:
    cookies, response = Cookies(Box(), is_secure=False), Response()
    cookies.keep_session(response, make_session(expires_at=time.time() - 1))
    assert cookies.read_session(request_with(response)) is None


@pytest.mark.parametrize("value", ["", "x", "gAAAAA", "é", "{}"])
async def test_a_made_up_cookie_leads_to_the_door(world: World, value: str) -> None:
    headers = {b"cookie": f"{COOKIE}={value}".encode()}
    reply = await world.browser().http.get("/dashboard", headers=headers)
    assert reply.status_code == 303


async def test_another_process_of_the_cloud_opens_the_same_session(world: World) -> None:
    """Nothing about sessions is kept in memory: a second control plane knows them."""
    person = await world.person("demo")
    other = build_cloud(world.cloud.settings, world.cloud.db)
    transport = httpx.ASGITransport(app=other.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://cloud.test", cookies=person.http.cookies
    ) as http:
        assert (await http.get("/dashboard/instances")).status_code == 200
