import errno

from pilvi.agent.faults import HostTerminal
from pilvi.agent.vms.faults import fault, launch_error, no_space
from pilvi.errors import NoCapacity, Unavailable


def test_a_known_error_keeps_its_kind_and_words() -> None:
    told = fault(Unavailable("cannot attach the volume: nobody answers", detail="1.2.3.4"), "x")
    assert told.kind == "Unavailable"
    assert told.message == "cannot attach the volume: nobody answers"
    assert not told.terminal


def test_a_full_disk_is_final_and_has_a_kind() -> None:
    told = fault(no_space("start the guest"), "x")
    assert told.kind == "NoCapacity"
    assert told.message == "cannot start the guest: no space left on the host's disk"
    assert told.terminal


def test_other_errors_say_nothing_of_their_inside() -> None:
    for error in (RuntimeError("/etc/secret"), TimeoutError("/etc/secret"), OSError(2, "/etc/x")):
        told = fault(error, "start the guest")
        assert told.kind == "Internal"
        assert told.message.startswith("cannot start the guest")
        assert "/etc" not in told.message


def test_the_last_words_of_a_process_tell_why() -> None:
    error = Unavailable("cannot reach")
    full = launch_error("qemu: No space left on device", error)
    assert isinstance(full, OSError) and full.errno == errno.ENOSPC
    memory = launch_error("cannot set up guest memory 'pc.ram': Cannot allocate memory", error)
    assert isinstance(memory, HostTerminal) and memory.kind == NoCapacity.__name__
    other = launch_error("qemu: /a/path: what", error)
    assert isinstance(other, Unavailable) and "/a/path" not in other.message
