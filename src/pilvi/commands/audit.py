"""`pilvi audit`: compares the database with every host and prints each difference.

It looks until two looks, some seconds apart, agree: what only the first one shows was under way.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from rich.console import Console

from pilvi.audit.model.difference import Difference, confirm
from pilvi.audit.model.report import HostAnswer, HostState, Look
from pilvi.commands.client import CloudClient
from pilvi.settings import Settings

Call = Callable[[str, str], Any]
"""Method and path below the audit's root; gives the body of the reply."""

# Seconds for every live host to answer. Lower: a busy host counts as silent; higher: a stuck one
# holds the command.
ANSWER_S = 60.0
# Seconds between two looks at who has answered. Lower: more requests; higher: later to notice.
POLL_S = 0.1
# Seconds between the look that finds something and the one that confirms it. Lower: work that
# takes a while is told as a difference; higher: every audit that finds something takes longer.
AGAIN_S = 3.0

CLEAN, DIFFERS, SILENT = 0, 1, 2
"""Exit statuses: nothing, something, or nothing but a host did not answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an audit comes to."""

    differences: tuple[Difference, ...]
    silent: tuple[HostAnswer, ...]
    """Hosts whose holdings are not known."""
    in_work: tuple[str, ...]
    answered: int
    waiting: tuple[str, ...] = ()
    """What objects wait for that have been under way for more than a moment."""

    @property
    def exit_status(self) -> int:
        """See `CLEAN`, `DIFFERS`, `SILENT`."""
        if self.differences:
            return DIFFERS
        return SILENT if self.silent else CLEAN


def audit(
    call: Call, *, answer_s: float = ANSWER_S, again_s: float = AGAIN_S, poll_s: float = POLL_S
) -> Result:
    """Look once, and once more when the first look finds something."""
    first = _look(call, answer_s, poll_s)
    if not first.differences:
        return _result(first, ())
    time.sleep(again_s)
    second = _look(call, answer_s, poll_s)
    return _result(second, tuple(confirm(first.differences, second.differences)))


def _look(call: Call, answer_s: float, poll_s: float) -> Look:
    """One look, once every live host has answered or the time is over."""
    number = call("POST", "/audits")["audit"]["id"]
    deadline = time.monotonic() + answer_s
    while True:
        body = call("GET", f"/audits/{number}")["audit"]
        look = msgspec.convert({**body, "audit": body["id"]}, Look)
        is_waiting = any(host.state is HostState.WAITING for host in look.hosts)
        if not is_waiting or time.monotonic() > deadline:
            return look
        time.sleep(poll_s)


def _result(look: Look, differences: tuple[Difference, ...]) -> Result:
    silent = tuple(host for host in look.hosts if host.state is not HostState.ANSWERED)
    return Result(differences, silent, look.in_work, len(look.hosts) - len(silent), look.waiting)


def render(result: Result, now: float) -> str:
    """The result for people: one line for each difference, with its owner and age. Pure."""
    lines = [_line(one, now) for one in result.differences]
    for host in result.silent:
        words = f": {'; '.join(host.failures)}" if host.failures else ""
        lines.append(f"{host.name} did not answer ({host.state}){words}")
    if result.in_work:
        lines.append(f"under way, and not looked at: {', '.join(result.in_work)}")
    lines += result.waiting
    count = len(result.differences)
    if count:
        lines.append(f"{count} {'difference' if count == 1 else 'differences'}")
    else:
        lines.append("nothing leaked, nothing missing")
    return "\n".join(lines)


def _line(one: Difference, now: float) -> str:
    where = f" on {one.host}" if one.host else ""
    owner = f" of {one.owner}" if one.owner else " of nobody"
    words = " ".join(dict.fromkeys(word for word in (one.part, one.name) if word))
    size = f", {one.bytes} bytes" if one.bytes else ""
    age = "" if one.since is None else f", {_age(now - one.since)} old"
    return f"{one.verdict}: {one.kind}{where}{owner}: {words}{size}{age}"


def _age(seconds: float) -> str:
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{max(0.0, seconds):.0f} seconds"


def render_json(result: Result) -> str:
    """The result for programs. Pure."""
    return json.dumps({**asdict(result), "exit_status": result.exit_status}, indent=2)


def run_audit(settings: Settings, *, as_json: bool, console: Console) -> int:
    """Audit the running cloud and print what it comes to; returns the exit status."""
    client = CloudClient(settings)
    client.login()
    result = audit(lambda method, path: client.call(method, "audit", path))
    text = render_json(result) if as_json else render(result, time.time())
    console.print(text, highlight=False, markup=False, soft_wrap=True)
    return result.exit_status
