from pilvi.agent.faults import HostTerminal, fault_of, no_space
from pilvi.core.reconcile import Terminal
from pilvi.errors import InvalidRequest, Unavailable


def test_a_known_error_keeps_its_kind_and_words() -> None:
    error = Unavailable("cannot attach the volume: nobody answers", detail="1.2.3.4")
    told = fault_of(error, "start the guest")
    assert told.kind == "Unavailable"
    assert told.message == "cannot attach the volume: nobody answers"
    assert not told.terminal


def test_a_terminal_error_is_told_as_one() -> None:
    told = fault_of(Terminal("cannot ever"), "start the guest")
    assert (told.kind, told.message, told.terminal) == ("Internal", "cannot ever", True)
    told = fault_of(HostTerminal(InvalidRequest("cannot ever")), "start the guest")
    assert (told.kind, told.message, told.terminal) == ("InvalidRequest", "cannot ever", True)


def test_a_full_disk_is_final_and_has_a_kind() -> None:
    told = fault_of(no_space("start the guest"), "copy the disk")
    assert told.kind == "NoCapacity"
    assert told.message == "cannot start the guest: no space left on the host's disk"
    assert told.terminal


def test_other_errors_say_nothing_of_their_inside() -> None:
    for error in (RuntimeError("/etc/secret"), TimeoutError("/etc/secret"), OSError(2, "/etc/x")):
        told = fault_of(error, "start the guest")
        assert told.kind == "Internal"
        assert told.message.startswith("cannot start the guest")
        assert "/etc" not in told.message


def test_a_full_disk_is_named() -> None:
    told = fault_of(OSError(28, "/etc/secret"), "set up the volume")
    assert (told.kind, told.terminal) == ("NoCapacity", False)
    assert told.message == "cannot set up the volume: no space left on the host's disk"
