"""What was asked of a volume, in words."""

import datetime

import pytest

from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.operations.stories import list_asked
from pilvi.host_api.volumes import SourceKind, VolumeSource
from volume_samples import MOMENT, make_volume

LATER = MOMENT + datetime.timedelta(hours=1)
OF_IMAGE = VolumeSource(kind=SourceKind.IMAGE, id="i")
OF_SNAPSHOT = VolumeSource(kind=SourceKind.SNAPSHOT, id="s")


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (make_volume(), ["create: 1 GiB"]),
        (make_volume(source=OF_IMAGE), ["create: 1 GiB from an image"]),
        (make_volume(source=OF_SNAPSHOT), ["create: 1 GiB from a snapshot"]),
        # It was not made as large as it is, nor of what it was reverted to.
        (
            make_volume(source=OF_IMAGE, size_gib=3, desired_at=LATER),
            ["create from an image", "its newest wish: 3 GiB, content 1"],
        ),
        (
            make_volume(source=OF_SNAPSHOT, content_generation=2, desired_at=LATER),
            ["create", "its newest wish: 1 GiB, content 2"],
        ),
    ],
)
def test_what_was_asked_is_told_as_it_was(volume: Volume, words: list[str]) -> None:
    assert [event.words for event in list_asked(volume, [])] == words
