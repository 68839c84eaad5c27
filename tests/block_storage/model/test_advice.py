"""What the owner of a volume can do next while it is waited for."""

from pilvi.block_storage.model.advice import list_volume_steps
from pilvi.core.story import Wait
from pilvi.hosts.model.advice import TRIED_AGAIN
from volume_samples import make_volume

CALM = Wait(words="its host to take up the wish")
FAILING = Wait(words="its host, which says: cannot staple it", tries=2)


def test_waiting_is_advised_only_while_nothing_is_wrong() -> None:
    volume = make_volume()
    (step,) = list_volume_steps(volume, [CALM], [])
    assert step.startswith("wait: nothing is wrong")
    assert list_volume_steps(volume, [CALM, FAILING], []) == (TRIED_AGAIN,)
    assert list_volume_steps(volume, [], []) == ()
