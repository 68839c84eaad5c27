import dataclasses

import pytest

from pilvi.agent.vms.local_vm import LocalVm, Process


def test_by_default_nothing_is_there_and_nothing_can_be_changed() -> None:
    seen = LocalVm()
    assert not seen.present and not seen.recorded
    assert seen.process is Process.NONE
    assert (seen.boot_generation, seen.image_generation) == (-1, -1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.pid = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        seen.volumes["a"] = None  # type: ignore[index]
