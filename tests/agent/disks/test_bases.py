import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pilvi.agent.disks.bases import HOLE, BaseCache
from pilvi.agent.faults import HostTerminal
from pilvi.host_api.vms import ImageSource
from vm_world import make_image

DATA = b"a" * HOLE + bytes(64 * HOLE) + b"z" * 100


async def stream(data: bytes, piece: int = 1 << 20) -> AsyncIterator[bytes]:
    for start in range(0, len(data), piece):
        yield data[start : start + piece]


async def test_a_base_is_whole_checked_and_sparse(tmp_path: Path) -> None:
    cache = BaseCache(tmp_path / "bases")
    image = make_image(DATA)
    await cache.store(image, stream(DATA))
    await cache.store(image, stream(b"never read again"))
    path = cache.path(image.image_id)
    assert path.read_bytes() == DATA
    assert path.stat().st_blocks * 512 <= 4 * HOLE
    assert cache.list_ids() == {image.image_id}
    assert (tmp_path / "bases").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "image",
    [
        make_image(DATA, sha512="0" * 128),
        make_image(DATA, size_bytes=len(DATA) - 1),
        make_image(DATA, size_bytes=len(DATA) + 1),
    ],
)
async def test_other_bytes_are_refused_and_removed(tmp_path: Path, image: ImageSource) -> None:
    cache = BaseCache(tmp_path)
    with pytest.raises(HostTerminal) as caught:
        await cache.store(image, stream(DATA))
    assert "checksum" in caught.value.message
    assert list(tmp_path.iterdir()) == []


async def test_a_broken_stream_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield DATA[:HOLE]
        raise OSError(errno.ENOSPC, "No space left on device")

    cache = BaseCache(tmp_path)
    with pytest.raises(OSError):
        await cache.store(make_image(DATA), broken())
    assert list(tmp_path.iterdir()) == []


async def test_what_a_killed_agent_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".new-image").write_bytes(b"half")
    assert BaseCache(tmp_path).list_ids() == frozenset()
    assert list(tmp_path.iterdir()) == []


async def test_only_unused_bases_are_pruned(tmp_path: Path) -> None:
    cache = BaseCache(tmp_path / "bases")
    for name in ("used", "spare"):
        await cache.store(make_image(DATA, image_id=name), stream(DATA))
    os.link(cache.path("used"), tmp_path / "a guest's")
    assert cache.prune(60) == []
    assert cache.prune(0) == ["spare"]
    assert cache.list_ids() == {"used"}
