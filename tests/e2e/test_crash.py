"""Killing the agent or the API touches no guest, and the cloud goes on."""

import time

import pytest

from e2e.real_cloud import READY, RealCloud, until

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(900)]


def test_a_guest_outlives_agent_and_api(real: RealCloud) -> None:
    server = real.launch("survivor")
    try:
        real.wait_console(server.id, READY)
        pid = real.guest_pid(server.id)
        assert pid is not None
        for name in ("agent", "api"):
            real.kill(name)
            time.sleep(0.5)
            assert real.guest_pid(server.id) == pid
            with real.type_at(server.id) as console:
                assert "alive" in console.run("echo alive")
            real.start(name)
            until(lambda: _answers(real, server.id), 30)
            assert real.guest_pid(server.id) == pid
        real.demo.compute.reboot_server(server.id, "HARD")
        until(lambda: real.console_output(server.id).count(READY) == 2, 240)
    finally:
        real.delete(server.id)


def test_a_server_asked_for_while_the_agent_is_dead_comes_up(real: RealCloud) -> None:
    real.kill("agent")
    server = real.launch("patient", wait=False)
    time.sleep(1)
    assert real.demo.compute.get_server(server.id).status == "BUILD"
    real.start("agent")
    try:
        real.demo.compute.wait_for_server(server, interval=0.2, wait=120)
        real.wait_console(server.id, READY)
    finally:
        real.delete(server.id)


def test_a_server_deleted_while_the_agent_is_dead_goes(real: RealCloud) -> None:
    server = real.launch("doomed")
    pid = real.guest_pid(server.id)
    real.kill("agent")
    real.demo.compute.delete_server(server.id)
    time.sleep(0.5)
    assert real.guest_pid(server.id) == pid
    real.start("agent")
    until(lambda: real.demo.compute.find_server(server.id) is None, 60)
    assert real.guest_pid(server.id) is None
    assert not real.vm_dir(server.id).exists()


def _answers(real: RealCloud, server_id: str) -> bool:
    try:
        return bool(real.demo.compute.get_server(server_id).status == "ACTIVE")
    except Exception:
        return False
