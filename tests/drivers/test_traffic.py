"""One suite for everything that counts the bytes of ports, on a driver of the same kind."""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings, network, port, uuid
from drivers.test_port_driver import Followed
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.fake_traffic import FakeTraffic
from pilvi.agent.ports.linux.driver import LinuxPortDriver
from pilvi.agent.ports.linux.traffic import LinuxTraffic
from pilvi.agent.ports.names import CloudNames, tap_name
from pilvi.agent.ports.traffic import Traffic, TrafficCounter
from pilvi.settings import Settings

# A broadcast of the port's own card, of a kind that nobody answers.
FRAME = bytes.fromhex("ffffffffffff") + bytes.fromhex("fa163e00000b") + b"\x88\xb5" + bytes(46)
VNET_HEADER = bytes(10)


@dataclass
class Counted:
    """A counter, the driver whose ports it counts, and a guest that sends a frame."""

    followed: Followed
    counter: TrafficCounter
    send: Callable[[], None]


def make_fake(settings: Settings) -> Counted:
    driver = FakePortDriver()
    counter = FakeTraffic(driver)

    def send() -> None:
        before = counter.passed[uuid(11)]
        counter.passed[uuid(11)] = before._replace(sent=before.sent + len(FRAME))

    return Counted(Followed(driver, settings), counter, send)


def make_linux(settings: Settings) -> Counted:
    driver = LinuxPortDriver(settings)

    def send() -> None:
        descriptor = driver.open_tap(uuid(11))
        os.write(descriptor, VNET_HEADER + FRAME)
        os.close(descriptor)

    counter = LinuxTraffic(CloudNames(settings.name_prefix).fabric)
    return Counted(Followed(driver, settings), counter, send)


@pytest.fixture(params=["fake", pytest.param("linux", marks=pytest.mark.root)])
async def counted(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Counted]:
    make = make_fake if request.param == "fake" else make_linux
    found = make(fresh_settings(tmp_path))
    yield found
    await found.followed.driver.purge()
    await found.followed.driver.close()


async def test_what_a_guest_sends_is_counted_at_its_tap_while_that_is_there(
    counted: Counted,
) -> None:
    assert await counted.counter.read() == {}
    await counted.followed.network(network())
    assert await counted.counter.read() == {}
    await counted.followed.port(port(11))
    before = await counted.counter.read()
    assert list(before) == [tap_name(uuid(11))]
    counted.send()
    after = await counted.counter.read()
    name = tap_name(uuid(11))
    assert after[name].sent == before[name].sent + len(FRAME)
    assert after[name].received >= before[name].received
    await counted.followed.port(None)
    assert await counted.counter.read() == {}


def test_a_traffic_is_two_numbers() -> None:
    assert Traffic(received=1, sent=2) == (1, 2)
