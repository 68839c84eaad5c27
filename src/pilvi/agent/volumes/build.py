"""The reconcilers of volumes and of what is made of them, over one driver."""

from pilvi.agent.context import AgentContext, ImageTransfer
from pilvi.agent.volumes.backups import BackupStore
from pilvi.agent.volumes.copies import BackupCopies, SnapshotCopies, UploadCopies
from pilvi.agent.volumes.copy_reconciler import CopyReconciler
from pilvi.agent.volumes.driver import VolumeDriver
from pilvi.agent.volumes.filler import VolumeFiller
from pilvi.agent.volumes.holds import VolumeHolds
from pilvi.agent.volumes.reconciler import VolumeReconciler
from pilvi.core.reconcile import Reconciler
from pilvi.host_api.contract import Kind


def build_volume_reconcilers(
    context: AgentContext, driver: VolumeDriver, images: ImageTransfer
) -> list[Reconciler]:
    """They share what keeps a volume still while it is copied."""
    holds = VolumeHolds(driver, lambda id: context.wake(Kind.VOLUME, id))
    backups = BackupStore(context.settings.backups)
    contents = driver.contents
    return [
        VolumeReconciler(context, driver, holds, VolumeFiller(contents, holds, backups, images)),
        CopyReconciler(context, SnapshotCopies(contents, holds)),
        CopyReconciler(context, BackupCopies(contents, holds, backups)),
        CopyReconciler(context, UploadCopies(contents, holds, images)),
    ]
