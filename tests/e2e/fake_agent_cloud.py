"""A cloud of two real processes on SQLite, an API and a fake agent, in a folder of a test's own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from e2e.real_cloud import free_port, until
from image_files import make_qcow2
from pilvi.commands.audit import audit, render
from pilvi.commands.client import CloudClient
from pilvi.commands.up import register_image
from pilvi.settings import Settings, save_settings

START_S = 60
END_S = 15
ACTIVE_S = 30
IMAGE = "small"


@dataclass
class Processes:
    """The two, by name."""

    settings: Settings
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start one."""
        command = [sys.executable, "-m", "pilvi.cli", name, "--state-dir", self.settings.state_dir]
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """kill -9 of one, and wait for its end."""
        process = self.running.pop(name)
        process.kill()
        process.wait(END_S)

    def end(self) -> None:
        """End both."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(END_S)


@dataclass
class FakeAgentCloud:
    """One cloud; `client` is logged in as admin, `demo` as a user."""

    settings: Settings
    client: CloudClient
    demo: CloudClient
    processes: Processes
    image_id: str = ""
    network_id: str = ""

    def launch(self, name: str, **more: object) -> str:
        """Ask for a server; answers its id."""
        wish = {"name": name, "imageRef": self.image_id, "flavorRef": "p1.nano", **more}
        body = {"server": {**wish, "networks": [{"uuid": self.network_id}]}}
        return str(self.demo.call("POST", "compute", "/servers", body)["server"]["id"])

    def wait_active(self, server_id: str) -> None:
        """Return once a server is ACTIVE."""
        deadline = time.monotonic() + ACTIVE_S
        while True:
            found = self.demo.call("GET", "compute", f"/servers/{server_id}")["server"]
            if found["status"] == "ACTIVE":
                return
            assert time.monotonic() < deadline and found["status"] != "ERROR", found
            time.sleep(0.1)

    def delete(self, server_id: str) -> None:
        """Delete a server, and wait until it is gone."""
        self.demo.call("DELETE", "compute", f"/servers/{server_id}")
        until(lambda: server_id not in self.list_servers() or None, 30)

    def list_servers(self) -> set[str]:
        """Ids of the user's servers."""
        return {one["id"] for one in self.demo.call("GET", "compute", "/servers")["servers"]}

    def check_ledger(self) -> None:
        """Nothing is leaked, nothing missing, and the host answers."""
        found = audit(lambda method, path: self.client.call(method, "audit", path))
        assert found.exit_status == 0, render(found, time.time())


@contextmanager
def fake_agent_cloud(state: Path, logs: Path) -> Iterator[FakeAgentCloud]:
    """A running cloud whose state is in one folder and whose logs are in another."""
    settings = Settings(
        state_dir=str(state), fake=True, listen_port=free_port(), disk_ratio=100.0, vcpu_ratio=100.0
    )
    save_settings(settings)
    processes = Processes(settings, logs)
    try:
        processes.start("api")
        client = until(lambda: _log_in(processes, "admin"), START_S)
        processes.start("agent")
        demo = CloudClient(settings, "demo")
        demo.login()
        cloud = FakeAgentCloud(settings, client, demo, processes)
        (logs / "small.qcow2").write_bytes(make_qcow2())
        cloud.image_id = register_image(client, IMAGE, logs / "small.qcow2")
        network = demo.find("network", "networks", "private")
        assert network is not None
        cloud.network_id = network["id"]
        until(lambda: client.call("GET", "compute", "/os-hypervisors")["hypervisors"], START_S)
        yield cloud
    finally:
        processes.end()


def _log_in(processes: Processes, user: str) -> CloudClient | None:
    log = processes.logs / "api.log"
    assert processes.running["api"].poll() is None, log.read_text(errors="replace")[-3000:]
    try:
        client = CloudClient(processes.settings, user)
        client.login()
    except Exception:
        return None
    return client
