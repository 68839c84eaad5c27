"""What keeps the image store in agreement with its records."""

from pilvi.core.db import Database
from pilvi.core.reconcile import Reconciler
from pilvi.image.reconcilers.blob import BlobReconciler
from pilvi.image.reconcilers.upload import UploadReconciler
from pilvi.image.store.blobs import Blobs


def build_reconcilers(db: Database, blobs: Blobs) -> list[Reconciler]:
    """The reconcilers of images."""
    return [UploadReconciler(db, blobs), BlobReconciler(db, blobs)]
