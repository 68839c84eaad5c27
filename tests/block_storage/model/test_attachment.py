"""Attachments as values."""

from pilvi.block_storage.model.attachment import target_name
from volume_samples import make_attachment


def test_the_account_is_never_printed() -> None:
    attachment = make_attachment()
    assert attachment.password not in repr(attachment)
    assert attachment.username not in repr(attachment)


def test_a_target_is_named_for_cloud_and_attachment() -> None:
    assert target_name("pilvi", "4f") == "iqn.2026-11.cloud.pilvi:pilvi:4f"
