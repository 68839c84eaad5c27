"""What a host can open of its guests for a viewer; kept by `qemu.py` and `fake.py`."""

from typing import Protocol

from pilvi.host_api.consoles import ConsoleSpec


class Stream(Protocol):
    """One connection to a guest's screen or serial line."""

    async def read(self) -> bytes:
        """The next bytes, at most some 64 KiB; nothing once the guest's process has ended."""
        ...

    async def write(self, data: bytes) -> None:
        """Give the guest bytes and wait until it takes more. Raises OSError when it has ended."""
        ...

    async def close(self) -> None:
        """Let the next viewer have it. Repeatable."""
        ...


class ConsoleDriver(Protocol):
    """Opens lines of guests."""

    async def open(self, spec: ConsoleSpec) -> Stream:
        """A connection to the guest's process that the session names.

        Raises `NotFound` when that process is not there (any more), whatever else is.
        """
        ...
