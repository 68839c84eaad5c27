"""Audits: asking the hosts, and comparing once they have answered."""

from collections.abc import Sequence

from pilvi.audit.model.compare import compare, list_in_work
from pilvi.audit.model.report import HostAnswer, HostState, Look
from pilvi.audit.operations.books import as_sight, read_books
from pilvi.core.db import Transaction, now
from pilvi.core.db.progress import list_all_progress
from pilvi.errors import NotFound
from pilvi.hosts.model.host import Sighting
from pilvi.hosts.operations import audits as hosts
from pilvi.image.operations.ledger import StoreFiles


async def begin_audit(tx: Transaction) -> int:
    """Ask every host for what is there; returns the number of the audit."""
    return await hosts.begin_audit(tx)


async def look(tx: Transaction, store: StoreFiles, audit: int, lease_s: float) -> Look:
    """What the hosts that answered an audit hold, compared with the database as it is now.

    Raises `NotFound` for an audit that nobody began.
    """
    sightings = await hosts.list_sightings(tx)
    if not 0 < audit <= max((one.host.audit for one in sightings), default=0):
        raise NotFound(f"cannot find the audit '{audit}'")
    answers = [_answer(one, audit, lease_s) for one in sightings]
    books = await read_books(tx, store)
    sights = [
        as_sight(one)
        for one, answer in zip(sightings, answers, strict=True)
        if answer.state is HostState.ANSWERED
    ]
    waiting = [f"{one.kind} {one.id}: {one.sentence}" for one in await list_all_progress(tx)]
    return Look(
        audit,
        tuple(answers),
        tuple(compare(books, sights)),
        tuple(list_in_work(books)),
        tuple(waiting),
    )


def _answer(one: Sighting, audit: int, lease_s: float) -> HostAnswer:
    failures: Sequence[str] = ()
    if one.holdings is not None and one.answers(audit):
        failures = one.holdings.failures
        state = HostState.FAILED if failures else HostState.ANSWERED
    else:
        state = HostState.WAITING if one.host.is_alive(now(), lease_s) else HostState.DOWN
    return HostAnswer(one.host.name, state, tuple(failures))
