"""The gate that every uploaded byte passes.

It is fed the bytes in order while they are copied and never reads a file. The content must be
what `disk_format` declares and nothing else at the same time: `raw` is content that no inspector
knows, or a disk with a partition table; `iso` may carry a partition table too (hybrid ISOs).
"""

import struct
from typing import TYPE_CHECKING

from pilvi.errors import InvalidRequest, TooLarge
from pilvi.image.model.image import DiskFormat

if TYPE_CHECKING:
    from pilvi.image.model.inspectors import FileInspector

_ACCEPTED = {
    DiskFormat.RAW: ({"raw"}, {"gpt"}),
    DiskFormat.QCOW2: ({"qcow2"},),
    DiskFormat.ISO: ({"iso"}, {"iso", "gpt"}),
}
# The inspectors know a format only by whole headers: shorter content is looked at as if zeros
# followed, so that a cut header does not pass for raw.
_LOOK_BYTES = 1 << 20
# How far a descriptor's first line of substance is looked for; QEMU looks at 2 KiB.
_TEXT_BYTES = 64 * 1024
# QEMU's own limits (block/qcow2.h): a header over them makes any tool that opens it work hard.
_CLUSTER_BITS = range(9, 22)
_L1_ENTRIES_MAX = (32 << 20) // 8
_REFCOUNT_TABLE_BYTES_MAX = 8 << 20
_SNAPSHOTS_MAX = 65_536


class Gate:
    """Inspects one upload. `feed` every byte in order, then `finish` once."""

    def __init__(self, declared: DiskFormat, virtual_size_bytes_max: int) -> None:
        from pilvi.image.model.inspectors import ALL_FORMATS  # late: it takes its time

        self._declared = declared
        self._virtual_max = virtual_size_bytes_max
        # Errors of one inspector only mean that the content is not of its format.
        self._inspectors = {
            name: inspector() for name, inspector in ALL_FORMATS.items() if name != "raw"
        }
        self._eating = dict(self._inspectors)
        self._head = bytearray()
        self._has_looked = self._is_descriptor = False
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Look at the next bytes. Raises `InvalidRequest` as soon as they cannot be right."""
        self._size += len(piece)
        if self._has_looked:
            self._eat(piece)
            return
        self._head += piece
        if len(self._head) >= _LOOK_BYTES:
            self._look()

    def finish(self) -> int:
        """The virtual size in bytes. Raises `InvalidRequest`, or `TooLarge` for the cap."""
        if not self._has_looked:
            self._head += bytes(_LOOK_BYTES - len(self._head))
            self._look()
        for inspector in self._inspectors.values():
            inspector.finish()
        self._check_format(self._found())
        virtual_size = self._size
        if self._declared is DiskFormat.QCOW2:
            virtual_size = self._check_qcow2(self._inspectors["qcow2"])
        if virtual_size > self._virtual_max:
            raise TooLarge(
                f"cannot store the image: its virtual size of {virtual_size} bytes is over this "
                f"cloud's limit of {self._virtual_max}; use a smaller disk"
            )
        return virtual_size

    def _look(self) -> None:
        self._has_looked = True
        self._is_descriptor = is_vmdk_descriptor(bytes(self._head))
        self._eat(bytes(self._head))
        self._head.clear()
        self._check_format(self._found())

    def _eat(self, piece: bytes) -> None:
        for name, inspector in list(self._eating.items()):
            try:
                inspector.eat_chunk(piece)
            except Exception:
                del self._eating[name]
            else:
                if inspector.complete:
                    del self._eating[name]

    def _found(self) -> set[str]:
        found = {"vmdk"} if self._is_descriptor else set()
        for name, inspector in self._inspectors.items():
            try:
                if inspector.format_match:
                    found.add(name)
            except Exception:
                continue
        return found or {"raw"}

    def _check_format(self, found: set[str]) -> None:
        if found in _ACCEPTED[self._declared]:
            return
        seen = " and ".join(sorted(found))
        raise InvalidRequest(
            f"cannot store the image: disk_format is '{self._declared}' but the content is {seen}; "
            "set disk_format to what the file is (raw, qcow2 or iso), or convert the file"
        )

    def _check_qcow2(self, inspector: "FileInspector") -> int:
        from pilvi.image.model.inspectors import ImageFormatError, SafetyCheckFailed

        try:
            inspector.safety_check()
        except SafetyCheckFailed as error:
            reasons = ", ".join(sorted(str(failure) for failure in error.failures.values()))
            raise _unsafe(reasons) from None
        except ImageFormatError as error:
            raise _unsafe(str(error)) from None
        self._check_qcow2_header(bytes(inspector.region("header").data))
        return int(inspector.virtual_size)

    def _check_qcow2_header(self, header: bytes) -> None:
        """Refuse what would make a reader of the header work hard (docs/interop/qcow2.txt)."""
        (cluster_bits,) = struct.unpack_from(">I", header, 20)
        crypt_method, l1_entries = struct.unpack_from(">II", header, 32)
        refcount_clusters, snapshots = struct.unpack_from(">II", header, 56)
        if crypt_method:
            raise _unsafe("it is encrypted")
        if cluster_bits not in _CLUSTER_BITS:
            raise _unsafe(f"its cluster size is 2^{cluster_bits} bytes")
        if (
            l1_entries > _L1_ENTRIES_MAX
            or refcount_clusters << cluster_bits > _REFCOUNT_TABLE_BYTES_MAX
            or snapshots > _SNAPSHOTS_MAX
        ):
            raise _unsafe("its tables are larger than QEMU reads")


def is_vmdk_descriptor(head: bytes) -> bool:
    """Whether content begins as a VMDK's text, which may name any file of the host. Pure.

    The inspector takes text with zeros behind it for something else; QEMU does not (vmdk_probe in
    block/vmdk.c: comments and blank lines, then the version).
    """
    for line in head[:_TEXT_BYTES].splitlines():
        text = line.strip().lower()
        if text and not text.startswith(b"#"):
            return text.startswith(b"version=")
        if text.startswith(b"# disk descriptorfile"):
            return True
    return False


def _unsafe(reason: str) -> InvalidRequest:
    return InvalidRequest(
        f"cannot store the qcow2 image: {reason}; convert it to one standalone file, for example "
        "with 'qemu-img convert -O qcow2'"
    )
