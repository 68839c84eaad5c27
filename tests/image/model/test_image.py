"""States of images."""

import pilvi.image
from pilvi.image.model.image import Action, Allowed, AlreadyDone, Denied, Status, draw_states, may


def test_the_package_draws_the_table() -> None:
    assert draw_states() in (pilvi.image.__doc__ or "")


def test_every_action_is_answered_in_every_state() -> None:
    for action in Action:
        for status in Status:
            answer = may(action, status)
            if isinstance(answer, Denied):
                assert answer.reason.startswith(f"cannot {action} the image")
                assert f"'{status}'" in answer.reason


def test_bytes_come_once() -> None:
    has_bytes = {Status.ACTIVE, Status.DEACTIVATED}
    for status in has_bytes:
        for action in (Action.UPLOAD, Action.STAGE, Action.STORE, Action.IMPORT, Action.FAIL):
            assert isinstance(may(action, status), Denied)
        for action in Action:
            answer = may(action, status)
            assert not isinstance(answer, Allowed) or answer.status in has_bytes


def test_what_is_done_may_be_asked_again() -> None:
    assert may(Action.DEACTIVATE, Status.DEACTIVATED) == AlreadyDone()
    assert may(Action.GIVE_UP, Status.QUEUED) == AlreadyDone()
    assert may(Action.FAIL, Status.KILLED) == AlreadyDone()
    assert isinstance(may(Action.UPLOAD, Status.SAVING), Denied)
