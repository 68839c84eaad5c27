"""Makes one server so: looks, plans, and applies the plan, all in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import structlog

from pilvi.compute.model.server import Fault, Server
from pilvi.compute.reconcilers import evacuations, moves
from pilvi.compute.reconcilers.claims import ClaimRefused
from pilvi.compute.reconcilers.overdue import find_reason, may_be_overdue, overdue
from pilvi.compute.reconcilers.plan import plan_server
from pilvi.compute.reconcilers.sight import look
from pilvi.compute.reconcilers.step import Step, Wait
from pilvi.compute.reconcilers.steps import Steps
from pilvi.compute.store import actions, servers
from pilvi.core.db import Database, Transaction, now
from pilvi.core.reconcile import Again, Done, Result, Waits, taking
from pilvi.core.requests import acting_for, current_request
from pilvi.hosts.operations.reasons import Reason
from pilvi.settings import Settings

log = structlog.get_logger()

# Plans applied in one transaction. Lower: more transactions for one launch; higher: a defect that
# never settles holds the writers longer.
ROUNDS_MAX = 8
# Seconds until a look at what others give back, which does not always wake the server; at first
# and at most. Lower: more reading; higher: a delete takes longer.
RELEASE_LOOK_S = 0.2
RELEASE_LOOK_S_MAX = 2.0


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
            lease_s = self._settings.host_lease_s
            if may_be_overdue(server, now()):
                reason = await find_reason(tx, server, places, lease_s)
                sight = replace(sight, overdue=overdue(server, reason, now()))
            if server.desired.evacuation is not None:
                lingers_on = await evacuations.find_lingering(tx, server, lease_s)
                sight = replace(sight, lingers_on=lingers_on)
            plan = plan_server(server.desired, sight)
            work = [step for step in plan if not isinstance(step, Wait)]
            if not plan:
                await self._settle(tx, server)
                return Done()
            if not work or plan == before:
                again_s = look_again_s((now() - server.updated_at).total_seconds())
                return self._wait(plan, await find_reason(tx, server, places, lease_s), again_s)
            applied = Steps(tx, self._settings, places)
            # By the record, and not by who woke it: that may be any host that reported.
            request_id = await actions.find_newest_request(tx, id) or current_request()
            with acting_for(request_id):
                for step in work:
                    taken = await taking(self.kind, id, step, partial(applied.apply, server, step))
                    server = taken
            if applied.has_told:
                return Waits("its host to take up the wish")
            before = plan
        return Again(RELEASE_LOOK_S, "more steps are left than one transaction takes")

    def _wait(self, plan: list[Step], reason: Reason | None, again_s: float) -> Result:
        waits = [step for step in plan if isinstance(step, Wait)]
        polled = next((wait for wait in waits if wait.polls), None)
        if polled is not None:
            return Again(again_s, polled.why)
        if len(waits) == len(plan):
            words = ", ".join(wait.why for wait in waits)
            return Waits(words if reason is None else f"{words}: {reason.words}")
        return Again(again_s, f"{type(plan[0]).__name__} is under way")

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
            if server.desired.evacuation is not None:
                await evacuations.abandon_evacuation(tx, server, reason)
            elif server.desired.resize is not None:
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

    def relist(self) -> None:
        """See `Relisting`."""
        self._has_listed = False

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


def look_again_s(waited_s: float) -> float:
    """Seconds until a server that waits is looked at again: a tenth of what it has waited. Pure."""
    return min(RELEASE_LOOK_S_MAX, max(RELEASE_LOOK_S, waited_s / 10))
