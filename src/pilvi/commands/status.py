"""`pilvi status`: a cloud on one screen: its processes, hosts, requests, and what is not as wished.

It reads the processes of this machine and the API's own `/metrics`; it logs in nowhere and writes
nothing. The exit status is 1 where something needs a look.
"""

import json
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.live import Live
from rich.text import Text

from pilvi import __version__
from pilvi.commands.clouds import ca_path
from pilvi.commands.keeper import NAME as KEEPER
from pilvi.commands.processes import find_process
from pilvi.errors import Unavailable
from pilvi.metrics.page import PATH, read_token
from pilvi.settings import Settings

# Seconds for the page. Lower: a busy cloud looks dead; higher: a dead one is told late.
ANSWER_S = 5.0
WELL, NOT_WELL = 0, 1
"""Exit statuses."""

Sample = tuple[str, Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this machine."""

    name: str
    pid: int | None
    memory_mib: float | None = None


@dataclass(frozen=True, slots=True)
class HostLine:
    """One host."""

    name: str
    is_up: bool
    is_enabled: bool
    report_age_s: float | None
    guests_running: int
    guests_other: int
    claimed: Mapping[str, float]
    """By resource: vcpus, memory_bytes, disk_bytes."""
    capacity: Mapping[str, float]
    disk_free_bytes: float | None


@dataclass(frozen=True, slots=True)
class KindLine:
    """Objects of one kind that are not as wished."""

    kind: str
    count: int
    retrying: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Status:
    """Everything on the screen."""

    version: str
    address: str
    state_dir: str
    processes: tuple[Process, ...]
    problem: str = ""
    """Why the API could not be asked; then the rest is empty."""
    hosts: tuple[HostLine, ...] = ()
    in_error: Mapping[str, int] = field(default_factory=dict)
    """How many objects are in ERROR, by kind; of kinds that have any."""
    unsettled: tuple[KindLine, ...] = ()
    in_flight: Mapping[str, int] = field(default_factory=dict)
    """Requests that are being served, by service."""
    requests: int = 0
    failed: int = 0
    """Of the requests, those that were answered with 5xx."""
    mean_ms: float = 0.0
    """Of all requests but the hosts' long polls."""

    @property
    def exit_status(self) -> int:
        """See `WELL`, `NOT_WELL`."""
        are_up = all(host.is_up for host in self.hosts)
        is_calm = not any(one.retrying for one in self.unsettled)
        is_well = self.is_served and are_up and is_calm and not self.in_error
        return WELL if is_well and not self.problem else NOT_WELL

    @property
    def is_served(self) -> bool:
        """Whether a process of this machine serves the API."""
        return any(one.pid for one in self.processes if one.name in ("api", "fake"))


def look(settings: Settings) -> Status:
    """Look once."""
    names = ("fake",) if settings.fake else ("api", "agent", KEEPER)
    processes = tuple(_process(settings, name) for name in names)
    start = Status(__version__, settings.base_url, settings.state_dir, processes)
    try:
        text = _read_page(settings)
    except Unavailable as error:
        return replace(start, problem=error.message)
    return replace(start, **_read_samples(list(_samples(text))))


def _process(settings: Settings, name: str) -> Process:
    pid = find_process(settings, name)
    if pid is None:
        return Process(name, None)
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        size = next(line.split()[1] for line in lines if line.startswith("VmRSS:"))
        return Process(name, pid, int(size) / 1024)
    except (OSError, StopIteration):
        return Process(name, pid)


def _read_page(settings: Settings) -> str:
    """The metrics of the API. Raises `Unavailable` that says what to do."""
    verify: ssl.SSLContext | bool = True
    if settings.tls:
        verify = ssl.create_default_context(cafile=str(ca_path(settings)))
    token = read_token(settings.metrics_token_path)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    url = settings.base_url + PATH
    try:
        reply = httpx.get(url, headers=headers, verify=verify, timeout=ANSWER_S, trust_env=False)
    except httpx.TransportError as error:
        raise Unavailable(f"cannot reach the API: {error or type(error).__name__}") from error
    if reply.status_code == 404:
        raise Unavailable(
            f"cannot read {url}: write a token into {settings.metrics_token_path} and start the "
            "API again"
        )
    if reply.status_code != 200:
        raise Unavailable(f"cannot read {url}: the API answers {reply.status_code}")
    return reply.text


def _samples(text: str) -> Iterable[Sample]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def _read_samples(samples: list[Sample]) -> dict[str, Any]:
    """The screen's parts. Pure."""

    def by_host(name: str) -> dict[str, float]:
        return {labels["host"]: value for found, labels, value in samples if found == name}

    def of_host(name: str, host: str, label: str) -> dict[str, float]:
        return {
            labels[label]: value
            for found, labels, value in samples
            if found == name and labels["host"] == host
        }

    up, age = by_host("pilvi_host_up"), by_host("pilvi_host_report_age_seconds")
    enabled, free = by_host("pilvi_host_enabled"), by_host("pilvi_host_disk_free_bytes")
    hosts = []
    for name in sorted(up):
        guests = of_host("pilvi_guests", name, "power")
        hosts.append(
            HostLine(
                name=name,
                is_up=bool(up[name]),
                is_enabled=bool(enabled.get(name)),
                report_age_s=age.get(name),
                guests_running=int(guests.get("running", 0)),
                guests_other=int(guests.get("other", 0)),
                claimed=of_host("pilvi_host_claimed", name, "resource"),
                capacity=of_host("pilvi_host_capacity", name, "resource"),
                disk_free_bytes=free.get(name),
            )
        )
    in_error = {
        labels["kind"]: int(value)
        for found, labels, value in samples
        if found == "pilvi_failed_objects" and value
    }
    return {
        "hosts": tuple(hosts),
        "in_error": in_error,
        "unsettled": _kinds(samples),
        **_requests(samples),
    }


def _kinds(samples: list[Sample]) -> tuple[KindLine, ...]:
    found: dict[str, dict[str, float]] = {}
    for name, labels, value in samples:
        if name.startswith("pilvi_") and set(labels) == {"kind"}:
            found.setdefault(labels["kind"], {})[name] = value
    return tuple(
        KindLine(
            kind,
            int(values["pilvi_unsettled_objects"]),
            int(values["pilvi_retrying_objects"]),
            values["pilvi_unsettled_oldest_seconds"],
        )
        for kind, values in sorted(found.items())
        if values.get("pilvi_unsettled_objects")
    )


def _requests(samples: list[Sample]) -> dict[str, Any]:
    counts, seconds, failed, in_flight = 0.0, 0.0, 0.0, {}
    for name, labels, value in samples:
        if labels.get("service") == "hosts":
            # Their long polls are always there.
            continue
        if name == "pilvi_http_requests_in_flight":
            in_flight[labels["service"]] = int(value)
        if name == "pilvi_http_request_duration_seconds_count":
            counts += value
            failed += value if labels["status"] == "5xx" else 0
        elif name == "pilvi_http_request_duration_seconds_sum":
            seconds += value
    mean = seconds / counts * 1000 if counts else 0.0
    return {
        "in_flight": in_flight,
        "requests": int(counts),
        "failed": int(failed),
        "mean_ms": round(mean, 3),
    }


def render(status: Status) -> str:
    """The screen for people. Pure."""
    lines = [f"Pilvi {status.version} at {status.address}, state in {status.state_dir}", ""]
    lines += ["  ".join(_process_words(one) for one in status.processes), ""]
    if status.problem:
        return "\n".join([*lines, status.problem])
    row = "{:<16} {:<9} {:>8} {:>7} {:>13} {:>17} {:>17} {:>9}"
    names = ("host", "state", "report", "guests", "vcpus", "memory GiB", "disk GiB", "free GiB")
    lines.append(row.format(*names))
    lines += [row.format(*_host_words(host)) for host in status.hosts]
    lines += [
        "",
        f"requests: {status.requests:,} served, {status.failed:,} failed (5xx), mean "
        f"{status.mean_ms:.1f} ms; {sum(status.in_flight.values())} being served",
    ]
    amiss = [f"  {words}" for words in _amiss(status)]
    if not amiss:
        return "\n".join([*lines, "everything is as wished"])
    lines += ["", "not as wished:", *amiss]
    if status.unsettled:
        lines.append("why: 'pilvi audit' tells what each waits for")
    return "\n".join(lines)


def _amiss(status: Status) -> Iterator[str]:
    """What needs a look, and what is under way."""
    if not status.is_served:
        yield "no process of this machine serves the API: 'pilvi up' starts it"
    for host in status.hosts:
        if not host.is_up:
            yield f"host {host.name} is DOWN: 'pilvi doctor' says what to do"
    for kind, count in status.in_error.items():
        yield f"{count} {kind} in ERROR: 'pilvi doctor' names them"
    for one in status.unsettled:
        retrying = f", {one.retrying} failed and tried again" if one.retrying else ""
        yield f"{one.count} {one.kind}, the oldest for {one.oldest_s:.0f} s{retrying}"


def _process_words(process: Process) -> str:
    if process.pid is None:
        return f"{process.name} DOWN"
    size = "" if process.memory_mib is None else f", {process.memory_mib:.0f} MiB"
    return f"{process.name} runs (pid {process.pid}{size})"


def _host_words(host: HostLine) -> list[str]:
    state = "DOWN" if not host.is_up else "up" if host.is_enabled else "disabled"
    age = "-" if host.report_age_s is None else f"{max(0.0, host.report_age_s):.1f} s"
    guests = f"{host.guests_running}" + (f"+{host.guests_other}" if host.guests_other else "")
    free = "-" if host.disk_free_bytes is None else f"{host.disk_free_bytes / (1 << 30):.0f}"
    return [
        host.name,
        state,
        age,
        guests,
        _of(host, "vcpus", 1),
        _of(host, "memory_bytes", 1 << 30),
        _of(host, "disk_bytes", 1 << 30),
        free,
    ]


def _of(host: HostLine, resource: str, unit: int) -> str:
    there = host.capacity.get(resource)
    if not there:
        return "-"
    claimed = host.claimed.get(resource, 0.0)
    return f"{claimed / unit:.0f}/{there / unit:.0f} {claimed / there:4.0%}"


def render_json(status: Status) -> str:
    """The status for programs. Pure."""
    return json.dumps({**asdict(status), "exit_status": status.exit_status}, indent=2)


def run_status(
    settings: Settings, console: Console, *, as_json: bool, watch_s: float | None
) -> int:
    """Print it once, or draw it anew every few seconds until interrupted."""
    status = look(settings)
    if as_json:
        console.print(render_json(status), highlight=False, markup=False, soft_wrap=True)
        return status.exit_status
    if watch_s is None:
        console.print(render(status), highlight=False, markup=False, soft_wrap=True)
        return status.exit_status
    with Live(Text(render(status)), console=console, screen=console.is_terminal) as live:
        while True:
            time.sleep(watch_s)
            status = look(settings)
            live.update(Text(render(status)), refresh=True)
