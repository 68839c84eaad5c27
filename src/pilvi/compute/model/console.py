"""A remote console: who may open which line of which guest's process, once and for how long. Pure.

A token is good for one connection, to one line of one process of one server's guest. The process
is named by when it began, so that neither another guest nor a later boot is ever reached by it.
"""

import datetime
from dataclasses import dataclass

from pilvi.compute.model.allowed import Action, Denied, may
from pilvi.compute.model.server import Server
from pilvi.host_api.consoles import ConsoleLine
from pilvi.host_api.vms import VmSeen

OFFERED = {("vnc", "novnc"): ConsoleLine.VNC, ("serial", "serial"): ConsoleLine.SERIAL}
"""Lines by the protocol and type that a caller asks for."""

# Open consoles of one server. Lower: a team cannot look together; higher: one server uses up its
# host's.
OPEN_MAX_SERVER = 8
# Open consoles of one project. Lower: large teams wait; higher: one project fills the API process.
OPEN_MAX_PROJECT = 64
# Tokens of one server that nobody used yet; the oldest gives way. Lower: links given to several
# people die; higher: a loop fills the table.
WAITING_MAX_SERVER = 16
# Seconds without a sign of the API process that held a session until it counts as ended, and by
# which clocks may differ. Lower: a busy process loses its sessions; higher: a killed one's are kept
# longer.
LEASE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """One token, and the session it opened."""

    id: str
    """Of the session; no secret."""
    token_sha256: str
    server_id: str
    project_id: str
    """The server's."""
    user_id: str
    """Who asked for the token."""
    host_id: str
    line: ConsoleLine
    started_at: float
    """When the guest's process began."""
    origin: str
    """Scheme, host and port of the page that may open it in a browser."""
    created_at: datetime.datetime
    expires_at: datetime.datetime
    opened_at: datetime.datetime | None = None
    """When the token was used; it never is again."""
    renewed_at: datetime.datetime | None = None
    """When the API process that holds the session last said so."""

    def is_waiting(self, now: datetime.datetime) -> bool:
        """Whether its token can still be used.

        One that was made long after now was made before the clock was set back: nobody knows its
        age, so it has expired.
        """
        is_in_time = self.created_at - datetime.timedelta(seconds=LEASE_S) <= now < self.expires_at
        return self.opened_at is None and is_in_time

    def is_over(self, now: datetime.datetime) -> bool:
        """Whether neither its token nor its session is good for anything any more."""
        if self.opened_at is None:
            return not self.is_waiting(now)
        assert self.renewed_at is not None, "an open session is renewed"
        return abs((now - self.renewed_at).total_seconds()) > LEASE_S


def reach(server: Server, seen: VmSeen | None) -> float | Denied:
    """The guest's process that a console of a server opens, or why there is none."""
    verdict = may(Action.REMOTE_CONSOLE, server)
    if isinstance(verdict, Denied):
        return verdict
    if seen is None or seen.started_at is None or server.host_id is None:
        return Denied(
            f"cannot open a console of instance {server.id}: its guest does not run; start it first"
        )
    return seen.started_at


def is_same_guest(console: Console, server: Server | None, seen: VmSeen | None) -> bool:
    """Whether a server still is what the token was given for: same host, same process."""
    if server is None or not server.desired.present or server.host_id != console.host_id:
        return False
    return reach(server, seen) == console.started_at


def may_come_from(console: Console, origin: str | None) -> bool:
    """Whether a page of this origin may use the token; who names none is no browser."""
    return origin is None or origin == console.origin
