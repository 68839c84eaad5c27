"""The metadata of an empty qcow2 file, written by ourselves.

An overlay is made in constant time, without a process and without anything that opens its base.
Layout, in clusters of 64 KiB: header, refcount table, one refcount block, level-1 table; all else
is not allocated. Source: QEMU, docs/interop/qcow2.txt, version 3.
"""

import struct

from pilvi.errors import InvalidRequest

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
# One level-1 entry covers a level-2 table of CLUSTER / 8 entries.
LEVEL1_SPAN = CLUSTER * (CLUSTER // 8)
# The one refcount block counts this many clusters, far more than the metadata needs; QEMU adds
# further blocks itself.
REFCOUNTS = CLUSTER // 2

_MAGIC = 0x514649FB
_HEADER_LENGTH = 104
_BACKING_FORMAT = 0xE2792ACA


def empty_qcow2(
    size_bytes: int, *, backing_file: str = "", backing_format: str = ""
) -> list[tuple[int, bytes]]:
    """Pieces (offset, bytes) of a qcow2 file of `size_bytes`, an overlay when a base is named.

    What lies between the pieces is zeros; the file ends where the last piece's cluster ends. Pure.
    """
    if size_bytes <= 0 or size_bytes % 512:
        raise InvalidRequest(f"cannot make a disk of {size_bytes} bytes: not a multiple of 512")
    entries = -(-size_bytes // LEVEL1_SPAN)
    level1_clusters = -(-entries * 8 // CLUSTER)
    clusters = 3 + level1_clusters
    extensions = b""
    if backing_format:
        name = backing_format.encode()
        extensions += struct.pack(">II", _BACKING_FORMAT, len(name)) + name.ljust(8, b"\0")
    extensions += struct.pack(">II", 0, 0)
    backing = backing_file.encode()
    header = struct.pack(
        ">IIQIIQIIQQIIQQQQII",
        _MAGIC,
        3,
        _HEADER_LENGTH + len(extensions) if backing else 0,
        len(backing),
        CLUSTER_BITS,
        size_bytes,
        0,
        entries,
        3 * CLUSTER,
        CLUSTER,
        1,
        0,
        0,
        0,
        0,
        0,
        4,
        _HEADER_LENGTH,
    )
    return [
        (0, header + extensions + backing),
        (CLUSTER, struct.pack(">Q", 2 * CLUSTER)),
        (2 * CLUSTER, struct.pack(">H", 1) * clusters),
        (clusters * CLUSTER - 8, bytes(8)),
    ]
