"""The status of a port."""

import pytest

from network.rows import make_held
from pilvi.host_api.contract import HostFault
from pilvi.hosts.model.host import Held
from pilvi.network.model.port import PortStatus, status

FAULT = HostFault(kind="Unavailable", message="cannot")


@pytest.mark.parametrize(
    ("host_id", "held", "expected"),
    [
        (None, None, PortStatus.DOWN),
        ("a", None, PortStatus.DOWN),
        ("a", make_held("b"), PortStatus.DOWN),
        ("a", make_held("a"), PortStatus.ACTIVE),
        ("a", make_held("a", present=False), PortStatus.DOWN),
        ("a", make_held("a", seen_present=False), PortStatus.DOWN),
        ("a", make_held("a", settled=False), PortStatus.DOWN),
        ("a", make_held("a", settled=False, fault=FAULT), PortStatus.ERROR),
        # As wished before, and the host has not acted on the newest wish yet.
        ("a", make_held("a", generation=2), PortStatus.ACTIVE),
    ],
)
def test_status(host_id: str | None, held: Held | None, expected: PortStatus) -> None:
    assert status(host_id, held) == expected
