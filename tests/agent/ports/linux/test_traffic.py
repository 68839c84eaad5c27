"""What the kernel says of interfaces; `drivers/test_traffic` asks a real one."""

from pilvi.agent.ports.linux.traffic import parse_counters
from pilvi.agent.ports.traffic import Traffic

SAID = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
    lo:    9999 1 0 0 0 0 0 0 9999 1 0 0 0 0 0 0
  br17:    5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
tap01234567-89:18446744073709551615 3 0 0 0 0 0 0 12 4 0 0 0 0 0 0
 tapabc:     0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
"""


def test_only_taps_count_and_what_they_receive_was_sent_by_their_guests() -> None:
    assert parse_counters(SAID) == {
        "tap01234567-89": Traffic(received=12, sent=2**64 - 1),
        "tapabc": Traffic(received=0, sent=0),
    }
    assert parse_counters("") == {}
