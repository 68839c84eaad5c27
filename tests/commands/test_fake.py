"""`pilvi up --fake`, `pilvi tempest-conf`, `pilvi down`, as a person types them."""

import configparser
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pilvi.commands.client import CloudClient
from pilvi.commands.database_lock import is_held
from pilvi.commands.processes import find_process
from pilvi.migrations import newest_revision
from pilvi.settings import load_settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pilvi.cli", *words, "--state-dir", str(state)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def pilvi(state: Path, *words: str) -> str:
    done = run(state, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(state: Path, *words: str) -> str:
    done = run(state, *words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """The state of a running fake cloud with two hosts."""
    folder = tmp_path / "state"
    try:
        pilvi(folder, "up", "--fake", "--hosts", "2", "--port", str(free_port()))
        yield folder
    finally:
        pilvi(folder, "down", "--purge")
        assert not folder.exists()


def test_it_answers_when_the_command_returns_and_ends_when_told(state: Path) -> None:
    settings = load_settings(state)
    assert httpx.get(f"{settings.base_url}/identity/v3").status_code == 200
    pid = find_process(settings, "fake")
    assert pid is not None and os.getsid(pid) == pid
    assert "is up" in pilvi(state, "up", "--fake")
    assert find_process(settings, "fake") == pid
    client = CloudClient(settings)
    client.login()
    client.call("POST", "network", "/networks", {"network": {"name": "kept"}})
    pilvi(state, "down")
    assert find_process(settings, "fake") is None
    # A cloud that was made fake stays so.
    pilvi(state, "up")
    client.login()
    assert client.find("network", "networks", "kept") is not None


def test_an_audit_of_a_running_cloud_says_that_nothing_differs(state: Path) -> None:
    assert pilvi(state, "audit").strip() == "nothing leaked, nothing missing"
    assert '"exit_status": 0' in pilvi(state, "audit", "--json")
    stray = load_settings(state).api_dir / "images" / "blobs" / ("b" * 128)
    stray.write_bytes(b"x")
    command = [sys.executable, "-m", "pilvi.cli", "audit", "--state-dir", str(state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("leaked: stored image of nobody: blobs/bbb")


def test_what_the_cloud_says_of_itself_makes_a_tempest_conf(state: Path) -> None:
    parser = configparser.RawConfigParser(default_section="")
    parser.read_string(pilvi(state, "tempest-conf"))
    client = CloudClient(load_settings(state))
    client.login()
    compute = parser["compute"]
    assert compute["min_compute_nodes"] == "2"
    assert compute["min_microversion"] == "2.1"
    for reference in (compute["flavor_ref"], compute["flavor_ref_alt"]):
        flavor = client.call("GET", "compute", f"/flavors/{reference}")["flavor"]
        assert flavor["disk"] >= 1
    assert client.call("GET", "image", f"/images/{compute['image_ref']}")["status"] == "active"
    assert compute["image_ref"] != compute["image_ref_alt"]
    network = parser["network"]["public_network_id"]
    assert client.call("GET", "network", f"/networks/{network}")["network"]["router:external"]
    assert "security-group" in parser["network-feature-enabled"]["api_extensions"].split(",")


def test_a_port_that_is_taken_is_said_and_another_can_be_chosen(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        words = refused(tmp_path / "state", "up", "--fake", "--port", port)
    assert f"cannot listen on 127.0.0.1:{port}" in words
    assert not (tmp_path / "state").exists()


def test_it_comes_back_with_the_hosts_that_it_had_and_takes_more(state: Path) -> None:
    def alive() -> set[str]:
        client = CloudClient(load_settings(state))
        client.login()
        services = client.call("GET", "compute", "/os-services")["services"]
        return {one["host"] for one in services if one["state"] == "up"} & {
            one["host"] for one in services if one["binary"] == "nova-compute"
        }

    assert "pilvi up --fake --hosts 3" in refused(state, "up", "--fake", "--hosts", "3")
    pilvi(state, "down")
    assert "it has 2" in refused(state, "up", "--fake", "--hosts", "1")
    pilvi(state, "up", "--fake")
    assert alive() == {"fake1", "fake2"}
    pilvi(state, "down")
    pilvi(state, "up", "--fake", "--hosts", "3")
    assert alive() == {"fake1", "fake2", "fake3"}


def test_nobody_else_touches_its_database_while_it_runs(state: Path, tmp_path: Path) -> None:
    archive = tmp_path / "cloud.tar"
    pilvi(state, "backup", str(archive))
    assert "the fake cloud runs" in refused(state, "restore", str(archive))
    for command in ("api", "agent", "units"):
        assert "this is a fake cloud" in refused(state, command)
    assert is_held(load_settings(state))
    pilvi(state, "down")
    assert not is_held(load_settings(state))
    pilvi(state, "restore", str(archive))


def test_lost_passwords_are_not_made_anew(state: Path) -> None:
    pilvi(state, "down")
    (state / "clouds.yaml").unlink()
    assert "clouds.yaml is damaged or lost" in refused(state, "up", "--fake")
    assert not (state / "clouds.yaml").exists()


def test_doctor_finds_a_running_one_well(state: Path) -> None:
    told = pilvi(state, "doctor")
    assert "ok      the fake cloud runs" in told and "MISSING" not in told
    assert "qemu" not in told and "MTU" not in told
    pilvi(state, "down")
    told = run(state, "doctor").stdout
    assert "MISSING the fake cloud runs  →  pilvi up --fake" in told


def test_a_file_of_this_machine_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("no folder")
    words = refused(state, "up", "--fake", "--port", str(free_port()))
    assert words.startswith("pilvi: cannot go on: ") and len(words.splitlines()) == 1


def test_in_the_foreground_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "pilvi.cli", "up", "--fake", "--foreground"]
    command += ["--port", str(port), "--state-dir", str(tmp_path / "state")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "is up" in process.stdout.readline()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/identity/v3").status_code == 200
                break
            except httpx.TransportError:
                time.sleep(0.02)
        process.terminate()
        assert process.wait(20) in (0, -15, 143)
    finally:
        process.kill()
        process.wait()


def test_a_fake_cloud_in_another_database_is_refused(tmp_path: Path) -> None:
    words = ["up", "--fake", "--setting", "database_url=postgresql://db.test/x"]
    command = [sys.executable, "-m", "pilvi.cli", *words, "--state-dir", str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "leave database_url out" in done.stderr
    assert not (tmp_path / "s").exists()


def test_a_bad_policy_file_is_named_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("nova: [")
    command = [sys.executable, "-m", "pilvi.cli", "up", "--fake", "--port", str(free_port())]
    command += ["--state-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"cannot read {tmp_path / 'policy.yaml'}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_database_of_a_fake_cloud_is_of_this_release(state: Path) -> None:
    newest = newest_revision()
    for verb in ("version", "upgrade"):
        assert f"revision {newest}, newest known {newest}" in pilvi(state, "db", verb)
