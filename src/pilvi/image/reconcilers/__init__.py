"""What keeps the image store in agreement with its records."""

from pilvi.core.db import Database
from pilvi.core.reconcile import Claims, Limits, Loop, Reconciler
from pilvi.image.model.upload import UploadLimits
from pilvi.image.model.web_source import DownloadRules
from pilvi.image.operations.web_client import WebClient
from pilvi.image.reconcilers.blob import BlobReconciler
from pilvi.image.reconcilers.task import TaskReconciler
from pilvi.image.reconcilers.upload import UploadReconciler
from pilvi.image.store.blobs import Blobs
from pilvi.settings import Settings

# Downloads at once. Lower: they wait for each other; higher: memory and threads.
DOWNLOADS_MAX = 8
# Seconds between two tries of a download at least and at most.
RETRY_S = (1.0, 15.0)


def build_reconcilers(db: Database, blobs: Blobs) -> list[Reconciler]:
    """The reconcilers of images."""
    return [UploadReconciler(db, blobs), BlobReconciler(db, blobs)]


def build_download_loop(db: Database, blobs: Blobs, settings: Settings, claims: Claims) -> Loop:
    """The loop of what waits for servers of strangers, apart so that nothing else waits with it."""
    rules = DownloadRules.of(
        settings.image_download_ports,
        settings.image_download_networks,
        settings.image_download_s_max,
    )
    limits = UploadLimits(settings.image_size_bytes_max, settings.image_virtual_size_bytes_max)
    return Loop(
        [TaskReconciler(db, blobs, WebClient(rules), limits)],
        Limits(
            concurrent=DOWNLOADS_MAX,
            attempt_s=settings.image_download_s_max + 60,
            retry_s_min=RETRY_S[0],
            retry_s_max=RETRY_S[1],
        ),
        claims=claims,
    )
