"""The first page of a Linux swap space: what mkswap writes. Pure.

Layout: `union swap_header` in the kernel's include/linux/swap.h, version 1.
"""

import struct
import uuid

PAGE_BYTES = 4096
"""Page size of the guests that we run; the kernel finds its signature at the end of a page."""
SIGNATURE = b"SWAPSPACE2"
# Smaller ones are refused by the kernel and by mkswap.
PAGES_MIN = 10
_LABEL = b"swap"


def swap_head(size_bytes: int, owner: str) -> bytes:
    """The first page of a swap space of this size; its UUID is always the same for one owner."""
    pages = size_bytes // PAGE_BYTES
    assert pages >= PAGES_MIN, "a swap space has at least ten pages"
    own_uuid = uuid.uuid5(uuid.NAMESPACE_URL, f"pilvi:swap:{owner}").bytes
    # Boot sector, version, last page, bad pages, UUID, label.
    fields = struct.pack("<1024xIII16s16s", 1, pages - 1, 0, own_uuid, _LABEL)
    return fields.ljust(PAGE_BYTES - len(SIGNATURE), b"\0") + SIGNATURE
