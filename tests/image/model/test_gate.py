"""The gate on values: any cut of the bytes gives the same answer."""

import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_files import make_iso, make_mbr, make_qcow2, make_vmdk_descriptor
from pilvi.errors import InvalidRequest, TooLarge
from pilvi.image.model.gate import Gate, is_vmdk_descriptor
from pilvi.image.model.image import DiskFormat

MIB = 1 << 20
SAMPLES = {
    "qcow2": make_qcow2(7 * MIB),
    "backed": make_qcow2(backing_offset=112),
    "iso": make_iso(),
    "mbr": make_mbr(),
    "text": b"just text",
    "descriptor": make_vmdk_descriptor(),
    "descriptor with zeros": make_vmdk_descriptor().ljust(4096, b"\0"),
    "empty": b"",
    "random": os.urandom(100_000),
}
SOUND = {
    ("qcow2", DiskFormat.QCOW2),
    ("iso", DiskFormat.ISO),
    ("mbr", DiskFormat.RAW),
    ("text", DiskFormat.RAW),
    ("empty", DiskFormat.RAW),
    ("random", DiskFormat.RAW),
}


def inspect(declared: DiskFormat, pieces: list[bytes]) -> int | None:
    """The virtual size, or None when the gate refuses."""
    gate = Gate(declared, 1 << 40)
    try:
        for piece in pieces:
            gate.feed(piece)
        return gate.finish()
    except InvalidRequest as error:
        assert error.message.startswith("cannot store the")
        return None


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("declared", [DiskFormat.RAW, DiskFormat.QCOW2, DiskFormat.ISO])
def test_only_what_is_declared_passes(name: str, declared: DiskFormat) -> None:
    virtual_size = inspect(declared, [SAMPLES[name]])
    assert (virtual_size is not None) == ((name, declared) in SOUND)
    if name == "qcow2" and virtual_size is not None:
        assert virtual_size == 7 * MIB
    elif virtual_size is not None:
        assert virtual_size == len(SAMPLES[name])


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    declared=st.sampled_from([DiskFormat.RAW, DiskFormat.QCOW2, DiskFormat.ISO]),
    cuts=st.lists(st.integers(0, 300_000), max_size=6),
    more=st.integers(0, 2 * MIB),
)
def test_the_answer_does_not_depend_on_the_cuts(
    name: str, declared: DiskFormat, cuts: list[int], more: int
) -> None:
    data = SAMPLES[name] + bytes(more)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:stop] for start, stop in zip(edges, edges[1:], strict=False)]
    assert inspect(declared, pieces) == inspect(declared, [data])


@settings(max_examples=2 * settings.default.max_examples)
@given(head=st.binary(max_size=600), declared=st.sampled_from(list(DiskFormat)[6:8]))
def test_any_bytes_are_answered(head: bytes, declared: DiskFormat) -> None:
    inspect(declared, [head])
    inspect(DiskFormat.QCOW2, [b"QFI\xfb" + head])
    inspect(DiskFormat.RAW, [b"KDMV" + head])


def test_the_cap_is_on_the_virtual_size() -> None:
    gate = Gate(DiskFormat.QCOW2, 10 * MIB)
    gate.feed(make_qcow2(10 * MIB + 1))
    with pytest.raises(TooLarge, match="virtual size"):
        gate.finish()
    gate = Gate(DiskFormat.RAW, 3)
    gate.feed(b"four")
    with pytest.raises(TooLarge):
        gate.finish()


def test_a_mismatch_is_known_before_the_end() -> None:
    gate = Gate(DiskFormat.QCOW2, 1 << 40)
    with pytest.raises(InvalidRequest, match="content is raw"):
        gate.feed(bytes(2 * MIB))


@pytest.mark.parametrize("offset", [8, 72])
def test_every_kind_of_reference_is_refused(offset: int) -> None:
    data = bytearray(make_qcow2())
    struct.pack_into(">Q", data, offset, 0xFFFF_FFFF_FFFF_FFFF)
    assert inspect(DiskFormat.QCOW2, [bytes(data)]) is None


def test_descriptors_as_qemu_knows_them() -> None:
    assert is_vmdk_descriptor(b"# comment\n\n  \nVERSION=1\n")
    assert is_vmdk_descriptor(b"# Disk DescriptorFile\r\nCID=1\r\n" + bytes(600))
    assert not is_vmdk_descriptor(b"#!/bin/sh\necho version=1\n")
    assert not is_vmdk_descriptor(b"")
