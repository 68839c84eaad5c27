"""Waiting until a thing is as asked: for --wait."""

import time
from collections.abc import Callable, Collection
from typing import TypeVar

from pilvi.client.command import Thing
from pilvi.client.finding import Kind
from pilvi.client.session import Session
from pilvi.errors import Conflict, NotFound, Unavailable

T = TypeVar("T")
# Seconds between looks: at first, and at most. Lower: more requests; higher: later to notice.
LOOK_S_MIN = 0.1
LOOK_S_MAX = 2.0
# Longest wait. Lower: slow launches are given up; higher: a hung one holds a script.
WAIT_S = 1800.0


def wait_status(session: Session, kind: Kind, id: str, wanted: Collection[str]) -> Thing:
    """The thing once its status is one of the wanted. Raises `Conflict` when it fails."""

    def look() -> Thing | None:
        thing = kind.get(session, id)
        status = str(thing.get("status", "")).lower()
        if status in wanted:
            return thing
        if status.startswith("error") or status == "killed":
            fault = (thing.get("fault") or {}).get("message", "no reason is given")
            raise Conflict(f"cannot wait for the {kind.title} {id}: it is in error: {fault}")
        return None

    return _wait(f"the {kind.title} {id} to be {' or '.join(wanted)}", look)


def wait_gone(session: Session, kind: Kind, id: str) -> None:
    """Return once a thing is gone."""

    def look() -> bool | None:
        try:
            kind.get(session, id)
        except NotFound:
            return True
        return None

    _wait(f"the {kind.title} {id} to be gone", look)


def _wait(what: str, look: Callable[[], T | None]) -> T:
    deadline, pause_s = time.monotonic() + WAIT_S, LOOK_S_MIN
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(pause_s)
        pause_s = min(LOOK_S_MAX, pause_s * 1.3)
    raise Unavailable(f"cannot wait any longer for {what}: {WAIT_S:.0f} s are over")
