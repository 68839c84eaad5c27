"""Rows of metering labels, their rules and what was counted."""

from typing import Any

import pytest

from network.inserts import common, insert_router
from pilvi.core.db import Database, Transaction
from pilvi.core.paging import Page
from pilvi.errors import NotFound
from pilvi.network.store import metering, routers
from pilvi.network.store.listing import Listing

ANY_ORDER = Page(limit=None, sorts=())


async def insert_label(tx: Transaction, **values: Any) -> str:
    """A label's id."""
    row = common(**values)
    await metering.insert_label(tx, **row)
    return str(row["id"])


async def insert_rule(tx: Transaction, label_id: str, **values: Any) -> str:
    """A rule's id."""
    row = common(label_id=label_id, direction="egress", source_prefix="10.0.0.0/8", **values)
    await metering.insert_rule(tx, **row)
    return str(row["id"])


async def test_a_project_sees_its_own_labels_and_shared_ones(db: Database) -> None:
    async with db.write() as tx:
        mine, strange = await insert_label(tx), await insert_label(tx, project_id="q")
        shared = await insert_label(tx, project_id="q", is_shared=True)
        rules = [await insert_rule(tx, id) for id in (mine, strange, shared)]
        assert {one.id for one in await metering.list_labels_for(tx, "p")} == {mine, shared}
        found, _ = await metering.list_labels(tx, Listing(page=ANY_ORDER, project_id="p"))
        assert {one.id for one in found} == {mine, shared}
        seen, _ = await metering.list_rules(tx, Listing(page=ANY_ORDER, project_id="p"))
        assert {one.id for one in seen} == {rules[0], rules[2]}
        for read, id in ((metering.get_label, strange), (metering.get_rule, rules[1])):
            with pytest.raises(NotFound):
                await read(tx, id, "p")
        values = {"metering_label_id": [mine], "excluded": ["false"]}
        seen, _ = await metering.list_rules(
            tx, Listing(page=ANY_ORDER, project_id=None, values=values)
        )
        assert [one.id for one in seen] == [rules[0]]


async def test_rules_and_counts_go_with_their_label_and_counts_with_their_router(
    db: Database,
) -> None:
    async with db.write() as tx:
        one, two = await insert_label(tx), await insert_label(tx)
        router = await insert_router(tx)
        rule = await insert_rule(tx, one)
        await metering.update_rule(tx, rule, source_prefix=None, destination_prefix="fd00::/8")
        (made,) = (await metering.list_rules_of(tx, [one]))[one]
        assert (made.source, made.destination) == (None, "fd00::/8")
        big = 2**40
        await metering.replace_counts(tx, router, {one: (1, big), two: (3, 4)})
        await metering.replace_counts(tx, router, {one: (2, big), two: (3, 4)})
        assert await metering.list_counts_of_router(tx, router) == {one: (2, big), two: (3, 4)}
        (count,) = (await metering.list_counts(tx, [one]))[one]
        assert (count.router_id, count.packets, count.octets) == (router, 2, big)
        await metering.update_label(tx, one, name="n")
        assert (await metering.get_label(tx, one, None)).name == "n"
        await metering.delete_label(tx, one)
        assert await metering.list_rules_of(tx, [one, two]) == {}
        assert await metering.list_counts_of_router(tx, router) == {two: (3, 4)}
        await routers.delete_router(tx, router)
        assert await metering.list_counts(tx, [two]) == {}
        other = await insert_rule(tx, two)
        await metering.delete_rule(tx, other)
        assert await metering.list_rules_of(tx, [two]) == {}
