"""Consoles of a real guest through the API's port, as a browser's WebSocket has them."""

import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from e2e.real_cloud import READY, RealCloud, until
from pilvi.host_api.consoles import CloseCode

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(900)]
KINDS = {"serial": ("serial", "serial"), "vnc": ("vnc", "novnc")}
# What is to happen within a second, on a machine that emulates guests meanwhile.
SOON_S = 10.0


@pytest.fixture(scope="module")
def guest(real: RealCloud) -> Iterator[str]:
    server = real.launch("looked-at")
    real.wait_console(server.id, READY)
    yield server.id
    real.delete(server.id)


def view(real: RealCloud, server_id: str, line: str = "serial") -> ClientConnection:
    protocol, type = KINDS[line]
    body = {"remote_console": {"protocol": protocol, "type": type}}
    path = f"/servers/{server_id}/remote-consoles"
    reply = real.demo.compute.post(path, json=body, microversion="2.6")
    url = reply.json()["remote_console"]["url"].replace("http", "ws", 1)
    options: dict[str, Any] = {"proxy": None, "compression": None, "close_timeout": 2}
    return connect(url, subprotocols=["binary"], legacy=True, **options)


def read_until(viewer: ClientConnection, wanted: bytes, timeout_s: float = 60) -> bytes:
    seen, deadline = b"", time.monotonic() + timeout_s
    while wanted not in seen:
        data = viewer.recv(max(0.01, deadline - time.monotonic()))
        assert isinstance(data, bytes)
        seen += data
    return seen


def read(viewer: ClientConnection, count: int) -> bytes:
    seen = b""
    while len(seen) < count:
        data = viewer.recv(30)
        assert isinstance(data, bytes)
        seen += data
    return seen


def closed_with(viewer: ClientConnection) -> int:
    deadline = time.monotonic() + SOON_S
    with pytest.raises(ConnectionClosed) as raised:
        while True:
            viewer.recv(max(0.01, deadline - time.monotonic()))
    assert raised.value.rcvd is not None
    return raised.value.rcvd.code


def log_in(viewer: ClientConnection) -> None:
    viewer.send(b"\recho R''EADY-$((6*7))\r")
    read_until(viewer, b"READY-42")


def test_what_is_typed_at_a_real_guest_is_answered(real: RealCloud, guest: str) -> None:
    with view(real, guest) as viewer:
        assert viewer.subprotocol == "binary"
        log_in(viewer)
        viewer.send(b"uname -s; cat /proc/cpuinfo | grep -c ^processor\r")
        assert b"Linux" in read_until(viewer, b"Linux")


def test_the_screen_of_a_real_guest_is_not_black(real: RealCloud, guest: str) -> None:
    with view(real, guest, "vnc") as viewer:
        assert read(viewer, 12) == b"RFB 003.008\n"
        viewer.send(b"RFB 003.008\n")
        assert 1 in read(viewer, 2)[1:]
        viewer.send(b"\x01")
        assert read(viewer, 4) == bytes(4)
        viewer.send(b"\x01")
        width, height = struct.unpack(">HH", read(viewer, 24)[:4])
        viewer.send(struct.pack(">BxHl", 2, 1, 0))
        viewer.send(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
        pixels = read(viewer, 16 + width * height * 4)[16:]
    assert any(pixels)


def test_a_viewer_that_does_not_read_does_not_hold_the_guest_up(
    real: RealCloud, guest: str
) -> None:
    viewer = view(real, guest)
    log_in(viewer)
    # More than every buffer on the way holds; nothing is read until the guest is done.
    viewer.send(b"yes 0123456789abcdef | head -n 60000; echo W''RITTEN\r")
    real.wait_console(guest, "WRITTEN", 120)
    seen = read_until(viewer, b"WRITTEN")
    assert b"output was dropped" in seen or len(seen) > 1_000_000
    viewer.close()


def test_a_viewer_that_vanishes_leaves_the_line_to_the_next(real: RealCloud, guest: str) -> None:
    viewer = view(real, guest)
    log_in(viewer)
    viewer.socket.close()
    with view(real, guest) as after:
        log_in(after)
        with view(real, guest) as newest:
            log_in(newest)
            assert closed_with(after) == CloseCode.TAKEN_OVER


def test_a_killed_agent_or_api_ends_consoles_and_leaves_nothing(
    real: RealCloud, guest: str
) -> None:
    with view(real, guest) as viewer:
        log_in(viewer)
        real.kill("agent")
        assert closed_with(viewer) == CloseCode.HOST_LOST
    real.start("agent")
    viewer = view(real, guest)
    log_in(viewer)
    real.kill("api")
    with pytest.raises(ConnectionClosed):
        while True:  # what the guest still said comes before the end
            viewer.recv(SOON_S)
    real.start("api")
    desired = real.settings.agent_dir / "desired"
    until(lambda: not list(desired.glob("console-*.json")), 90)
    with view(real, guest) as viewer:
        log_in(viewer)


def test_a_stopped_guest_ends_its_consoles(real: RealCloud, guest: str) -> None:
    serial, screen = view(real, guest), view(real, guest, "vnc")
    read(screen, 12)
    real.demo.compute.stop_server(guest)
    ends = {CloseCode.GUEST_GONE, CloseCode.NOT_ALLOWED}
    server = real.demo.compute.get_server(guest)
    real.demo.compute.wait_for_server(server, "SHUTOFF", interval=0.2, wait=120)
    assert closed_with(serial) in ends
    assert closed_with(screen) in ends
