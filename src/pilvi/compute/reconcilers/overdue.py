"""Why a server is not as wished yet, and when that has lasted too long."""

import datetime

from pilvi.block_storage.operations.volumes import get_volume
from pilvi.compute.model.server import Server
from pilvi.compute.reconcilers.sight import Places
from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.hosts.model.deadlines import DEADLINES
from pilvi.hosts.operations.reasons import Reason, explain


async def find_reason(
    tx: Transaction, server: Server, places: Places, lease_s: float
) -> Reason | None:
    """What a server waits for: its host, the one that it leaves, or a volume."""
    for held in (places.here, places.old):
        reason = await explain(tx, held, lease_s)
        if reason is not None:
            return reason
    if places.here is not None or server.observed.is_launched:
        return None
    for volume in server.volumes:
        try:
            trouble = (await get_volume(tx, volume.volume_id, None)).error
        except NotFound:
            continue
        if trouble:
            return Reason(f"the volume {volume.volume_id}: {trouble}", is_trouble=True)
    return None


def may_be_overdue(server: Server, moment: datetime.datetime) -> bool:
    """Whether it is worth asking why a server is not there: the shortest limit is over. Pure."""
    if server.observed.is_launched or not server.desired.present or server.given_up:
        return False
    limits = [one for one in (DEADLINES["server"].stuck_s, DEADLINES["server"].ends_s) if one]
    age_s = (moment - server.created_at).total_seconds()
    return bool(limits) and age_s >= min(limits)


def overdue(server: Server, reason: Reason | None, moment: datetime.datetime) -> str:
    """Why a server that was never launched is given up; empty while it may still come. Pure."""
    if not may_be_overdue(server, moment):
        return ""
    limits, age_s = DEADLINES["server"], (moment - server.created_at).total_seconds()
    words = reason.words if reason is not None else "its host"
    limit = limits.stuck_s if reason is not None and reason.is_trouble else limits.ends_s
    if limit is None or age_s < limit:
        return ""
    return f"cannot launch the server: for {age_s / 60:.0f} minutes it waited for {words}"
