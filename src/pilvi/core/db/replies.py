"""Answers that are kept for requests which may come again: written with what they tell of."""

import datetime
from dataclasses import dataclass

from sqlalchemy import Column, Index, String, Table, Text, delete, insert, select

from pilvi.core.db.columns import Time, metadata
from pilvi.core.db.engine import Transaction

kept_replies = Table(
    "kept_replies",
    metadata,
    Column("scope_sha256", String(64), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("reply", Text, nullable=False),
    Column("kept_at", Time, nullable=False),
    Index("ix_kept_replies_kept_at", "kept_at"),
)


@dataclass(frozen=True, slots=True)
class KeptReply:
    """One answer, sealed, and the request that it was given to."""

    scope_sha256: str
    request_sha256: str
    reply: str
    kept_at: datetime.datetime


async def find_reply(
    tx: Transaction, scope_sha256: str, since: datetime.datetime
) -> KeptReply | None:
    """The answer kept for a scope since a moment, or None."""
    query = select(kept_replies).where(
        kept_replies.c.scope_sha256 == scope_sha256, kept_replies.c.kept_at > since
    )
    row = await tx.first(query)
    if row is None:
        return None
    return KeptReply(row.scope_sha256, row.request_sha256, row.reply, row.kept_at)


async def insert_reply(tx: Transaction, reply: KeptReply, since: datetime.datetime) -> None:
    """Keep an answer, and forget those of before a moment."""
    await tx.run(delete(kept_replies).where(kept_replies.c.kept_at <= since))
    await tx.run(
        insert(kept_replies).values(
            scope_sha256=reply.scope_sha256,
            request_sha256=reply.request_sha256,
            reply=reply.reply,
            kept_at=reply.kept_at,
        )
    )
