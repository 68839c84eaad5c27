"""A cloud of real processes on PostgreSQL: two `pilvi api` beside each other and a fake agent."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec

from databases import run_admin_now
from e2e.real_cloud import free_port, until
from image_files import make_qcow2
from pilvi.commands.client import CloudClient
from pilvi.commands.up import register_image
from pilvi.settings import Settings, save_settings
from postgres import Server, postgres_server

START_S = 60
IMAGE = "small"


@dataclass
class ProcessPair:
    """One cloud, its two API processes by port, and its agent."""

    settings: Settings
    ports: tuple[int, int]
    postgres: Server
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    image_id: str = ""

    @property
    def urls(self) -> list[str]:
        """Where the two answer."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def start(self, name: str, *words: str) -> None:
        """Start `pilvi` with some words, under a name."""
        command = [sys.executable, "-m", "pilvi.cli", *words]
        with (self.settings.state / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*command, "--state-dir", self.settings.state_dir], stdout=log, stderr=log
            )

    def start_api(self, port: int) -> None:
        """Start the API process of a port."""
        self.start(str(port), "api", "--port", str(port))

    def kill(self, name: str) -> None:
        """kill -9, and wait for the end."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    def client(self, port: int, user: str = "admin") -> CloudClient:
        """A client of one of the processes, logged in."""
        client = CloudClient(msgspec.structs.replace(self.settings, listen_port=port), user)
        client.login()
        return client

    def answers(self, port: int) -> bool:
        """Whether a process serves; fails when it has ended."""
        process = self.running[str(port)]
        log = (self.settings.state / f"{port}.log").read_text(errors="replace")
        assert process.poll() is None, log[-3000:]
        try:
            url = f"http://127.0.0.1:{port}/identity/v3"
            return httpx.get(url, timeout=2).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def process_pair(**more: Any) -> Iterator[ProcessPair]:
    """Two API processes that began at the same moment on an empty database, and a fake agent."""
    assert os.geteuid() == 0
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server())
        url = server.url
        run_admin_now(url, "CREATE DATABASE cloud")
        ports = free_port(), free_port()
        folder = tempfile.mkdtemp(prefix="pv-", dir="/tmp")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        settings = Settings(
            state_dir=folder,
            fake=True,
            listen_port=ports[0],
            database_url=url.format(name="cloud"),
            api_urls=tuple(f"http://127.0.0.1:{port}" for port in ports),
            **more,
        )
        save_settings(settings)
        pair = ProcessPair(settings, ports, server)
        stack.callback(_end_all, pair)
        for port in ports:
            pair.start_api(port)
        for port in ports:
            until(lambda port=port: pair.answers(port), START_S)
        pair.start("agent", "agent")
        _fill(pair)
        yield pair


def _fill(pair: ProcessPair) -> None:
    """An image, and no quotas in the demo project."""
    client = pair.client(pair.ports[0])
    path = Path(pair.settings.state, "small.qcow2")
    path.write_bytes(make_qcow2())
    pair.image_id = register_image(client, IMAGE, path)
    found = client.call("GET", "compute", "/os-hypervisors")["hypervisors"]
    until(lambda: client.call("GET", "compute", "/os-hypervisors")["hypervisors"], 30)
    assert len(found) <= 1
    project = project_id(client)
    nothing = dict.fromkeys(("instances", "cores", "ram", "key_pairs"), -1)
    client.call("PUT", "compute", f"/os-quota-sets/{project}", {"quota_set": nothing})
    nothing = dict.fromkeys(("network", "port"), -1)
    client.call("PUT", "network", f"/quotas/{project}", {"quota": nothing})


def project_id(client: CloudClient) -> str:
    """The project of a client's token."""
    token = client.http.headers["x-auth-token"]
    shown = client.http.get("/identity/v3/auth/tokens", headers={"x-subject-token": token})
    return str(shown.json()["token"]["project"]["id"])


def _end_all(pair: ProcessPair) -> None:
    for process in pair.running.values():
        process.terminate()
    deadline = time.monotonic() + 15
    for process in pair.running.values():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
