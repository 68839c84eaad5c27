"""Somebody with a browser: cookies, forms, and links, as far as a test needs them."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from pilvi.settings import Settings
from pilvi.testing.cloud import FakeCloud, running_cloud
from pilvi.testing.login import PASSWORDS, login_body

BASE = "http://cloud.test"
KEY = re.compile(r'name="form_key" value="([^"]+)"')
REFUSED = re.compile(r'role="alert"><p>(.*?)</p>', re.S)
NOTE = re.compile(r'class="note" role="status">(.*?)</p>', re.S)


@dataclass
class Person:
    """One browser."""

    http: httpx.AsyncClient
    api: httpx.AsyncClient
    """The same cloud for a client that is no browser, with the same user's token."""
    token: str = ""
    project_id: str = ""
    seen: list[httpx.Response] = field(default_factory=list)

    async def get(self, path: str, **words: Any) -> httpx.Response:
        """A page."""
        reply = await self.http.get(path, **words)
        self.seen.append(reply)
        return reply

    async def open(self, path: str) -> str:
        """The text of a page that is there."""
        reply = await self.get(f"/dashboard/{path}".rstrip("/"))
        assert reply.status_code == 200, refusal_of(reply) or reply.text
        return reply.text

    async def until(self, path: str, text: str) -> str:
        """A page once it shows a text."""
        async with asyncio.timeout(15):
            while text not in (page := await self.open(path)):  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.02)
        return page

    async def key(self) -> str:
        """The form key of the session."""
        return form_key(await self.open("project"))

    async def send(
        self, path: str, form: Mapping[str, Any] | None = None, **words: Any
    ) -> httpx.Response:
        """Fill in a form of the dashboard and send it."""
        fields = {"form_key": await self.key(), **(form or {})}
        reply = await self.http.post(f"/dashboard/{path}", data=fields, **words)
        self.seen.append(reply)
        return reply

    async def do(self, path: str, form: Mapping[str, Any] | None = None) -> str:
        """Send a form that is accepted; where it leads, without the dashboard's own path."""
        reply = await self.send(path, form)
        assert reply.status_code == 303, refusal_of(reply) or reply.text
        return reply.headers["location"].removeprefix("/dashboard/")

    async def ask(
        self, method: str, path: str, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """What the API itself says, with the same user's token."""
        sent = {"x-auth-token": self.token, **(headers or {})}
        reply = await self.api.request(method, path, json=json, headers=sent)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None

    async def sign_in(self, user: str, **fields: str) -> httpx.Response:
        """Send the sign-in form."""
        page = await self.http.get("/dashboard/sign-in")
        form = {
            "form_key": form_key(page.text),
            "user": user,
            "password": PASSWORDS.get(user, ""),
            "domain": "Default",
            "next": "/dashboard",
            **fields,
        }
        return await self.http.post("/dashboard/sign-in", data=form)


def form_key(page: str) -> str:
    """The key in a page's form."""
    found = KEY.search(page)
    assert found is not None, page
    return found[1]


def refusal_of(reply: httpx.Response) -> str:
    """What a page says was refused."""
    found = REFUSED.search(reply.text)
    return html.unescape(found[1]) if found else ""


@dataclass
class World:
    """A fake cloud with a host, and browsers."""

    cloud: FakeCloud
    transport: httpx.ASGITransport
    opened: list[httpx.AsyncClient] = field(default_factory=list)

    def browser(self) -> Person:
        """Somebody who is not signed in."""
        clients = [httpx.AsyncClient(transport=self.transport, base_url=BASE) for _ in range(2)]
        self.opened += clients
        return Person(*clients)

    async def person(self, user: str = "demo") -> Person:
        """Somebody who is signed in."""
        person = self.browser()
        reply = await person.sign_in(user)
        assert reply.status_code == 303, reply.text
        body = login_body(user, PASSWORDS[user], user)
        made = await person.api.post("/identity/v3/auth/tokens", json=body)
        person.token = made.headers["x-subject-token"]
        person.project_id = made.json()["token"]["project"]["id"]
        return person

    async def image_id(self, person: Person) -> str:
        """An image that boots on fake hosts."""
        found = await person.ask("GET", "/image/v2/images?name=pilvi-guest")
        id: str = found["images"][0]["id"]
        return id

    async def launch(self, person: Person, name: str = "one") -> str:
        """A running instance, launched from the form; its id."""
        form = {"name": name, "count": "1", "image": await self.image_id(person)}
        to = await person.do("instances/new", {**form, "flavor": "p1.nano"})
        id = to.removeprefix("instances/")
        # Not by its page: the state of its port is there too, and is active sooner.
        path, status = f"/compute/v2.1/servers/{id}", "BUILD"
        async with asyncio.timeout(15):
            while status == "BUILD":
                await asyncio.sleep(0.02)
                status = (await person.ask("GET", path))["server"]["status"]
        assert status == "ACTIVE"
        return id


@asynccontextmanager
async def running_world(directory: Path) -> AsyncIterator[World]:
    """A fake cloud with one host."""
    settings = Settings(state_dir=str(directory), fake=True)
    async with running_cloud(settings, PASSWORDS) as cloud:
        world = World(cloud, httpx.ASGITransport(app=cloud.app))
        yield world
        for client in world.opened:
            await client.aclose()
