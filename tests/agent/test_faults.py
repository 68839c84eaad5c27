from pilvi.agent.faults import fault_of
from pilvi.core.reconcile import Terminal
from pilvi.errors import NoCapacity


def test_an_expected_error_is_told_as_it_is() -> None:
    fault = fault_of(NoCapacity("cannot keep it", detail="secret"))
    assert (fault.kind, fault.message, fault.terminal) == ("NoCapacity", "cannot keep it", False)


def test_a_terminal_error_is_told_as_one() -> None:
    fault = fault_of(Terminal("cannot ever"))
    assert (fault.kind, fault.message, fault.terminal) == ("Internal", "cannot ever", True)


def test_a_defect_tells_nothing_of_its_inside() -> None:
    fault = fault_of(KeyError("/secret/path"))
    assert fault.kind == "Internal" and "secret" not in fault.message
