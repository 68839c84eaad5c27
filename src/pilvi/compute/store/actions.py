"""Rows of action records."""

import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.compute.model.action import ActionRecord
from pilvi.compute.store.tables import actions
from pilvi.core.db import Prepared, Transaction, now
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest, NotFound

SUCCESS, ERROR = "Success", "Error"
# Records of one server that are kept, its newest. Lower: less can be looked up; higher: a server
# that is started and stopped all day fills the database.
KEPT_MAX = 1000

_INSERT = Prepared(insert(actions))
_FINISH = Prepared(
    update(actions).where(
        actions.c.server_id == bindparam("of_server"), actions.c.finished_at.is_(None)
    )
)
_OF_SERVER = select(actions.c.started_at).where(actions.c.server_id == bindparam("of_server"))
_NEWEST = Prepared(
    select(actions.c.request_id)
    .where(actions.c.server_id == bindparam("of_server"))
    .order_by(actions.c.started_at.desc())
    .limit(1)
)
_EDGE = _OF_SERVER.order_by(actions.c.started_at.desc()).limit(1).offset(KEPT_MAX)
_FORGET = Prepared(
    delete(actions).where(
        actions.c.server_id == bindparam("of_server"),
        actions.c.finished_at.is_not(None),
        actions.c.started_at <= _EDGE.scalar_subquery(),
    )
)


def _record(row: Row[Any]) -> ActionRecord:
    return ActionRecord(**row._mapping)


async def find_newest_request(tx: Transaction, server_id: str) -> str:
    """Id of the newest request of which there is a record; empty when there is none."""
    return str(await tx.scalar(_NEWEST, {"of_server": server_id}) or "")


async def insert_action(tx: Transaction, *, is_over: bool = False, **values: Any) -> None:
    """Add a record; `is_over` when the whole action was done in this transaction.

    The oldest one of a server that has too many is forgotten.
    """
    moment = now()
    done = {"finished_at": moment, "result": SUCCESS} if is_over else {"result": ""}
    await tx.run(_INSERT, {"started_at": moment, **done, **values})
    await tx.run(_FORGET, {"of_server": values["server_id"]})


async def finish_actions(
    tx: Transaction, server_id: str, result: str, host_id: str | None, message: str | None = None
) -> None:
    """End all records of a server that are still open. Repeatable."""
    values = {"finished_at": now(), "result": result, "message": message, "host_id": host_id}
    await tx.run(_FINISH, {"of_server": server_id, **values})


async def list_actions(
    tx: Transaction,
    server_id: str,
    page: Page,
    since: datetime.datetime | None,
    before: datetime.datetime | None,
) -> tuple[list[ActionRecord], bool]:
    """One page of a server's records, newest first, and whether more follow."""
    query = select(actions).where(actions.c.server_id == server_id)
    if page.marker is not None:
        marker = await get_action(tx, server_id, page.marker, InvalidRequest)
        query = query.where(actions.c.started_at < marker.started_at)
    query = query.order_by(actions.c.started_at.desc(), actions.c.request_id)
    records = [_record(row) for row in await tx.all(query)]
    kept = [
        record
        for record in records
        if (since is None or record.updated_at >= since)
        and (before is None or record.updated_at <= before)
    ]
    if page.limit is None:
        return kept, False
    return kept[: page.limit], len(kept) > page.limit


async def get_action(
    tx: Transaction,
    server_id: str,
    request_id: str,
    missing: type[NotFound] | type[InvalidRequest] = NotFound,
) -> ActionRecord:
    """One record. Raises `missing`."""
    mine = (actions.c.server_id == server_id) & (actions.c.request_id == request_id)
    row = await tx.first(select(actions).where(mine))
    if row is None:
        raise missing(f"cannot find the action of request '{request_id}'")
    return _record(row)
