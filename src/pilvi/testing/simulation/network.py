"""The network between the simulated processes: what HTTP may do to a message, it does.

A request is lost, its reply is lost after it had its effect, it comes late (after its sender gave
it up), or twice. A machine can be cut off. What was sent is delivered to the process that the
connection led to, or to nobody.
"""

import asyncio
import contextvars
import dataclasses
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import httpx
from starlette.types import ASGIApp, Message

from pilvi.testing.simulation.process import Process

# Seconds on the way, one direction.
LATENCY_S_MAX = 0.003
# Seconds until a sender gives up what is lost.
PATIENCE_S = (0.05, 4.0)
# Seconds that a late message takes beyond its sender's patience.
LATE_S_MAX = 8.0


class Lost(Exception):
    """No reply came; nobody knows whether the request had its effect."""


class Fate(StrEnum):
    """What becomes of one request."""

    ARRIVES = "arrives"
    LOST = "lost"
    REPLY_LOST = "reply lost"
    LATE = "late"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    sender: str
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def may_double(self) -> bool:
        """Whether something between the two may send it again by itself."""
        return self.method != "POST" or self.path.startswith("/host/")


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    comes_again: bool = False
    """Whether the request arrives once more, later: what it was refused may happen then."""

    @property
    def is_success(self) -> bool:
        """Whether it is of the 200s."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The decoded body; an empty dictionary when there is none."""
        return json.loads(self.body) if self.body else {}


class Server(Protocol):
    """A process that answers."""

    @property
    def app(self) -> ASGIApp:
        """What it serves."""
        ...

    @property
    def process(self) -> Process:
        """As which it runs."""
        ...


@dataclass(slots=True)
class Weather:
    """How likely is what, for each request."""

    lost: float = 0.0
    reply_lost: float = 0.0
    late: float = 0.0
    doubled: float = 0.0

    def draw(self, chance: random.Random) -> Fate:
        """The fate of a request."""
        number = chance.random()
        for fate, share in (
            (Fate.LOST, self.lost),
            (Fate.REPLY_LOST, self.reply_lost),
            (Fate.LATE, self.late),
            (Fate.DOUBLED, self.doubled),
        ):
            if number < share:
                return fate
            number -= share
        return Fate.ARRIVES


class Network:
    """Leads from everybody to the one control plane."""

    def __init__(self, chance: random.Random, find_server: Callable[[], Server | None]) -> None:
        self._chance = chance
        self._find_server = find_server
        self.weather = Weather()
        self.cut: set[str] = set()
        """Machines that are cut off."""
        self.decide: Callable[[Request], Fate | None] = lambda request: None
        """Asked first of each request; None leaves it to the weather."""
        self.note: Callable[[str], None] = lambda line: None

    async def call(self, request: Request) -> Reply:
        """Send a request and wait for its reply. Raises `Lost`."""
        await self._travel()
        server = self._find_server()
        if server is None or request.sender in self.cut:
            raise Lost("cannot connect")
        fate = self.decide(request) or self.weather.draw(self._chance)
        if fate is not Fate.ARRIVES:
            self.note(f"{fate}: {request.sender} {request.method} {request.path}")
        if fate is Fate.LOST:
            await self._give_up("the request was lost")
        if fate is Fate.LATE:
            self._send_later(server, request)
            await self._give_up("the request is late")
        if fate is Fate.DOUBLED and request.may_double:
            self._send_later(server, request)
        reply = await _deliver(server, request)
        if fate is Fate.DOUBLED:
            reply = dataclasses.replace(reply, comes_again=request.may_double)
        if fate is Fate.REPLY_LOST or request.sender in self.cut:
            await self._give_up("the reply was lost")
        await self._travel()
        return reply

    async def _travel(self) -> None:
        await asyncio.sleep(self._chance.random() * LATENCY_S_MAX)

    async def _give_up(self, why: str) -> None:
        await asyncio.sleep(self._chance.uniform(*PATIENCE_S))
        raise Lost(why)

    def _send_later(self, server: Server, request: Request) -> None:
        """It is on its way, whatever becomes of its sender."""
        delay_s = self._chance.random() * LATE_S_MAX

        async def send() -> None:
            await asyncio.sleep(delay_s)
            try:
                await _deliver(server, request)
            except Lost:
                return

        asyncio.get_running_loop().create_task(send(), context=contextvars.Context())


async def _deliver(server: Server, request: Request) -> Reply:
    """Let the server answer, as itself. Raises `Lost` when it dies meanwhile."""
    process = server.process
    if process.is_dead:
        raise Lost("the connection was reset")
    answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def reset() -> None:
        if not answer.done():
            answer.set_exception(Lost("the connection was reset"))

    async def serve() -> None:
        reply = await call_application(server.app, request)
        if not answer.done():
            answer.set_result(reply)

    process.at_death.append(reset)
    process.start(serve(), name=f"{request.method} {request.path}")
    try:
        return await answer
    finally:
        if not process.is_dead:
            process.at_death.remove(reset)


async def call_application(app: ASGIApp, request: Request) -> Reply:
    """One request to an ASGI application, its whole reply."""
    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": [(b"host", b"cloud"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("cloud", 80),
    }
    is_read = False
    status, found, pieces = 0, dict[str, str](), list[bytes]()

    async def receive() -> Message:
        nonlocal is_read
        if is_read:
            await asyncio.Event().wait()
        is_read = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            found.update({name.decode(): value.decode() for name, value in message["headers"]})
        else:
            pieces.append(message.get("body", b""))

    await app(scope, receive, send)
    return Reply(status, found, b"".join(pieces))


class HostWay(httpx.AsyncBaseTransport):
    """The way of one host's agent to the control plane."""

    def __init__(self, network: Network, host: str) -> None:
        self._network = network
        self._host = host

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request; a lost one fails as a broken connection does."""
        sent = Request(
            self._host,
            request.method,
            request.url.path,
            request.url.query.decode(),
            {name.decode(): value.decode() for name, value in request.headers.raw},
            await request.aread(),
        )
        try:
            reply = await self._network.call(sent)
        except Lost as error:
            raise httpx.ReadError(str(error)) from error
        stream = httpx.ByteStream(reply.body)
        return httpx.Response(reply.status, headers=reply.headers, stream=stream)
