"""`pilvi trace port`: a guest's way hop by hop, and the first of it that fails."""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
from rich.console import Console

from pilvi.commands.client import CloudClient
from pilvi.errors import InvalidRequest
from pilvi.host_api.traces import Hop, Outcome
from pilvi.settings import Settings

Call = Callable[[str, str], Any]
"""Method and path below the network service; gives the body of the reply."""

# Seconds for a host to walk. Lower: a way with several broken hops, each asked three times, is not
# waited for; higher: a stuck host holds the command.
ANSWER_S = 40.0
POLL_S = 0.2

WELL, BROKEN, SILENT = 0, 1, 2
"""Exit statuses: every hop answers, one fails, or the host did not tell."""

_MARKS = {
    Outcome.OK: "OK     ",
    Outcome.FAILED: "FAILED ",
    Outcome.ABSENT: "-      ",
    Outcome.UNKNOWN: "?      ",
}


class Trace(msgspec.Struct, frozen=True):
    """A walk, as the network service tells it."""

    id: str
    port_id: str
    is_over: bool
    first_failure: str | None
    hops: list[Hop]

    @property
    def exit_status(self) -> int:
        """See `WELL`, `BROKEN`, `SILENT`."""
        if self.first_failure is not None:
            return BROKEN
        return WELL if self.is_over else SILENT


def trace_port(
    call: Call, port_id: str, *, answer_s: float = ANSWER_S, poll_s: float = POLL_S
) -> Trace:
    """Ask for a walk, and wait until it is over or the time is."""
    path = f"/ports/{port_id}/pilvi-trace"
    trace = _read(call("POST", path))
    deadline = time.monotonic() + answer_s
    while not trace.is_over and time.monotonic() < deadline:
        time.sleep(poll_s)
        trace = _read(call("GET", path))
    return trace


def _read(body: Any) -> Trace:
    return msgspec.convert(body["trace"], Trace)


def render(trace: Trace) -> str:
    """The way for people: a line for each hop, and what mends the first that fails. Pure."""
    width = max(len(hop.name) for hop in trace.hops)
    lines = []
    for hop in trace.hops:
        took = "" if hop.took_ms is None else f" ({hop.took_ms:.1f} ms)"
        lines.append(f"{_MARKS[hop.outcome]} {hop.name:<{width}}  {hop.words}{took}")
    failed = next((hop for hop in trace.hops if hop.outcome is Outcome.FAILED), None)
    if failed is not None:
        lines += ["", f"The first that fails is: {failed.name}", f"What to do: {failed.mend}"]
    elif not trace.is_over:
        lines += ["", "The port's host has not told the rest yet; ask again"]
    elif unknown := sum(hop.outcome is Outcome.UNKNOWN for hop in trace.hops):
        lines += ["", f"No hop fails; {unknown} could not be looked at"]
    else:
        lines += ["", "Every hop is well"]
    return "\n".join(lines)


def render_json(trace: Trace) -> str:
    """The way for programs. Pure."""
    return json.dumps({**msgspec.to_builtins(trace), "exit_status": trace.exit_status}, indent=2)


def run_trace(settings: Settings, kind: str, id: str, *, as_json: bool, console: Console) -> int:
    """Walk along one port of the running cloud and print it; returns the exit status."""
    if kind != "port":
        raise InvalidRequest(f"cannot trace a '{kind}': name a port")
    client = CloudClient(settings)
    client.login()
    trace = trace_port(lambda method, path: client.call(method, "network", path), id)
    text = render_json(trace) if as_json else render(trace)
    console.print(text, highlight=False, markup=False, soft_wrap=True)
    return trace.exit_status
