"""A qcow2 file of a disk's blocks, written by ourselves: no tool opens what a guest wrote.

Data clusters follow the header in the order of the disk; each level-2 table follows its data; the
level-1 table and the reference counts come last. Source: QEMU, docs/interop/qcow2.txt, version 3.
"""

import os
import struct
import sys
from array import array

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
_ENTRIES = CLUSTER // 8
_COPIED = 1 << 63
_REFCOUNTS_A_BLOCK = CLUSTER // 2
_HEADER_LENGTH = 104
_MAGIC = 0x514649FB
_ZEROS = bytes(CLUSTER)


class Qcow2Writer:
    """Takes blocks in ascending order, each a whole number of clusters or the disk's end."""

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self._size = size_bytes
        self._next = 1
        self._level1 = array("Q", bytes(8 * max(1, -(-size_bytes // (CLUSTER * _ENTRIES)))))
        self._table = -1
        self._level2 = array("Q")

    def write(self, offset: int, block: bytes) -> None:
        """Add a block; clusters of zeros are left out."""
        for start in range(0, len(block), CLUSTER):
            piece = block[start : start + CLUSTER]
            if piece != _ZEROS[: len(piece)]:
                self._add((offset + start) // CLUSTER, piece)

    def finish(self) -> None:
        """Write the tables and, last of all, the header."""
        self._end_table()
        level1_at = self._place(_big_endian(self._level1))
        table_at, table_clusters = self._place_refcounts()
        header = struct.pack(
            ">IIQIIQIIQQIIQQQQII",
            _MAGIC,
            3,
            0,
            0,
            CLUSTER_BITS,
            self._size,
            0,
            len(self._level1),
            level1_at,
            table_at,
            table_clusters,
            0,
            0,
            0,
            0,
            0,
            4,
            _HEADER_LENGTH,
        )
        _write_all(self._descriptor, header.ljust(CLUSTER, b"\0"), 0)

    def _add(self, cluster: int, piece: bytes) -> None:
        table, entry = divmod(cluster, _ENTRIES)
        if table != self._table:
            self._end_table()
            self._table, self._level2 = table, array("Q", bytes(CLUSTER))
        self._level2[entry] = self._place(piece) | _COPIED

    def _end_table(self) -> None:
        if self._table >= 0:
            self._level1[self._table] = self._place(_big_endian(self._level2)) | _COPIED
            self._table = -1

    def _place(self, data: bytes) -> int:
        clusters = -(-len(data) // CLUSTER)
        offset = self._next * CLUSTER
        _write_all(self._descriptor, data.ljust(clusters * CLUSTER, b"\0"), offset)
        self._next += clusters
        return offset

    def _place_refcounts(self) -> tuple[int, int]:
        """Every cluster counts once: those of the counts and of their table too."""
        blocks = table_clusters = 0
        while True:
            total = self._next + blocks + table_clusters
            needed = -(-total // _REFCOUNTS_A_BLOCK)
            needed_table = -(-needed * 8 // CLUSTER)
            if (needed, needed_table) == (blocks, table_clusters):
                break
            blocks, table_clusters = needed, needed_table
        table = array("Q", bytes(8 * blocks))
        for number in range(blocks):
            count = min(_REFCOUNTS_A_BLOCK, total - number * _REFCOUNTS_A_BLOCK)
            table[number] = self._place(struct.pack(">H", 1) * count)
        return self._place(_big_endian(table)), table_clusters


def _big_endian(values: "array[int]") -> bytes:
    swapped = array("Q", values)
    if sys.byteorder == "little":
        swapped.byteswap()
    return swapped.tobytes()


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
