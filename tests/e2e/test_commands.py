"""What a person types: the openstack command, unmodified, and Pilvi's own."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.real_cloud import FLAVOR, RealCloud

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(600)]

BIN = Path(sys.executable).parent


def _pilvi(real: RealCloud, *words: str) -> str:
    command = [str(BIN / "pilvi"), words[0], "--state-dir", real.settings.state_dir, *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _openstack(real: RealCloud, *words: str) -> str:
    """Run the openstack command as `eval "$(pilvi env)"` sets it up."""
    environment = dict(os.environ)
    for line in _pilvi(real, "env").splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        environment[name] = value.strip("'")
    command = [str(BIN / "openstack"), *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_openstack_server_create_wait(real: RealCloud) -> None:
    words = ("server", "create", "--image", "guest", "--flavor", FLAVOR)
    made = json.loads(_openstack(real, *words, "--wait", "-f", "json", "typed"))
    try:
        assert made["status"] == "ACTIVE"
        assert "typed" in _openstack(real, "server", "list")
        assert real.guest_pid(made["id"]) is not None
    finally:
        _openstack(real, "server", "delete", "--wait", "typed")
    assert "typed" not in _openstack(real, "server", "list")


def test_openstack_image_from_file_to_file(real: RealCloud, tmp_path: Path) -> None:
    source, target = tmp_path / "source.raw", tmp_path / "saved.raw"
    source.write_bytes(os.urandom(100_000))
    create = ("image", "create", "typed-image", "--disk-format", "raw", "--file", str(source))
    _openstack(real, *create, "--property", "color=red", "--tag", "one")
    try:
        listed = _openstack(real, "image", "list", "--property", "color=red")
        assert "typed-image" in listed and "active" in listed
        change = ("--min-disk", "2", "--property", "color=blue")
        _openstack(real, "image", "set", "typed-image", *change)
        shown = json.loads(_openstack(real, "image", "show", "typed-image", "-f", "json"))
        assert shown["min_disk"] == 2 and "blue" in json.dumps(shown)
        _openstack(real, "image", "save", "typed-image", "--file", str(target))
        assert target.read_bytes() == source.read_bytes()
    finally:
        _openstack(real, "image", "delete", "typed-image")
    assert "typed-image" not in _openstack(real, "image", "list")


def test_up_again_changes_nothing(real: RealCloud) -> None:
    clouds = (real.settings.state / "clouds.yaml").read_text()
    pids = {name: (real.settings.run_dir / f"{name}.pid").read_text() for name in ("api", "agent")}
    output = _pilvi(real, "up", "--no-hello")
    for name, pid in pids.items():
        assert (real.settings.run_dir / f"{name}.pid").read_text() == pid
    assert real.settings.base_url in output
    assert (real.settings.state / "clouds.yaml").read_text() == clouds
    assert (real.settings.state / "clouds.yaml").stat().st_mode & 0o077 == 0


def test_a_changed_setting_is_refused(real: RealCloud) -> None:
    command = [str(BIN / "pilvi"), "up", "--state-dir", real.settings.state_dir, "--port", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("pilvi: cannot change listen_port")


def test_no_secret_is_on_a_command_line_or_in_a_log(real: RealCloud) -> None:
    words = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words.append(path.read_bytes().decode(errors="replace"))
    for kept in (real.settings.agent_dir / "credential", real.settings.state / "clouds.yaml"):
        for secret in kept.read_text().split():
            if len(secret) >= 20 and "/" not in secret:
                assert not any(secret in line for line in words)
                for log in real.settings.run_dir.glob("*.log"):
                    assert secret not in log.read_text(errors="replace")


def test_the_api_runs_without_rights(real: RealCloud) -> None:
    pid = (real.settings.run_dir / "api.pid").read_text().split()[0]
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    assert set(fields["Uid"].split()) == {str(real.settings.uid_api)}
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    assert fields["NoNewPrivs"].strip() == "1"


def test_doctor_finds_nothing_missing(real: RealCloud) -> None:
    output = _pilvi(real, "doctor")
    assert "MISSING" not in output
    assert "KVM" in output


def test_a_guests_story_and_its_way_hop_by_hop(real: RealCloud) -> None:
    words = ("server", "create", "--image", "guest", "--flavor", FLAVOR)
    made = json.loads(_openstack(real, *words, "--wait", "-f", "json", "walked"))
    try:
        told = _pilvi(real, "explain", "server", made["id"])
        assert f"({made['id']}) is ACTIVE" in told and "create, by " in told
        real.wait_console(made["id"], "GUEST: dhcp-ok")
        ports = json.loads(_openstack(real, "port", "list", "--server", made["id"], "-f", "json"))
        way = _pilvi(real, "trace", "port", ports[0]["ID"])
        assert way.strip().endswith("Every hop is well"), way
        for hop in ("tap", "filter rules", "bridge", "DHCP answers", "metadata answers", "router"):
            assert any(line.startswith("OK") and hop in line for line in way.splitlines()), way
        assert "<svg" in _pilvi(real, "picture")
    finally:
        _openstack(real, "server", "delete", "--wait", "walked")
