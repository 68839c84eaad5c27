"""The protocol stays small, and every driver has all of it."""

import inspect

from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.linux.driver import LinuxPortDriver

METHODS_MAX = 15


def test_the_protocol_is_small_and_complete_everywhere() -> None:
    methods = {name for name in vars(PortDriver) if not name.startswith("_")}
    assert len(methods - {"capabilities"}) <= METHODS_MAX
    for driver in (FakePortDriver, LinuxPortDriver):
        for name in methods:
            ours, theirs = getattr(PortDriver, name), getattr(driver, name)
            assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs), name
