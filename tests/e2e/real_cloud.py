"""A whole real cloud beside any other: processes, namespaces, guests; removed at the end."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import openstack
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from rich.console import Console

from host.console import SerialConsole
from pilvi.commands.audit import Result, audit, render
from pilvi.commands.client import CloudClient
from pilvi.commands.clouds import clouds_path
from pilvi.commands.down import run_down
from pilvi.commands.guest import build_guest
from pilvi.commands.keeper import NAME as KEEPER
from pilvi.commands.pid_files import start_time
from pilvi.commands.processes import find_process, start_process, stop_process
from pilvi.commands.up import run_up
from pilvi.settings import Settings

T = TypeVar("T")
FLAVOR = "p1.nano"
EPHEMERAL_FLAVOR = "p1.nano.eph"
READY = "GUEST: READY"
GUEST_S = 240.0


def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RealCloud:
    """One cloud, reached as its users reach it."""

    settings: Settings
    admin: Connection
    demo: Connection
    guest_path: Path
    image_id: str = ""
    _servers: list[str] = field(default_factory=list)

    @property
    def private_network_id(self) -> str:
        """The demo project's network."""
        return str(self.demo.network.find_network("private", ignore_missing=False).id)

    def launch(self, name: str, *, wait: bool = True, **fields: Any) -> Any:
        """A new server in the demo project; with `wait`, once it is ACTIVE."""
        flavor = self.demo.compute.find_flavor(fields.pop("flavor", FLAVOR), ignore_missing=False)
        fields.setdefault("networks", [{"uuid": self.private_network_id}])
        fields.setdefault("image_id", self.image_id)
        server = self.demo.compute.create_server(name=name, flavor_id=flavor.id, **fields)
        self._servers.append(server.id)
        if wait:
            server = self.demo.compute.wait_for_server(server, interval=0.2, wait=GUEST_S)
        return server

    def delete(self, *server_ids: str) -> None:
        """Delete servers and wait until they are gone."""
        for server_id in server_ids:
            self.demo.compute.delete_server(server_id, ignore_missing=True)
        for server_id in server_ids:
            until(lambda id=server_id: self.demo.compute.find_server(id) is None, 60)

    def console_output(self, server_id: str) -> str:
        """The console log as the API gives it."""
        return str(self.demo.compute.get_server_console_output(server_id)["output"])

    def wait_console(self, server_id: str, text: str, timeout_s: float = GUEST_S) -> str:
        """The console log once it holds a text."""

        def look() -> str | None:
            output = self.console_output(server_id)
            return output if text in output else None

        return until(look, timeout_s)

    def type_at(self, server_id: str) -> SerialConsole:
        """The serial console of a guest on this machine, to run commands in it."""
        return SerialConsole(self.vm_dir(server_id) / "guest" / "serial.sock")

    def vm_dir(self, server_id: str) -> Path:
        """Where the agent keeps a guest."""
        return self.settings.agent_dir / "vms" / server_id

    def guest_pid(self, server_id: str) -> int | None:
        """Pid of the QEMU process of a server, found by its working folder."""
        folder = str(self.vm_dir(server_id) / "guest")
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if str((entry / "cwd").readlink()) == folder:
                        name = (entry / "comm").read_text()
                        if name.startswith("qemu"):
                            return int(entry.name)
                except OSError:
                    continue
        return None

    def audit(self) -> Result:
        """What `pilvi audit` comes to."""
        client = CloudClient(self.settings)
        client.login()
        return audit(lambda method, path: client.call(method, "audit", path))

    def check_ledger(self) -> None:
        """Nothing is leaked, nothing missing, and the host answers."""
        found = self.audit()
        assert found.exit_status == 0, render(found, time.time())

    def kill(self, name: str) -> None:
        """kill -9 of `api` or `agent`, which stays away: the keeper is stopped."""
        stop_process(self.settings, KEEPER)
        pid = find_process(self.settings, name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        until(lambda: find_process(self.settings, name) is None or None, 10)

    def start(self, name: str) -> None:
        """Start `api` or `agent` again."""
        start_process(self.settings, name)

    def stop(self, name: str) -> None:
        """Stop `api` or `agent` politely."""
        stop_process(self.settings, name)


def until(look: Callable[[], T | None], timeout_s: float, pause_s: float = 0.1) -> T:
    """What `look` gives once it is true. Fails after the timeout."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s"
        time.sleep(pause_s)


def answers_ssh(address: str, port: int = 22) -> bool:
    """Whether an SSH server greets from an address."""
    try:
        with socket.create_connection((address, port), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def connect(settings: Settings, name: str) -> Connection:
    """An unmodified openstacksdk connection through the cloud's own clouds.yaml."""
    config = OpenStackConfig(config_files=[str(clouds_path(settings))], load_envvars=False)
    return openstack.connection.Connection(config=config.get_one(name))


def choose_settings() -> Settings:
    """A cloud that cannot meet another: own folder, ports, prefix and ranges."""
    number = secrets.randbelow(200)
    return Settings(
        state_dir=tempfile.mkdtemp(prefix="pv-", dir="/tmp"),
        name_prefix="t" + secrets.token_hex(2),
        listen_port=free_port(),
        iscsi_port=free_port(),
        external_cidr=f"198.18.{number}.0/24",
        external_nat=False,
    )


def _copy_guest(settings: Settings) -> Path:
    """The test guest in both formats, kept apart from a build that may replace it meanwhile."""
    built = build_guest()
    for path in (built, built.with_suffix(".raw")):
        shutil.copy(path, settings.state / path.name)
    return settings.state / built.name


@contextmanager
def real_cloud(settings: Settings | None = None) -> Iterator[RealCloud]:
    """A fresh cloud with the test image registered; purged whatever happens."""
    settings = settings or choose_settings()
    console = Console(file=sys.stderr)
    try:
        run_up(settings, first_server=False, console=console)
        admin, demo = connect(settings, "pilvi"), connect(settings, "pilvi-demo")
        cloud = RealCloud(settings, admin, demo, _copy_guest(settings))
        image = admin.create_image(
            "guest",
            filename=str(cloud.guest_path),
            disk_format="qcow2",
            container_format="bare",
            visibility="public",
            wait=True,
        )
        cloud.image_id = image.id
        yield cloud
        cloud.check_ledger()
    finally:
        run_down(settings.state, purge=True, console=console)
        leftovers = find_leftovers(settings)
        assert not leftovers, leftovers


def find_leftovers(settings: Settings) -> list[str]:
    """Everything on this machine that still bears a cloud's name. Empty after a purge."""
    found = [str(settings.state)] if settings.state.exists() else []
    prefix = settings.name_prefix
    namespaces = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    found += [line for line in namespaces.splitlines() if line.startswith(prefix + "-")]
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    found += [line for line in links.splitlines() if f": {prefix}-" in line]
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True)
    found += [line for line in tables.stdout.splitlines() if line.endswith(f" {prefix}")]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                uid = entry.stat().st_uid
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if start_time(int(entry.name)) is None:
                continue  # a zombie: it has ended, and its parent has yet to look
            ours = settings.uid_base <= uid <= settings.uid_guest_last
            if ours or settings.state_dir in words:
                found.append(f"process {entry.name}: {words[:100]}")
    mounts = Path("/proc/mounts").read_text().splitlines()
    found += [line for line in mounts if settings.state_dir in line]
    return found
