"""Taps outlive their holder, and are held by one at a time."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings
from pilvi.agent.ports.linux import namespaces, taps
from pilvi.errors import Unavailable

pytestmark = pytest.mark.root


@pytest.fixture
def space(tmp_path: Path) -> Iterator[str]:
    name = f"{fresh_settings(tmp_path).name_prefix}gn"
    namespaces.create(name)
    yield name
    namespaces.remove(name)


def test_a_tap_is_held_by_one_and_outlives_it(space: str) -> None:
    with namespaces.inside(space):
        taps.make_tap("tap0")
        taps.make_tap("tap0")
    descriptor = taps.open_tap(space, "tap0")
    with pytest.raises(Unavailable, match="holds it"):
        taps.open_tap(space, "tap0")
    with namespaces.inside(space):
        taps.make_tap("tap0")
    os.close(descriptor)
    os.close(taps.open_tap(space, "tap0"))


def test_opening_makes_no_tap(space: str) -> None:
    with pytest.raises(Unavailable, match="no such tap"):
        taps.open_tap(space, "tap1")
    with namespaces.inside(space):
        assert "tap1" not in Path("/proc/thread-self/net/dev").read_text()
