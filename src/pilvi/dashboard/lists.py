"""The page of a collection, and the page of one thing of it."""

from typing import Any

from starlette.responses import Response

from pilvi.dashboard.describe import Action, Collection, Paging, Row
from pilvi.dashboard.live import Sight, answer
from pilvi.dashboard.visit import Visit

# Rows on one page. Lower: more paging; higher: slower pages.
PAGE_ROWS = 25


async def show_list(visit: Visit, collection: Collection) -> Response:
    """The collection's list."""
    query = visit.request.query_params
    filters = {one.name: query.get(one.name, "") for one in collection.filters}
    paging = Paging(PAGE_ROWS + 1, query.get("marker", ""), filters)
    kept = {name: value for name, value in filters.items() if value}

    async def look() -> Sight:
        rows = list(await collection.load(visit.client, paging))
        has_more = collection.is_paged and len(rows) > PAGE_ROWS
        if collection.is_paged:
            rows = rows[:PAGE_ROWS]
        words: dict[str, Any] = {
            "collection": collection,
            "rows": rows,
            "next": {**kept, "marker": collection.id_of(rows[-1])} if has_more else None,
            "first": kept if paging.marker else None,
            "is_narrowed": bool(kept),
            **_offered(visit, collection),
            "filters": filters,
        }
        return Sight(words, any(not collection.is_settled(row) for row in rows))

    chosen = {**kept, **({"marker": paging.marker} if paging.marker else {})}
    templates = ("rows.html", "list.html")
    return await answer(visit, templates, look, chosen, is_live=collection.is_live)


def _offered(visit: Visit, collection: Collection) -> dict[str, Any]:
    """What can be done, as far as the user's role lets it be tried."""
    session, key = visit.signed_in, collection.owner_key
    hidden = frozenset() if session.is_admin else collection.needs_admin
    create = collection.create

    def list_actions(row: Row) -> list[Action]:
        if key and not session.is_admin and row.get(key) != session.project_id:
            return []
        return [one for one in collection.actions if one.name not in hidden and one.when(row)]

    return {
        "offered": list_actions,
        "create": create if create is not None and create.name not in hidden else None,
    }


async def show_detail(visit: Visit, collection: Collection, id: str) -> Response:
    """The page of one thing."""
    find, list_facts = collection.find, collection.facts
    assert find is not None and list_facts is not None

    meter = collection.open_meter() if collection.open_meter is not None else None

    async def look() -> Sight:
        row = await find(visit.client, id)
        measured = await meter.read(visit.client, row) if meter is not None else ()
        words = {
            "collection": collection,
            "row": row,
            "facts": list_facts(row),
            "sections": [*await collection.sections(visit.client, row), *measured],
            **_offered(visit, collection),
        }
        return Sight(words, not collection.is_settled(row))

    return await answer(visit, ("parts.html", "detail.html"), look, {}, is_live=collection.is_live)
