"""The control plane's side of the host contract, in memory, for tests of the agent.

It keeps the rules of `pilvi.host_api.contract`; its transport can be away, lose replies after they
were acted on, and say everything twice.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pilvi.agent.client import ControlPlane
from pilvi.host_api.contract import Assignment, Desired, Kind, Observation, Report
from pilvi.settings import Settings

CREDENTIAL = "a-credential-of-this-test"


class HostServer(httpx.AsyncBaseTransport):
    """One host's assignments and what it told, behind the paths of the contract."""

    def __init__(self, host_id: str = "host-1") -> None:
        self.host_id = host_id
        self.assignments: dict[tuple[Kind, str], Assignment] = {}
        self.revision = 0
        self.reports: list[Report] = []
        self.seen: dict[tuple[Kind, str], Observation] = {}
        self.uploads: dict[str, bytes] = {}
        self.images: dict[str, bytes] = {}
        self.is_away = False
        self.loses_replies = False
        self.doubles = False
        self._changed = asyncio.Event()
        routes = [
            Route("/host/v1/desired", self._get_desired),
            Route("/host/v1/report", self._post_report, methods=["POST"]),
            Route("/host/v1/images/{id}/data", self._get_image),
            Route("/host/v1/images/{id}/data", self._put_image, methods=["PUT"]),
        ]
        self.app = Starlette(routes=routes)
        self._inner = httpx.ASGITransport(self.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("away", request=request)
        response = await self._inner.handle_async_request(request)
        if self.is_away or self.loses_replies:
            raise httpx.ReadError("the reply is lost", request=request)
        return response

    def connect(self, settings: Settings) -> ControlPlane:
        """A client of this server with this host's credential."""
        settings.agent_dir.mkdir(parents=True, exist_ok=True)
        (settings.agent_dir / "credential").write_text(CREDENTIAL)
        return ControlPlane(settings, transport=self)

    def assign(self, kind: Kind, id: str, spec: msgspec.Struct | None) -> int:
        """Wish for something, or with None for its absence; the generation of the wish."""
        old = self.assignments.get((kind, id))
        generation = old.generation + 1 if old else 1
        self.revision += 1
        self.assignments[(kind, id)] = Assignment(
            kind=kind,
            id=id,
            generation=generation,
            revision=self.revision,
            present=spec is not None,
            spec=msgspec.Raw(msgspec.json.encode(spec)),
        )
        self._changed.set()
        return generation

    def announce(self) -> None:
        """Let waiting polls look again."""
        self._changed.set()

    def find(self, kind: Kind, id: str) -> Observation | None:
        """What the host told of an object last."""
        return self.seen.get((kind, id))

    def is_settled(self, kind: Kind, id: str) -> bool:
        """Whether the host told that the newest wish is so."""
        seen, wish = self.seen.get((kind, id)), self.assignments.get((kind, id))
        if wish is None or seen is None:
            return wish is None
        return seen.settled and seen.generation == wish.generation

    async def _get_desired(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {CREDENTIAL}":
            return Response(b'{"kind":"Unauthenticated","message":"cannot"}', 401)
        after = int(request.query_params["after"])
        wait_s = float(request.query_params["wait"])
        if self.revision == after:
            self._changed.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                pass
        news = [a for a in self.assignments.values() if a.revision > after]
        news = news * 2 if self.doubles else news
        desired = Desired(host_id=self.host_id, revision=self.revision, assignments=news)
        return Response(msgspec.json.encode(desired), media_type="application/json")

    async def _post_report(self, request: Request) -> Response:
        report = msgspec.json.decode(await request.body(), type=Report)
        self.reports.append(report)
        for seen in report.observations:
            key = (seen.kind, seen.id)
            self.seen[key] = seen
            wish = self.assignments.get(key)
            gone = wish is not None and not wish.present and not seen.present
            if wish is not None and gone and wish.generation == seen.generation:
                del self.assignments[key]
        return Response(status_code=204)

    async def _get_image(self, request: Request) -> Response:
        data = self.images.get(request.path_params["id"])
        if data is None:
            return Response(b'{"kind":"NotFound","message":"cannot find it"}', 404)
        return Response(data)

    async def _put_image(self, request: Request) -> Response:
        self.uploads[request.path_params["id"]] = await request.body()
        return Response(status_code=204)


class OwnServer(uvicorn.Server):
    """An application on a port of its own, in this process."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))

    async def __aenter__(self) -> int:
        self._task = asyncio.create_task(self.serve())
        while not self.started:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return int(self.servers[0].sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        self.should_exit = True
        self.force_exit = True
        await self._task

    def install_signal_handlers(self) -> None:
        """Signals are the test runner's."""


async def until(claim: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Wait until a claim holds; fails when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while not claim():  # noqa: ASYNC110  # the claim is about the whole world
            await asyncio.sleep(0.001)


def make_test_settings(folder: Path, **values: object) -> Settings:
    """Settings of a cloud that is nothing but a folder."""
    return msgspec.convert({"state_dir": str(folder), "fake": True, **values}, Settings)
