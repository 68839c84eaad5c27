"""An image store as an agent sees it, in memory."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from pilvi.errors import NotFound, PilviError
from pilvi.host_api.vms import ImageSource


@dataclass
class FakeImages:
    """Keeps the contract of `ImageTransfer`."""

    stored: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    refusals: list[PilviError] = field(default_factory=list)
    """What the next sendings raise."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared, a fetch waits after its first piece."""

    def __post_init__(self) -> None:
        self.gate.set()

    def add(self, image_id: str, data: bytes, virtual_size: int, disk_format: str) -> ImageSource:
        """Store an image and name it as a host is told of it."""
        self.stored[image_id] = data
        return ImageSource(
            image_id=image_id,
            disk_format=disk_format,
            size_bytes=len(data),
            sha512=hashlib.sha512(data).hexdigest(),
            virtual_size_bytes=virtual_size,
        )

    async def fetch(self, image_id: str) -> AsyncIterator[bytes]:
        """Stream an image."""
        if image_id not in self.stored:
            raise NotFound("cannot find the image")
        data = self.stored[image_id]
        for start in range(0, len(data), 1 << 20):
            yield data[start : start + (1 << 20)]
            await self.gate.wait()

    async def send(self, image_id: str, path: Path) -> None:
        """Take a file."""
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent[image_id] = path.read_bytes()
