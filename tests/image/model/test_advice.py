"""What the owner of an image can do next while it is waited for."""

import datetime

from pilvi.core.story import Wait
from pilvi.hosts.model.advice import TRIED_AGAIN
from pilvi.image.model.advice import list_image_steps
from pilvi.image.model.image import Image, ImageId, Status, Visibility

CALM = Wait(words="its host to take up the wish")
FAILING = Wait(words="its host, which says: cannot staple it", tries=2)


def test_waiting_is_advised_only_while_nothing_is_wrong() -> None:
    noon = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)
    image = Image(
        id=ImageId("1"),
        owner="project",
        name="one",
        status=Status.IMPORTING,
        visibility=Visibility.PRIVATE,
        disk_format=None,
        container_format=None,
        created_at=noon,
        updated_at=noon,
    )
    (step,) = list_image_steps(image, [CALM], [])
    assert step.startswith("wait: nothing is wrong")
    assert list_image_steps(image, [CALM, FAILING], []) == (TRIED_AGAIN,)
    assert list_image_steps(image, [], []) == ()
