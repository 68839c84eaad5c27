"""The cloud under test: fresh, with its own folder and port, beside any other."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.web_image import import_conf, import_settings

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
# The cloud is this checkout's, whatever is installed.
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
FAKE_HOSTS = 2
# Seconds until a cloud answers. Lower: a busy machine fails; higher: a broken start is seen late.
START_S = 60.0
STOP_S = 20.0


@dataclass(frozen=True)
class Cloud:
    """A running cloud."""

    state: Path
    port: int
    web_port: int
    """Port of the web server from which it may import images."""

    def write_conf(self, path: Path, extra: str) -> None:
        """Ask the cloud for its tempest.conf and add what belongs to this run."""
        done = subprocess.run(
            _pilvi("tempest-conf", self.state),
            capture_output=True,
            text=True,
            check=False,
            env=ENVIRONMENT,
        )
        if done.returncode:
            raise SystemExit(f"cannot write tempest.conf: {done.stderr.strip()}")
        path.write_text(done.stdout + extra + import_conf(self.web_port))


def _pilvi(command: str, state: Path) -> list[str]:
    return [str(PYTHON), "-m", "pilvi.cli", command, "--state-dir", str(state)]


def _fill(state: Path, kind: str) -> None:
    """Put what tempest wants to find into a cloud."""
    command = [str(PYTHON), "-m", "conformance.first_contents", str(state), kind]
    subprocess.run(command, check=True, env=ENVIRONMENT)


def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def fake_cloud(state: Path, *, keep: bool, web_port: int) -> Iterator[Cloud]:
    """A cloud with fake hosts, in one process."""
    port = free_port()
    log = state.with_suffix(".log")
    command = [*_pilvi("up", state), "--fake", "--foreground"]
    command += ["--hosts", str(FAKE_HOSTS), "--port", str(port)]
    for name, value in import_settings(web_port).items():
        command += ["--setting", f"{name}={value}"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, start_new_session=True, env=ENVIRONMENT
        )
    try:
        _wait_for_answer(process, port, log)
        _fill(state, "fake")
        yield Cloud(state, port, web_port)
    finally:
        if keep:
            print(f"the cloud runs on: pid {process.pid}, port {port}, state {state}")
        else:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            process.kill()
            process.wait()
            shutil.rmtree(state, ignore_errors=True)


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/identity/v3", timeout=5).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"cannot start the cloud:\n{log.read_text()[-3000:]}")


@contextlib.contextmanager
def real_cloud(state: Path, *, keep: bool, web_port: int) -> Iterator[Cloud]:
    """A cloud with real guests on this machine."""
    port = free_port()
    number = secrets.randbelow(200)
    settings = {
        "name_prefix": "c" + secrets.token_hex(2),
        "iscsi_port": free_port(),
        "external_cidr": f"198.18.{number}.0/24",
        "external_nat": "false",
        **import_settings(web_port),
    }
    command = [*_pilvi("up", state), "--port", str(port), "--no-hello"]
    for name, value in settings.items():
        command += ["--setting", f"{name}={value}"]
    try:
        subprocess.run(command, check=True, env=ENVIRONMENT)
        _fill(state, "real")
        yield Cloud(state, port, web_port)
    finally:
        if keep:
            print(f"the cloud runs on: port {port}, state {state}")
        else:
            # A purge takes the built guest along, which is not of this run alone.
            environment = {**ENVIRONMENT, "XDG_CACHE_HOME": str(state)}
            subprocess.run([*_pilvi("down", state), "--purge"], check=True, env=environment)
