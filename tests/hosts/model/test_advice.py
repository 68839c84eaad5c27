"""What helps: every cause that the parts tell of is known, and nothing is made up."""

import pytest

from pilvi.core.story import Wait
from pilvi.hosts.model.advice import ASK, TRIED_AGAIN, advise, advise_waiting


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("cannot find a host with room: this cloud has no host yet", "add a host"),
        ("cannot find a host with room: h1: asked for 9 VCPU, 1 are free", "ask for less"),
        ("cannot find a host with room: h1: is disabled (repair)", "open a host"),
        ("waiting for its host, which is not heard of since 2026", "wait for the host"),
        ("cannot make the disk: no space left on the host's disk", "make room"),
        ("cannot use the image: these are not its bytes", "upload the image once more"),
        ("cannot start the guest: the host has not enough memory", "less memory"),
        ("cannot open the tap of port 1: there is no such tap", "pilvi trace port"),
        ("cannot launch: an internal error, which the host's log explains", ASK),
    ],
)
def test_a_known_cause_has_a_step(words: str, step: str) -> None:
    assert step in advise(words)


@pytest.mark.parametrize("words", ["", "cannot start the guest", "cannot staple the tapestry"])
def test_an_unknown_cause_has_none(words: str) -> None:
    assert advise(words) == ""


def test_nothing_is_called_well_that_failed_once() -> None:
    assert advise_waiting([]) == ""
    assert advise_waiting([Wait(words="its host")]).startswith("wait: nothing is wrong")
    assert advise_waiting([Wait(words="its host", last_error="cannot")]) == TRIED_AGAIN
