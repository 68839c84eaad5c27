"""Status and admission of volumes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.block_storage.model.attachment import AttachmentState
from pilvi.block_storage.model.volume import (
    Action,
    Allowed,
    AlreadyDone,
    Denied,
    VolumeStatus,
    may,
    status,
)
from volume_samples import make_attachment, make_volume

S = VolumeStatus


@pytest.mark.parametrize(
    ("values", "state", "expected"),
    [
        ({}, None, S.AVAILABLE),
        ({"seen_size_gib": None}, None, S.CREATING),
        ({"seen_size_gib": None, "failed": True}, None, S.ERROR),
        ({"size_gib": 2}, None, S.EXTENDING),
        ({"size_gib": 2, "failed": True}, None, S.ERROR_EXTENDING),
        ({}, AttachmentState.ATTACHING, S.ATTACHING),
        ({}, AttachmentState.ATTACHED, S.IN_USE),
        ({}, AttachmentState.DETACHING, S.DETACHING),
        ({"marked_status": S.ERROR}, AttachmentState.ATTACHED, S.ERROR),
        ({"present": False}, None, S.DELETING),
        ({"present": False, "failed": True}, None, S.ERROR_DELETING),
    ],
)
def test_status_follows_from_wish_and_sight(
    values: dict[str, object], state: AttachmentState | None, expected: VolumeStatus
) -> None:
    held = [] if state is None else [make_attachment(state=state)]
    assert status(make_volume(**values), held) is expected


def test_a_user_counts_on_the_size_that_is_seen() -> None:
    assert make_volume(size_gib=5, seen_size_gib=2).current_size_gib == 2
    assert make_volume(size_gib=5, seen_size_gib=None).current_size_gib == 5


def test_a_volume_of_a_server_is_neither_deleted_nor_extended_nor_attached_again() -> None:
    held = [make_attachment(state=AttachmentState.ATTACHED)]
    for action in (Action.DELETE, Action.EXTEND, Action.ATTACH):
        found = may(action, make_volume(), held)
        assert isinstance(found, Denied)
        assert found.reason.startswith(f"cannot {action} the volume 'volume': its status is in-use")
    assert "detach it first" in may(Action.DELETE, make_volume(), held).reason  # type: ignore[union-attr]


def test_a_marked_volume_of_a_server_is_not_deleted_either() -> None:
    held = [make_attachment(state=AttachmentState.ATTACHED)]
    found = may(Action.DELETE, make_volume(marked_status=VolumeStatus.ERROR), held)
    assert isinstance(found, Denied) and "a server has it" in found.reason


def test_deleting_twice_is_done_already() -> None:
    assert may(Action.DELETE, make_volume(present=False), []) == AlreadyDone()
    assert may(Action.DELETE, make_volume(seen_size_gib=None), []) == Allowed()


volumes = st.builds(
    make_volume,
    size_gib=st.integers(1, 4),
    seen_size_gib=st.none() | st.integers(1, 4),
    present=st.booleans(),
    failed=st.booleans(),
    marked_status=st.none() | st.just(VolumeStatus.ERROR),
)
holds = st.lists(st.builds(make_attachment, state=st.sampled_from(AttachmentState)), max_size=1)


@given(volumes, holds, st.sampled_from(Action))
def test_nothing_is_taken_from_a_server(volume, held, action) -> None:  # type: ignore[no-untyped-def]
    if held and not isinstance(may(action, volume, held), Denied):
        harmless = (Action.RETYPE, Action.EXTEND_ATTACHED, Action.COPY_ATTACHED)
        assert action in harmless or status(volume, held) is S.DELETING
