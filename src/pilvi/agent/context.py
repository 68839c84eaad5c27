"""What every reconciler of the agent is given: its wishes, its outbox, its neighbours."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.host_api.contract import Kind
from pilvi.settings import Settings


class TapSource(Protocol):
    """Where a guest's network cards get their taps: the ports part."""

    def is_ready(self, port_id: str) -> bool:
        """Whether the port's tap is there, with its anti-spoofing and rules loaded."""
        ...

    def open_tap(self, port_id: str) -> int:
        """Open the port's tap and return its file descriptor, which the caller closes."""
        ...


class ImageTransfer(Protocol):
    """How image bytes cross between this host and the image store: the client's part."""

    def fetch(self, image_id: str) -> AsyncIterator[bytes]:
        """Stream an image's bytes in pieces of about 1 MiB."""
        ...

    async def send(self, image_id: str, path: Path) -> None:
        """Send a file as an image's bytes. Repeatable until it was accepted once."""
        ...


@dataclass(frozen=True, slots=True)
class AgentContext:
    """Passed to every reconciler of the agent at start."""

    settings: Settings
    desired: DesiredState
    outbox: Outbox
    wake: Callable[[Kind, str], None]
    """Look at another object soon: a port that is ready wakes its vm."""
    may_start: Callable[[], bool] = lambda: True
    """Whether guests may be started: not before this host has asked whether they are still its."""
