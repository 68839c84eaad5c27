"""Handlers of audits."""

from dataclasses import asdict
from typing import Any

from pilvi.audit.operations.audits import begin_audit, look
from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.image.operations.ledger import StoreFiles


async def create_audit(call: Call[None]) -> dict[str, Any]:
    """Ask every host for what is there."""
    return {"audit": {"id": await begin_audit(call.tx)}}


async def show_audit(call: Call[None]) -> dict[str, Any]:
    """Who has answered, and what differs between their lists and the database as it is now."""
    id = call.path["audit_id"]
    if not id.isdecimal() or len(id) > 18:
        raise NotFound(f"cannot find the audit '{id}'")
    seen = await look(call.tx, call.part(StoreFiles), int(id), call.settings.host_lease_s)
    without_number = {name: one for name, one in asdict(seen).items() if name != "audit"}
    return {"audit": {"id": seen.audit, **without_number}}
