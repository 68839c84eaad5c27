"""Changes of images on values."""

from dataclasses import replace

import pytest

from image_files import blank_image
from pilvi.errors import Conflict, Forbidden, InvalidRequest, QuotaExceeded
from pilvi.image.model.changes import Change, ChangeKind, apply_changes
from pilvi.image.model.image import DiskFormat, Status, Visibility

ADD, REPLACE, REMOVE = ChangeKind.ADD, ChangeKind.REPLACE, ChangeKind.REMOVE


def test_changes_happen_in_order_on_a_copy() -> None:
    image = blank_image()
    changes = [
        Change(ADD, "color", "red"),
        Change(REPLACE, "color", "blue"),
        Change(REPLACE, "name", "new"),
        Change(REPLACE, "tags", ["b", "a", "b"]),
        Change(REPLACE, "disk_format", DiskFormat.QCOW2),
    ]
    changed = apply_changes(image, changes, is_admin=False)
    assert changed.properties == {"color": "blue"} and image.properties == {}
    assert (changed.name, changed.tags) == ("new", ("a", "b"))
    assert changed.disk_format is DiskFormat.QCOW2


def test_an_admin_may_publish_and_give_away() -> None:
    changes = [
        Change(REPLACE, "visibility", Visibility.PUBLIC),
        Change(REPLACE, "owner", "another"),
    ]
    changed = apply_changes(blank_image(), changes, is_admin=True)
    assert (changed.visibility, changed.owner) == (Visibility.PUBLIC, "another")
    for change in changes:
        with pytest.raises(Forbidden):
            apply_changes(blank_image(), [change], is_admin=False)
    with pytest.raises(InvalidRequest):
        apply_changes(blank_image(), [Change(REPLACE, "owner", None)], is_admin=True)


def test_formats_are_fixed_after_the_queue() -> None:
    change = Change(REPLACE, "disk_format", DiskFormat.RAW)
    for status in Status:
        image = replace(blank_image(), status=status)
        if status is Status.QUEUED:
            apply_changes(image, [change], is_admin=False)
        else:
            with pytest.raises(Forbidden, match="disk_format"):
                apply_changes(image, [change], is_admin=True)


def test_properties_that_are_not_there_are_a_conflict() -> None:
    for kind in (REPLACE, REMOVE):
        with pytest.raises(Conflict, match="color"):
            apply_changes(blank_image(), [Change(kind, "color", "x")], is_admin=False)


def test_too_many_are_refused() -> None:
    changes = [Change(ADD, f"p{number}", "v") for number in range(129)]
    apply_changes(blank_image(), changes[:128], is_admin=False)
    with pytest.raises(QuotaExceeded, match="128"):
        apply_changes(blank_image(), changes, is_admin=False)
