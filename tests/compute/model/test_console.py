"""Who may open which line of which guest, and for how long."""

import dataclasses
import datetime

import msgspec
import pytest

from compute.blanks import blank_server
from pilvi.compute.model.allowed import Denied
from pilvi.compute.model.console import (
    LEASE_S,
    Console,
    is_same_guest,
    may_come_from,
    reach,
)
from pilvi.host_api.consoles import CloseCode, ConsoleLine
from pilvi.host_api.vms import Power, VmSeen

NOON = datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)
SEEN = VmSeen(
    power=Power.RUNNING,
    boot_generation=1,
    image_generation=1,
    attached_volumes=[],
    attached_ports=[],
    accelerator="tcg",
    started_at=5.5,
)
CONSOLE = Console(
    id="c",
    token_sha256="x",
    server_id="s",
    project_id="p",
    user_id="u",
    host_id="h",
    line=ConsoleLine.VNC,
    started_at=5.5,
    origin="https://cloud.test:8774",
    created_at=NOON,
    expires_at=NOON + 10 * SECOND,
)


def test_a_token_waits_until_it_is_used_or_too_old() -> None:
    assert CONSOLE.is_waiting(NOON + 9 * SECOND)
    assert not CONSOLE.is_waiting(NOON + 10 * SECOND)
    assert CONSOLE.is_over(NOON + 10 * SECOND)
    used = dataclasses.replace(CONSOLE, opened_at=NOON, renewed_at=NOON)
    assert not used.is_waiting(NOON)
    assert not used.is_over(NOON + LEASE_S * SECOND)
    assert used.is_over(NOON + (LEASE_S + 1) * SECOND)
    assert used.is_over(NOON - (LEASE_S + 1) * SECOND), "the clock was set back"


def test_a_token_from_the_future_is_good_for_nothing() -> None:
    for skew_s, is_good in ((LEASE_S, True), (LEASE_S + 1, False)):
        assert CONSOLE.is_waiting(CONSOLE.created_at - skew_s * SECOND) is is_good
        assert CONSOLE.is_over(CONSOLE.created_at - skew_s * SECOND) is not is_good


def test_only_the_same_process_on_the_same_host_is_reached() -> None:
    server = blank_server(host_id="h")
    assert reach(server, SEEN) == 5.5
    assert is_same_guest(CONSOLE, server, SEEN)
    for seen in (None, begun_at(SEEN, 5.6), begun_at(SEEN, None)):
        assert not is_same_guest(CONSOLE, server, seen)
    assert not is_same_guest(CONSOLE, None, SEEN)
    for changed in (
        dataclasses.replace(server, host_id="other"),
        dataclasses.replace(server, host_id=None),
        dataclasses.replace(server, desired=dataclasses.replace(server.desired, present=False)),
    ):
        assert not is_same_guest(CONSOLE, changed, SEEN)
    denied = reach(server, None)
    assert isinstance(denied, Denied)
    assert "does not run" in denied.reason


def begun_at(seen: VmSeen, started_at: float | None) -> VmSeen:
    """The same guest with another beginning."""
    return msgspec.structs.replace(seen, started_at=started_at)


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        (None, True),
        ("https://cloud.test:8774", True),
        ("http://cloud.test:8774", False),
        ("https://cloud.test", False),
        ("https://cloud.test:8774.evil.test", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_pages_of_the_place_that_gave_the_link_use_it(origin: str | None, may: bool) -> None:
    assert may_come_from(CONSOLE, origin) is may


def test_every_close_code_has_words_that_fit_a_close_frame() -> None:
    for code in CloseCode:
        assert 0 < len(code.reason.encode()) <= 123
