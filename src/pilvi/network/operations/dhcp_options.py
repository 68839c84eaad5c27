"""The options that a port's owner has DHCP give its guest. Pure."""

import re
from collections.abc import Sequence

from pilvi.errors import InvalidRequest, QuotaExceeded
from pilvi.host_api.dhcp import OPTIONS, OPTIONS6
from pilvi.network.model.port import DhcpOption

# Higher: longer DHCP replies, which some clients cut.
OPTIONS_MAX = 20
VALUE_LENGTH_MAX = 255

_VALUE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
"""Printable ASCII without quotation marks and backslashes, so that it is one word in quotes."""


def change_options(
    before: Sequence[DhcpOption], asked: Sequence[tuple[str, str | int | None, int]]
) -> list[DhcpOption]:
    """A port's options after a change: each that is asked for replaces its namesake.

    A value of None takes an option away. Raises `InvalidRequest` for what could not be given as
    it stands (OSSA-2021-005), `QuotaExceeded` for too many.
    """
    found = {(option.name, option.ip_version): option for option in before}
    for name, value, version in asked:
        option = _parse(name, value, version)
        found.pop((option.name, option.ip_version), None)
        if value is not None:
            found[option.name, option.ip_version] = option
    if len(found) > OPTIONS_MAX:
        raise QuotaExceeded(f"cannot give a port more than {OPTIONS_MAX} extra DHCP options")
    return list(found.values())


def _parse(name: str, value: str | int | None, version: int) -> DhcpOption:
    if version not in (4, 6):
        raise InvalidRequest("cannot use this DHCP option: ip_version must be 4 or 6")
    known = OPTIONS if version == 4 else OPTIONS6
    is_number = name.isascii() and name.isdigit() and len(name) <= 3
    if not (is_number and int(name) in known.values()) and name not in known:
        raise InvalidRequest(
            f"cannot use the DHCP option {name!r}; use the number or the name of one of: "
            f"{', '.join(sorted(known))}"
        )
    text = "" if value is None else str(value)
    if (
        len(text) > VALUE_LENGTH_MAX
        or not _VALUE.fullmatch(text)
        or (value is not None and not text)
    ):
        raise InvalidRequest(
            f"cannot use this value of the DHCP option {name}: it has 1 to {VALUE_LENGTH_MAX} "
            "printable ASCII characters, no quotation marks and no backslashes"
        )
    return DhcpOption(name, text, version)
