"""Every refusal ends with a next step."""

from pilvi import errors
from pilvi.core.http.faults import STATUS, MethodNotAllowed
from pilvi.core.http.next_steps import STEPS, end_with_step, step_of, with_next_step


def test_every_kind_has_a_step() -> None:
    assert set(STEPS) == {*errors.KINDS.values(), MethodNotAllowed} == set(STATUS)


def test_a_message_that_knows_better_stays_as_it_is() -> None:
    own = "cannot delete the port: a server has it; detach it first"
    assert end_with_step(own, errors.Conflict) == own


def test_a_semicolon_in_what_the_caller_wrote_is_no_step() -> None:
    told = end_with_step("cannot find the server 'a; b'", errors.NotFound)
    assert told == f"cannot find the server 'a; b'; {STEPS[errors.NotFound]}"


def test_a_name_in_backquotes_is_the_caller_s_word_as_well() -> None:
    told = end_with_step("cannot accept the body: unknown field `a; b`", errors.InvalidRequest)
    assert told.endswith(f"; {STEPS[errors.InvalidRequest]}")


def test_the_error_itself_is_left_alone() -> None:
    class Closer(errors.NotFound):
        """A part of a kind."""

    error = Closer("cannot find it here.", detail="private")
    told = with_next_step(error)
    assert told.message == f"cannot find it here; {step_of(errors.NotFound)}"
    assert (told.detail, type(told)) == ("private", Closer)
    assert error.message == "cannot find it here."
