"""Which step meets which fault."""

from pilvi.testing.simulation.cases import (
    MESSAGE,
    OF_BOTH,
    OF_MESSAGES,
    ON_HOSTS_ONLY,
    SHARE,
    Fault,
    Place,
    list_cases,
)

LAUNCH = Place(3, "host1", "vm", "Launch")
CLAIM = Place(1, "api", "server", "Claim")


def test_a_new_step_meets_every_fault_that_fits_and_only_where_it_is_first_taken() -> None:
    again = Place(9, "host2", "vm", "Launch")
    cases = list_cases([CLAIM, LAUNCH, again], set(), 0)
    faults = {place: {fault for one, fault in cases if one == place} for place, _ in cases}
    assert faults[LAUNCH] == set(Fault) - {Fault.NONE} - OF_MESSAGES
    assert faults[CLAIM] == faults[LAUNCH] - ON_HOSTS_ONLY
    assert again not in faults
    assert len(cases) == len(set(cases))


def test_a_removal_is_never_said_to_be_impossible() -> None:
    cases = list_cases([Place(1, "host1", "vm", "Remove")], set(), 0)
    assert Fault.FAIL_TERMINALLY not in {fault for _, fault in cases}


def test_a_known_step_meets_a_share_and_all_of_them_in_some_scenario() -> None:
    known = {LAUNCH.key}
    shares = [list_cases([LAUNCH], known, salt) for salt in range(SHARE)]
    assert all(len(share) < len(Fault) / 2 for share in shares)
    assert {fault for share in shares for _, fault in share} == set(Fault) - {
        Fault.NONE
    } - OF_MESSAGES


def test_a_message_meets_what_can_befall_messages() -> None:
    cases = list_cases([Place(1, MESSAGE, "user", "POST /servers")], set(), 0)
    assert {fault for _, fault in cases} == OF_MESSAGES | OF_BOTH
