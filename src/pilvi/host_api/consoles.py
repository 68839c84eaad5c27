"""A console session: a viewer at the control plane, joined with one guest's screen or serial line.

The host dials `/host/v1/consoles/{session_id}` as a WebSocket, proves itself as for every other
call, and shows the session's secret in `SECRET_HEADER`. Then binary messages carry bytes both ways
until either side closes with one of the codes below.
"""

from enum import IntEnum, StrEnum

import msgspec

SECRET_HEADER = "x-pilvi-console"  # noqa: S105  # the header's name
MESSAGE_BYTES_MAX = 1 << 20
"""A longer message ends the session: a viewer's paste is the longest there is."""


class ConsoleLine(StrEnum):
    """What of a guest a session is joined with."""

    VNC = "vnc"
    SERIAL = "serial"


class CloseCode(IntEnum):
    """Why a session ended, as a WebSocket's close code."""

    DONE = 1000
    GUEST_GONE = 4001
    IDLE = 4002
    TAKEN_OVER = 4003
    HOST_LOST = 4004
    NOT_ALLOWED = 4005
    HOST_FULL = 4006

    @property
    def reason(self) -> str:
        """The words beside the code, for people."""
        return _REASONS[self]


_REASONS = {
    CloseCode.DONE: "closed",
    CloseCode.GUEST_GONE: "the guest was stopped or started again",
    CloseCode.IDLE: "nothing was typed or shown for a long time",
    CloseCode.TAKEN_OVER: "another viewer has taken the serial line",
    CloseCode.HOST_LOST: "the server's host cannot be reached",
    CloseCode.NOT_ALLOWED: "the server, its project or your user is gone or disabled",
    CloseCode.HOST_FULL: "the server's host has too many open consoles",
}


class ConsoleSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One session that a host is to join; one-shot: it is dialled once and never again."""

    session_id: str
    server_id: str
    line: ConsoleLine
    started_at: float
    """Which process of the guest, as `VmSeen.started_at` named it: no other is ever opened."""
    secret: str
