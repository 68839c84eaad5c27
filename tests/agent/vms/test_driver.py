import inspect

import pytest

from pilvi.agent.vms.driver import CaptureDriver, VmDriver, VmHost
from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.qemu import QemuVms

METHODS_MAX = 15


def methods(protocol: type) -> set[str]:
    members = {name for name, member in vars(protocol).items() if callable(member)}
    return {name for name in members if not name.startswith("_")}


@pytest.mark.parametrize("protocol", [VmDriver, VmHost, CaptureDriver])
def test_a_protocol_stays_small_and_every_driver_keeps_it(protocol: type) -> None:
    assert 0 < len(methods(protocol)) <= METHODS_MAX
    for driver in (FakeVms, QemuVms):
        for name in methods(protocol):
            wanted = inspect.signature(getattr(protocol, name)).parameters
            assert list(inspect.signature(getattr(driver, name)).parameters) == list(wanted)


def test_fake_and_real_can_do_the_same() -> None:
    assert FakeVms().capabilities == QemuVms.capabilities.fget(None)  # type: ignore[attr-defined]
