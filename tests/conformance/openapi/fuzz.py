"""Requests that schemathesis makes from the documents, good and bad, sent to a small cloud.

No request may be a defect (5xx but 501) and no reply may be outside the document. One seed makes
the same requests again; the operations go round until the time is over.
"""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.errors import SchemathesisError

from conformance.openapi.documents import SERVICES, Operation
from conformance.openapi.judge import Exchange, judge_of
from conformance.openapi.routed import list_routed
from conformance.openapi.schemas import Narrowing
from conformance.openapi.transport import watching
from every_route import Request, World, running_world
from pilvi.core.http import Service

EXAMPLES_PER_TURN = 4
"""More finds more in one operation, fewer reach more operations in the time."""
WORLD_AGE_MAX_S = 40.0
"""A cloud in which requests deleted things answers 404 to the rest; a new one costs a second."""
REPLY_SHOWN = 300


@dataclass
class Findings:
    """What was found, one of each kind."""

    sent: Counter[str] = field(default_factory=Counter)
    """Requests by service."""
    answered: Counter[int] = field(default_factory=Counter)
    """Replies by status."""
    problems: dict[str, str] = field(default_factory=dict)
    unmade: set[str] = field(default_factory=set)
    """Operations of which only good or only bad requests, or none, could be made."""

    def look(self, service: str, operation: Operation, case: Any, reply: httpx.Response) -> None:
        """Judge one reply."""
        self.sent[service] += 1
        self.answered[reply.status_code] += 1
        if reply.status_code >= 500 and reply.status_code != 501:
            problem = f"status {reply.status_code}"
        else:
            wrong = _weigh(service, reply)
            if not wrong:
                return
            problem = wrong[0]
        words = f"{service}: {operation.name}: {problem}"
        asked = f"{reply.request.method} {reply.request.url} {str(case.body)[:REPLY_SHOWN]!r}"
        self.problems.setdefault(words, f"{asked} -> {reply.text[:REPLY_SHOWN]}")


def _weigh(service: str, reply: httpx.Response) -> list[str]:
    kind = reply.headers.get("content-type", "application/json")
    request = reply.request
    exchange = Exchange(
        request.method,
        request.url.path,
        reply.status_code,
        reply.content if "json" in kind else b"",
        request.content if request.url.path.endswith("/action") else b"",
        reply.headers.get("openstack-api-version", ""),
        "json" in kind,
    )
    try:
        return judge_of(service).weigh(exchange)
    except ValueError as error:
        return [f"no JSON in the reply: {error}"]


@dataclass(frozen=True)
class Target:
    """An operation, with a path to a real thing where the cloud has one."""

    service: Service
    operation: Operation
    real_path: str | None

    def strategies(self) -> Iterator[Any]:
        """What makes its requests: good ones, then, where there is anything to spoil, bad ones."""
        value = self._describe()
        found = schemathesis.openapi.from_dict(_wrap(self.path, self.operation.method, value))
        modes = [GenerationMode.POSITIVE]
        if value["parameters"] or "requestBody" in value:
            modes.append(GenerationMode.NEGATIVE)
        for mode in modes:
            made = found[self.path][self.operation.method]
            yield made.as_strategy(generation_mode=mode)

    @property
    def path(self) -> str:
        """The real path, or the document's, whose parts are made up."""
        return self.real_path or self.operation.path

    def _describe(self) -> dict[str, Any]:
        """The operation at the newest version that is served."""
        versions = self.service.versions
        document = judge_of(self.service.name).document
        narrowing = Narrowing(document, versions.maximum if versions else None, None)
        value = self.operation.value
        listed = [*self.operation.parameters, *value.get("parameters", [])]
        parameters = [narrowing.narrow(parameter) for parameter in listed]
        places = ("query",) if self.real_path else ("path", "query")
        described: dict[str, Any] = {
            "parameters": [each for each in parameters if each.get("in") in places],
            "responses": {"200": {"description": "Ok"}},
        }
        if self.operation.request_schema is not None:
            content = {"schema": narrowing.narrow(self.operation.request_schema)}
            described["requestBody"] = {
                "required": True,
                "content": {"application/json": content},
            }
        return described


def _wrap(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """A document of one operation alone."""
    paths = {path: {method.lower(): operation}}
    return {"openapi": "3.1.0", "info": {"title": "one", "version": "1"}, "paths": paths}


def list_targets(world: World, chosen: Iterable[str]) -> list[Target]:
    """Every routed operation of the chosen services."""
    real: dict[tuple[str, str], str] = {}
    for request in world.requests():
        if (found := _find(request)) is not None:
            path = request.path.partition("?")[0]
            real.setdefault((request.service.name, found.name), path)
    targets = []
    for service in world.cloud.plane.list_services():
        if service.name not in chosen:
            continue
        routed = list_routed(service)
        for operation in judge_of(service.name).document.operations:
            # The same rows: HEAD is GET, and a path below a project's id is the path without.
            if operation.name in routed and "project_id}/" not in operation.path[:24]:
                path = real.get((service.name, operation.name))
                if operation.method != "HEAD":
                    targets.append(Target(service, operation, path))
    return targets


def _find(request: Request) -> Operation | None:
    if request.service.name not in SERVICES:
        return None
    exchange = Exchange(request.route.method, request.path.partition("?")[0], 0, b"")
    return judge_of(request.service.name).find(exchange)


async def fuzz(duration_s: float, number: int, chosen: Iterable[str]) -> Findings:
    """Send requests until the time is over."""
    findings, ends = Findings(), time.monotonic() + duration_s
    turn = 0
    while time.monotonic() < ends:
        with tempfile.TemporaryDirectory() as folder, watching(lambda exchange: None):
            async with running_world(Path(folder)) as world:
                sender = _Sender(world, findings, number, min(ends, _soon()))
                turn = await sender.run(list_targets(world, chosen), turn)
    return findings


def _soon() -> float:
    return time.monotonic() + WORLD_AGE_MAX_S


class _Sender:
    """Sends the requests of one cloud's life."""

    def __init__(self, world: World, findings: Findings, number: int, ends: float) -> None:
        self._world = world
        self._findings = findings
        self._number = number
        self._ends = ends

    async def run(self, targets: list[Target], turn: int) -> int:
        """Go on from a turn. Returns the next one."""
        token = await self._world.cloud.token("admin", "demo")
        loop = asyncio.get_running_loop()
        while time.monotonic() < self._ends:
            order = list(targets)
            random.Random(self._number + turn // len(order)).shuffle(order)
            target = order[turn % len(order)]
            refused = self._findings.answered[401]
            await asyncio.to_thread(self._send_some, target, turn, token, loop)
            turn += 1
            if self._findings.answered[401] > refused and not await self._holds(token):
                # A request disabled who asks; another cloud has to do.
                break
        return turn

    async def _holds(self, token: str) -> bool:
        headers = {"x-auth-token": token}
        reply = await self._world.cloud.http.get("/identity/v3/auth/projects", headers=headers)
        return reply.is_success

    def _send_some(
        self, target: Target, turn: int, token: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        for strategy in target.strategies():

            @seed(self._number + turn)
            @settings(
                max_examples=EXAMPLES_PER_TURN,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=strategy)
            def send(case: Any) -> None:
                if time.monotonic() < self._ends:
                    sending = self._send(target, case, token)
                    reply = asyncio.run_coroutine_threadsafe(sending, loop).result()
                    operation = target.operation
                    self._findings.look(target.service.name, operation, case, reply)

            try:
                send()
            except (Unsatisfiable, SchemathesisError):
                # Nothing bad can be made of a request without parts, nothing of a broken schema.
                self._findings.unmade.add(f"{target.service.name}: {target.operation.name}")

    async def _send(self, target: Target, case: Any, token: str) -> httpx.Response:
        wanted = case.as_transport_kwargs(base_url="http://cloud.test")
        path = target.real_path
        if path is None:
            path = judge_of(target.service.name).document.prefix + case.formatted_path
        headers = {"x-auth-token": token}
        if (versions := target.service.versions) is not None:
            number = versions.maximum
            text = f"{versions.service} {number[0]}.{number[1]}"
            headers["openstack-api-version"] = text
        content: dict[str, Any] = {}
        if isinstance(wanted.get("data"), bytes):
            content = {"content": wanted["data"]}
            headers["content-type"] = "application/json"
        elif "json" in wanted:
            content = {"json": wanted["json"]}
        return await self._world.cloud.http.request(
            case.method, path, params=wanted.get("params"), headers=headers, **content
        )


def print_findings(findings: Findings, number: int) -> None:
    """Say it to a person."""
    sent = ", ".join(f"{name} {count}" for name, count in sorted(findings.sent.items()))
    print(f"{findings.sent.total()} requests ({sent}), seed {number}")
    answers = ", ".join(f"{count} of {code}" for code, count in sorted(findings.answered.items()))
    print(f"answers: {answers}")
    for words, example in sorted(findings.problems.items()):
        print(f"wrong: {words}\n    {example}")
    print(f"{len(findings.problems)} problems")
