import pytest

from pilvi.agent.vms import plugs
from pilvi.agent.vms.local_vm import Plug
from pilvi.errors import Unavailable
from vm_world import make_volume


def test_a_slot_without_a_device_is_partial() -> None:
    slots = {"volume a": 9, "volume b": 10, "volume c": 11, "nic a": 12}
    devices = frozenset({"volume-9", "volume-10", "nic-12", "video"})
    leaving = frozenset({"volume-10"})
    assert plugs.plugs(plugs.VOLUME, slots, devices, leaving) == {
        "a": Plug.WHOLE,
        "b": Plug.LEAVING,
        "c": Plug.PARTIAL,
    }
    assert plugs.plugs(plugs.NIC, slots, devices, leaving) == {"a": Plug.WHOLE}


class NoSession:
    """A process that must not be spoken to."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError("the guest would stand still")


async def test_a_portal_without_a_listener_never_reaches_the_guest() -> None:
    volume = make_volume(portal="127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        await plugs.attach_volume(NoSession(), volume, 9, "iqn")  # type: ignore[arg-type]
    assert volume.password not in caught.value.detail
