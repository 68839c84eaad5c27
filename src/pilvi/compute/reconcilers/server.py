"""Makes one server so: looks, plans, and applies the plan, all in one transaction."""

from collections.abc import Sequence

import structlog

from pilvi.compute.model.server import Fault, Server
from pilvi.compute.reconcilers import moves
from pilvi.compute.reconcilers.claims import ClaimRefused
from pilvi.compute.reconcilers.plan import plan_server
from pilvi.compute.reconcilers.sight import look
from pilvi.compute.reconcilers.step import Step, Wait
from pilvi.compute.reconcilers.steps import Steps
from pilvi.compute.store import actions, servers
from pilvi.core.db import Database, Transaction, now
from pilvi.core.reconcile import Again, Done, Result
from pilvi.settings import Settings

log = structlog.get_logger()

# Plans applied in one transaction. Lower: more transactions for one launch; higher: a defect that
# never settles holds the writers longer.
ROUNDS_MAX = 8
# Seconds until a look at what others give back, which does not always wake the server. Lower: more
# reading; higher: a delete takes longer.
RELEASE_LOOK_S = 0.2


class ServerReconciler:
    """Makes servers so."""

    kind = "server"

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._has_listed = False

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        try:
            async with self._db.write() as tx:
                return await self._converge(tx, id)
        except ClaimRefused as refused:
            async with self._db.write() as tx:
                await self._refuse(tx, id, refused.reason)
            return Again(0, "everything claimed is given back")

    async def _converge(self, tx: Transaction, id: str) -> Result:
        before: list[Step] = []
        for _ in range(ROUNDS_MAX):
            server = await servers.find_server(tx, id)
            if server is None:
                return Done()
            server, sight, places = await look(tx, server)
            plan = plan_server(server.desired, sight)
            work = [step for step in plan if not isinstance(step, Wait)]
            if not plan:
                await self._settle(tx, server)
                return Done()
            if not work or plan == before:
                return self._wait(plan)
            applied = Steps(tx, self._settings, places)
            for step in work:
                server = await applied.apply(server, step)
            if applied.has_told:
                return Done()
            before = plan
        return Again(RELEASE_LOOK_S, "more steps are left than one transaction takes")

    def _wait(self, plan: list[Step]) -> Result:
        waits = [step for step in plan if isinstance(step, Wait)]
        polled = next((wait for wait in waits if wait.polls), None)
        if polled is not None:
            return Again(RELEASE_LOOK_S, polled.why)
        if len(waits) == len(plan):
            return Done()
        return Again(RELEASE_LOOK_S, f"{type(plan[0]).__name__} is under way")

    async def _settle(self, tx: Transaction, server: Server) -> None:
        result = actions.ERROR if server.is_error else actions.SUCCESS
        message = server.fault.message if server.is_error and server.fault else None
        await actions.finish_actions(tx, server.id, result, server.host_id, message)
        await servers.mark_settled(tx, server.id)

    async def _refuse(self, tx: Transaction, id: str, reason: str) -> None:
        """Nothing can be claimed: a launched server stays what it is, a new one is given up."""
        server = await servers.find_server(tx, id)
        if server is None or not server.desired.present:
            return
        if server.observed.is_launched:
            if server.desired.resize is not None:
                await moves.abandon_resize(tx, server, reason)
            else:
                await moves.abandon_unshelf(tx, server, reason)
            return
        fault = Fault(code=500, message=reason, created_at=now())
        await servers.update_server(tx, server, given_up=True, fault=fault)

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`; the first time all: reports may have come while nobody looked."""
        async with self._db.read() as tx:
            if self._has_listed:
                return await servers.list_unsettled(tx)
            found = await servers.list_present(tx)
        self._has_listed = True
        return found

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Keep what went wrong with the server; it is shown only while it is in ERROR."""
        message = str(error) or type(error).__name__
        async with self._db.write() as tx:
            server = await servers.find_server(tx, id)
            if server is None or server.is_error:
                return
            fault = Fault(code=500, message=message, created_at=now())
            if server.fault is None or server.fault.message != message:
                await servers.update_server(tx, server, fault=fault)
