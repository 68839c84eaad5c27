"""Hosts: how they come, prove who they are, and report. All in the caller's transaction."""

import datetime
import hashlib
import uuid
from typing import Any

import msgspec

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, Unauthenticated
from pilvi.host_api.contract import GuestCounts, Kind, Report
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.store import (
    assignments,
    consoles,
    guest_counts,
    guest_samples,
    holdings,
    passwords,
)
from pilvi.hosts.store import hosts as store

COUNT_MAX = 2**63 - 1
"""Bytes, as the database counts them."""
FACTS_WAKE = "host_facts"
"""Kind of the wake-up when a host's inventory changed: placement's owner follows it."""


def digest(credential: str) -> str:
    """What is stored of a host's credential, which is 256 random bits. Pure."""
    return hashlib.sha256(credential.encode()).hexdigest()


async def enrol_host(tx: Transaction, name: str, credential: str) -> Host:
    """Make a host known by its name, with its credential. Repeatable; a new credential replaces."""
    found = await store.find_host_by_name(tx, name)
    if found is None:
        await store.insert_host(tx, HostId(str(uuid.uuid4())), name, digest(credential))
    else:
        await store.update_host(tx, found.id, credential_sha256=digest(credential))
    host = await store.find_host_by_name(tx, name)
    assert host is not None
    return host


async def authenticate_host(tx: Transaction, authorization: str | None) -> Host:
    """The host whose credential a request carries. Raises `Unauthenticated`."""
    scheme, _, credential = (authorization or "").partition(" ")
    host = None
    if scheme.lower() == "bearer" and credential:
        host = await store.find_host_by_credential(tx, digest(credential))
    if host is None:
        raise Unauthenticated("cannot find a host with this credential")
    return host


async def list_hosts(tx: Transaction) -> list[Host]:
    """Every host, by name."""
    return await store.list_hosts(tx)


async def list_counts(
    tx: Transaction, since: datetime.datetime
) -> dict[tuple[HostId, str], GuestCounts]:
    """What hosts told since then of what guests use, by host and server.

    It is what hosts say: of which guests a host may speak, its assignments tell.
    """
    return await guest_counts.list_counts(tx, since)


async def find_counts(
    tx: Transaction, host_id: HostId, server_id: str
) -> tuple[datetime.datetime, GuestCounts] | None:
    """What a host told last of what one guest uses, and when. See `list_counts`."""
    return await guest_counts.find_counts(tx, host_id, server_id)


async def list_samples(
    tx: Transaction, host_id: HostId, server_id: str
) -> list[tuple[datetime.datetime, GuestCounts]]:
    """What a host told in the last minutes of what one guest had used, and when; oldest first."""
    return await guest_samples.list_samples(tx, host_id, server_id)


async def get_host(tx: Transaction, id: str) -> Host:
    """One host. Raises `NotFound`."""
    return await store.get_host(tx, id)


async def set_enabled(tx: Transaction, id: HostId, enabled: bool, reason: str | None) -> None:
    """Open or close a host for new things."""
    await store.update_host(tx, id, enabled=enabled, disabled_reason=reason)


async def force_down(tx: Transaction, id: HostId, is_down: bool) -> None:
    """Say that a host is down although it may report, or no more."""
    await store.update_host(tx, id, forced_down=is_down)


async def remove_host(tx: Transaction, host: Host) -> None:
    """Forget a host: its credential is worth nothing from now on.

    Raises `Conflict` while it is to hold something. What it was told to give up and never
    confirmed is forgotten with it.
    """
    held = await assignments.count_wanted(tx, host.id)
    if held:
        kinds = ", ".join(f"{count} of kind {kind}" for kind, count in sorted(held.items()))
        raise Conflict(f"cannot forget the host {host.name}: it is to hold things: {kinds}")
    await assignments.delete_all(tx, host.id)
    await holdings.delete_holdings(tx, host.id)
    await guest_counts.delete_counts(tx, host.id)
    await guest_samples.delete_samples(tx, host.id)
    await store.delete_host(tx, host.id)


async def record_report(tx: Transaction, host: Host, report: Report, usage_kept_s: int = 0) -> int:
    """Take note of what a host says, unless something newer was said; answers the run followed.

    Wakes the owner of every object that it speaks of. A sample of what guests use is kept for each
    minute of the last `usage_kept_s` seconds. What comes from a guest and cannot be kept (a zero
    byte in a password, impossible figures and places of console output) is left out.
    """
    if not host.takes(report.run, report.number):
        return host.newest_report[0]
    moment = now()
    values: dict[str, Any] = {"seen_at": moment}
    if report.number:
        values |= {"report_run": report.run, "report_number": report.number}
    if report.facts != host.facts:
        values["facts"] = msgspec.to_builtins(report.facts)
        # A report is no request that anybody looks for.
        tx.wake(FACTS_WAKE, host.id, "")
    await store.update_host(tx, host.id, **values)
    if report.counts is not None:
        counts = [one for one in report.counts if _is_possible(one)]
        is_first = await guest_counts.save_counts(tx, host.id, counts, moment)
        if is_first:
            await _sample_guests(tx, host.id, counts, moment)
            await guest_samples.delete_old(tx, moment - datetime.timedelta(seconds=usage_kept_s))
    for observation in report.observations:
        owner = await assignments.update_observed(tx, host.id, observation)
        if owner is not None:
            tx.wake(*owner)
            if not observation.present:
                await assignments.delete_given_up(tx, host.id, observation)
    speaking = [one.server_id for one in report.consoles]
    speaking += [one.server_id for one in report.passwords]
    held = await assignments.list_held(tx, Kind.VM, speaking, host.id)
    mine = {one.id for one in held if one.present}
    for posted in report.passwords:
        if posted.server_id in mine and "\0" not in posted.password:
            await passwords.save_password(tx, posted.server_id, posted.password)
    for output in report.consoles:
        if output.server_id in mine and 0 <= output.start <= COUNT_MAX - len(output.data):
            await consoles.insert_piece(tx, output.server_id, output.start, output.data)
    return report.run


def _is_possible(counts: GuestCounts) -> bool:
    disks, nics = (
        (counts.read_bytes, counts.written_bytes),
        (counts.received_bytes, counts.sent_bytes),
    )
    return all(one is None or 0 <= one <= COUNT_MAX for one in (counts.cpu_s, *disks, *nics))


async def _sample_guests(
    tx: Transaction, host_id: HostId, counts: list[GuestCounts], moment: datetime.datetime
) -> None:
    """Keep what a host says of the guests that it is to hold, each once."""
    held = await assignments.list_held(tx, Kind.VM, [one.server_id for one in counts], host_id)
    mine = {one.id for one in held if one.present}
    samples = {one.server_id: one for one in counts if one.server_id in mine}
    await guest_samples.insert_samples(tx, host_id, samples.values(), moment)
