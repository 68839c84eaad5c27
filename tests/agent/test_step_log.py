"""What is told of steps: which, and for which request, whoever acted in between."""

import asyncio
import enum
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from pilvi.agent.step_log import take
from pilvi.settings import Settings
from pilvi.testing.cloud import FakeCloud, add_host, running_cloud
from pilvi.testing.login import PASSWORDS, login_body

Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged meanwhile, at every level, which tests leave out else."""
    kept = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))
    with capture_logs(processors=[merge_contextvars]) as found:
        yield found
    structlog.configure(**kept)


class Shape(enum.Enum):
    ROUND = 1


class Secretive:
    def __repr__(self) -> str:
        return "password"


async def test_a_step_is_told_without_what_it_is_made_of(lines: Lines) -> None:
    async def work() -> str:
        return "answer"

    for step in (Secretive(), Shape.ROUND):
        assert await take("volume", "v1", step, work) == "answer"
    told = [{**line, "ms": 0} for line in lines]
    same = {"event": "step taken", "log_level": "info", "kind": "volume", "id": "v1", "ms": 0}
    assert told == [{**same, "step": "Secretive"}, {**same, "step": "ROUND"}]


async def test_a_step_that_fails_is_not_told_as_taken(lines: Lines) -> None:
    async def work() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await take("volume", "v1", Secretive(), work)
    assert lines == []


class Api:
    """The user demo."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._token = ""

    async def log_in(self) -> None:
        """Get a token of the project demo."""
        body = login_body("demo", PASSWORDS["demo"], "demo")
        reply = await self._http.post("/identity/v3/auth/tokens", json=body)
        self._token = reply.headers["x-subject-token"]

    async def ask(self, method: str, path: str, json: Any = None) -> tuple[Any, str]:
        """The body of an answer, and the id of the request."""
        headers = {"x-auth-token": self._token, "openstack-api-version": "compute 2.90"}
        reply = await self._http.request(method, path, json=json, headers=headers)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None, reply.headers["x-openstack-request-id"]

    async def until(self, path: str, name: str, state: str) -> None:
        """Wait until a thing has reached a state."""
        async with asyncio.timeout(20):
            while (await self.ask("GET", path))[0][name]["status"] != state:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[FakeCloud]:
    async with running_cloud(Settings(state_dir=str(tmp_path), fake=True), PASSWORDS, 0) as cloud:
        yield cloud


def requests_of(lines: Lines, kind: str) -> set[str]:
    """Requests that the steps of one kind were taken for; "" where none is named."""
    steps = [line for line in lines if line["event"] == "step taken" and line["kind"] == kind]
    assert steps, f"no step of a {kind}"
    return {line.get("request_id", "") for line in steps}


async def until_step(lines: Lines, step: str) -> MutableMapping[str, Any]:
    """The line that tells of a step, once it is there."""
    async with asyncio.timeout(20):
        while not (found := [line for line in lines if line.get("step") == step]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found[0]


async def test_what_a_host_does_names_the_request_that_asked(
    cloud: FakeCloud, lines: Lines
) -> None:
    """Launched, a volume attached, the host rebooted, and all of it removed."""
    transport = httpx.ASGITransport(app=cloud.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud.test") as http:
        api = Api(http)
        await api.log_in()
        images, _ = await api.ask("GET", "/image/v2/images?name=pilvi-guest")
        async with AsyncExitStack() as stack:
            await add_host(cloud, "fake1", stack)
            server = {"name": "one", "imageRef": images["images"][0]["id"], "flavorRef": "1"}
            body = {"server": {**server, "networks": "auto"}}
            made, launched = await api.ask("POST", "/compute/v2.1/servers", body)
            path = f"/compute/v2.1/servers/{made['server']['id']}"
            await api.until(path, "server", "ACTIVE")
            await cloud.settle()
            for kind in ("network", "port", "vm"):
                assert requests_of(lines, kind) == {launched}, kind

            lines.clear()
            made, asked = await api.ask("POST", "/volume/v3/volumes", {"volume": {"size": 1}})
            volume = made["volume"]["id"]
            await api.until(f"/volume/v3/volumes/{volume}", "volume", "available")
            body = {"volumeAttachment": {"volumeId": volume}}
            _, attached = await api.ask("POST", f"{path}/os-volume_attachments", body)
            await api.until(f"/volume/v3/volumes/{volume}", "volume", "in-use")
            await cloud.settle()
            assert requests_of(lines, "volume") == {asked, attached}
            assert requests_of(lines, "vm") == {attached}

        # What the rebooted host brings back is still for who asked last; nobody asks again.
        lines.clear()
        async with AsyncExitStack() as stack:
            await add_host(cloud, "fake1", stack)
            await until_step(lines, "Launch")
            assert requests_of(lines, "vm") == {attached}
            assert requests_of(lines, "port") == {launched}
            lines.clear()
            _, deleted = await api.ask("DELETE", path)
            removed = await until_step(lines, "Remove")
            assert removed["request_id"] == deleted
