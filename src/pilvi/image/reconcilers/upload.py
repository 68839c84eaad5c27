"""Uploads whose writer is gone: no bytes are left, and their image is queued again."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from pilvi.core.db import Database, now
from pilvi.core.reconcile import Again, Done, Result, taking
from pilvi.image.model.upload import Upload
from pilvi.image.operations.images import UPLOAD_WAKE
from pilvi.image.operations.uploads import give_up_upload
from pilvi.image.store import uploads as store
from pilvi.image.store.blobs import Blobs

# Seconds between recording an upload and the lock on its file. Lower: a busy machine loses an
# upload that just begins; higher: an image stays saving for longer after a crash at that point.
BEGIN_S = 10.0


class Step(StrEnum):
    """What can be done about an upload."""

    WAIT = "wait"
    GIVE_UP = "give up"
    REMOVE_FILE = "remove file"


def plan_upload(upload: Upload | None, has_writer: bool | None, age_s: float) -> list[Step]:
    """What to do about an upload, its file (None: there is none) and its age. Pure.

    An age below zero says that the clock was set back: the upload may be of any age.
    """
    if has_writer:
        return []
    if upload is None or upload.finished:
        return [] if has_writer is None else [Step.REMOVE_FILE]
    if has_writer is None and 0 <= age_s < BEGIN_S:
        return [Step.WAIT]
    return [Step.GIVE_UP, Step.REMOVE_FILE]


class UploadReconciler:
    """See the module's docstring; ids are ids of uploads."""

    kind = UPLOAD_WAKE

    def __init__(self, db: Database, blobs: Blobs) -> None:
        self._db, self._blobs = db, blobs

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler.reconcile`."""
        async with self._db.read() as tx:
            upload = await store.find_upload(tx, id)
        has_writer = await self._blobs.run(self._blobs.find_writer, id)
        age_s = 0.0 if upload is None else (now() - upload.started_at).total_seconds()
        for step in plan_upload(upload, has_writer, age_s):
            if step is Step.WAIT:
                return Again(BEGIN_S - age_s, "the upload's file may be about to be made")
            await taking(self.kind, id, step, partial(self._take, id, step))
        return Done()

    async def _take(self, id: str, step: Step) -> None:
        if step is Step.GIVE_UP:
            async with self._db.write() as tx:
                await give_up_upload(tx, id)
        else:
            await self._blobs.run(self._blobs.remove_incoming, id)

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler.list_unsettled`."""
        async with self._db.read() as tx:
            recorded = await store.list_unfinished(tx)
        files = await self._blobs.run(self._blobs.list_incoming)
        return sorted(files.union(recorded))

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """See `Reconciler.note_failure`: the log is enough, no user sees an upload."""
