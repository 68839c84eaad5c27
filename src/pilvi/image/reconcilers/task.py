"""Imports from the web: an image that waits for its bytes gets them, or its task says why not.

A try is one upload, recorded before its first byte, with a file that is locked while it is
written: after a crash the file has no writer, and the next look begins the next try.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from pilvi.core.db import Database, now
from pilvi.core.reconcile import Again, Done, Result, Terminal, taking
from pilvi.errors import Conflict, NotFound, PilviError, Unavailable
from pilvi.image.model.gate import Gate
from pilvi.image.model.task import TRIES_MAX, Step, Task, TaskId, TaskType, plan_task
from pilvi.image.model.upload import UploadLimits
from pilvi.image.model.web_source import parse_source
from pilvi.image.operations import tasks as operations
from pilvi.image.operations.images import IMPORT_WAKE, find_any_image
from pilvi.image.operations.intake import ExpectedSize, receive_bytes
from pilvi.image.operations.web_client import WebClient
from pilvi.image.store import tasks as store
from pilvi.image.store import uploads
from pilvi.image.store.blobs import Blobs

# Seconds until another look at a download that waits for its turn or has another writer. Lower:
# more reading; higher: a place stays free for longer.
WAIT_S = 2.0
# Seconds between looks whether the image is still wanted. Lower: more reading; higher: a slow
# server keeps its place for longer after the image was deleted.
WATCH_S = 2.0


class TaskReconciler:
    """See the module's docstring; ids are ids of tasks."""

    kind = IMPORT_WAKE

    def __init__(self, db: Database, blobs: Blobs, client: WebClient, limits: UploadLimits) -> None:
        self._db, self._blobs, self._client, self._limits = db, blobs, client, limits

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler.reconcile`."""
        match await self._plan(id):
            case None:
                return Done()
            case Step.WAIT:
                return Again(WAIT_S, "another process downloads, or begins to")
            case Step.FETCH:
                result: Result = await taking(self.kind, id, Step.FETCH, partial(self._fetch, id))
                return result
            case step:
                await taking(self.kind, id, step, partial(self._note, id, step))
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler.list_unsettled`."""
        async with self._db.read() as tx:
            return await store.list_due(tx, now())

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """See `Reconciler.note_failure`: the task and its image show it."""
        reason = "cannot import the image because of a defect of the cloud; its log knows more"
        if isinstance(error, PilviError):
            reason = error.message
        async with self._db.write() as tx:
            failed = await operations.note_try(tx, id, reason)
            if isinstance(error, Terminal) or failed >= TRIES_MAX:
                await operations.note_failure(tx, id, reason)

    async def _plan(self, id: str) -> Step | None:
        async with self._db.read() as tx:
            task = await store.find_task(tx, id)
            image = upload = None
            if task is not None:
                image = await find_any_image(tx, task.image_id)
                if task.upload_id is not None:
                    upload = await uploads.find_upload(tx, task.upload_id)
        has_writer = None
        if task is not None and task.upload_id is not None:
            has_writer = await self._blobs.run(self._blobs.find_writer, task.upload_id)
        step = plan_task(task, image, upload, has_writer, now())
        if step is Step.NOTE_FAILURE and task is not None and task.type is not TaskType.IMPORT:
            # Nobody can reach the tasks of an image that is gone.
            return Step.FORGET
        return step

    async def _note(self, id: str, step: Step) -> None:
        async with self._db.write() as tx:
            match step:
                case Step.NOTE_SUCCESS:
                    await operations.note_success(tx, id)
                case Step.NOTE_FAILURE:
                    await operations.note_failure(tx, id, "cannot import: the image was deleted")
                case Step.FORGET:
                    await operations.forget_task(tx, TaskId(id))
                case _:
                    raise AssertionError(step)

    async def _fetch(self, id: str) -> Result:
        async with self._db.write() as tx:
            task = await operations.begin_download(tx, id)
        if task is None:
            return Again(WAIT_S, "other downloads of the project come first")
        try:
            await self._receive_while_wanted(task)
        except (Unavailable, Conflict):
            raise
        except PilviError as error:
            raise Terminal(error.message, detail=error.detail) from error
        async with self._db.write() as tx:
            await operations.note_success(tx, id)
        return Done()

    async def _receive_while_wanted(self, task: Task) -> None:
        """Take the bytes; raise `NotFound` soon after the image was deleted."""
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(task))
                await self._receive_in_time(task)
                watch.cancel()
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _receive_in_time(self, task: Task) -> None:
        duration_s = self._client.rules.duration_s_max
        try:
            async with asyncio.timeout(duration_s):
                await self._receive(task)
        except TimeoutError:
            raise Terminal(f"cannot download the image within {duration_s:.0f} seconds") from None

    async def _receive(self, task: Task) -> None:
        """One try: the upload is recorded once the server has begun to answer."""
        assert task.uri is not None
        async with self._client.open(parse_source(task.uri, self._client.rules)) as body:
            async with self._db.write() as tx:
                image, upload = await operations.record_try(
                    tx, task.id, body.size_bytes, self._limits
                )
            assert image.disk_format is not None
            gate = Gate(image.disk_format, self._limits.virtual_size_bytes_max)
            expected = ExpectedSize(body.size_bytes, self._limits)
            await receive_bytes(self._db, self._blobs, upload.id, gate, body.pieces, expected)

    async def _watch(self, task: Task) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            async with self._db.read() as tx:
                if await find_any_image(tx, task.image_id) is None:
                    raise NotFound("cannot import: the image was deleted")
