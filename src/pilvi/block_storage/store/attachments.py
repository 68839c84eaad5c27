"""Rows of attachments."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.block_storage.model.attachment import Attachment, AttachmentId, AttachmentState
from pilvi.block_storage.store.tables import attachments
from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import NotFound

_t = attachments.c
_COLUMNS = tuple(one.name for one in fields(Attachment))
SORT_COLUMNS = {"created_at": _t.created_at, "id": _t.id, "volume_id": _t.volume_id}
_BY = {
    column: Prepared(
        select(attachments)
        .where(_t[column].in_(bindparam("ids", expanding=True)))
        .order_by(_t.created_at, _t.id)
    )
    for column in ("volume_id", "server_id")
}
"""By the column whose values are asked for."""


_ANY = select(attachments).where(_t.id == bindparam("of_id"))
_FIND = {False: Prepared(_ANY), True: Prepared(_ANY.where(_t.project_id == bindparam("owner_id")))}
"""By whether a project is named."""
_UPDATE = Prepared(update(attachments).where(_t.id == bindparam("of_id")))


def read_attachment(row: Row[Any]) -> Attachment:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["state"] = AttachmentState(row.state)
    return Attachment(**values)


async def insert_attachment(tx: Transaction, attachment: Attachment) -> None:
    """Add an attachment. Raises `Conflict` when its volume has one that it does not share."""
    values = {name: getattr(attachment, name) for name in _COLUMNS}
    await tx.run(insert(attachments).values(**values))


async def find_attachment(
    tx: Transaction, id: str, project_id: str | None = None
) -> Attachment | None:
    """One attachment of a project (None: of any), or None."""
    owner = {} if project_id is None else {"owner_id": project_id}
    row = await tx.first(_FIND[project_id is not None], {"of_id": id, **owner})
    return None if row is None else read_attachment(row)


async def get_attachment(tx: Transaction, id: str, project_id: str | None) -> Attachment:
    """One attachment of a project (None: of any). Raises `NotFound`."""
    attachment = await find_attachment(tx, id, project_id)
    if attachment is None:
        raise NotFound(f"cannot find the attachment '{id}'")
    return attachment


async def list_of_volumes(
    tx: Transaction, volume_ids: Sequence[str]
) -> dict[str, list[Attachment]]:
    """The attachments of some volumes, by volume."""
    return await _list_by(tx, "volume_id", volume_ids)


async def list_of_servers(
    tx: Transaction, server_ids: Sequence[str]
) -> dict[str, list[Attachment]]:
    """The attachments of some servers, by server, oldest first."""
    return await _list_by(tx, "server_id", server_ids)


async def _list_by(tx: Transaction, column: str, ids: Sequence[str]) -> dict[str, list[Attachment]]:
    found: dict[str, list[Attachment]] = {}
    if ids:
        for row in await tx.all(_BY[column], {"ids": list(ids)}):
            found.setdefault(getattr(row, column), []).append(read_attachment(row))
    return found


async def list_attachments(
    tx: Transaction, project_id: str | None, equal: Mapping[str, Any], page: Page, offset: int = 0
) -> tuple[list[Attachment], bool]:
    """One page of the attachments of a project (None: of any), and whether more follow.

    `equal` has the values that columns must have.
    """
    query = select(attachments).offset(offset or None)
    if project_id is not None:
        query = query.where(_t.project_id == project_id)
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    rows, more = await read_page(tx, query, attachments, page, SORT_COLUMNS)
    return [read_attachment(row) for row in rows], more


async def update_attachment(tx: Transaction, id: AttachmentId, **values: Any) -> None:
    """Change columns of an attachment."""
    await tx.run(_UPDATE, {"of_id": id, **values})


async def delete_attachment(tx: Transaction, id: AttachmentId) -> None:
    """Remove an attachment. Repeatable."""
    await tx.run(delete(attachments).where(_t.id == id))
