"""The story of a thing on its page: what was asked, done, is waited for, failed, and what helps."""

from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.dashboard.client import Client, Refused, at
from pilvi.dashboard.describe import Cell, CellKind, Column, Section
from pilvi.dashboard.render import code, moment

# Newest lines of a story that a page shows. Lower: less of what happened; higher: longer pages.
LINES = 20
_PARTS = ("asked", "done", "failed")


async def tell_story(
    client: Client, root: str, id: str
) -> tuple[Sequence[Section], Sequence[Section]]:
    """What a page shows before all else, and what at the end of it; nothing where it may not."""
    try:
        found = await client.get(at(root, id, "pilvi-story"))
    except Refused as refusal:
        if refusal.status in (403, 404):
            return [], []
        raise
    story = found["story"]
    return list_urgent(story), [show_story(story, client.user_id)]


def list_urgent(story: Mapping[str, Any]) -> list[Section]:
    """What is waited for, what failed last, and what to do: where there is something. Pure."""
    waits = [_print_wait(one) for one in story["waits"]]
    steps = story["next_steps"]
    if not waits and not steps:
        return []
    failed = [one["words"] for one in story["failed"][-1:]] if steps else []
    told = [("It waits for", waits), ("It failed", failed), ("What to do", steps)]
    title = "Under way" if waits and not failed else "Needs a look"
    return [Section(title=title, told=[(label, lines) for label, lines in told if lines])]


def show_story(story: Mapping[str, Any], user_id: str) -> Section:
    """Everything that happened, the newest first. Pure."""
    rows = [
        {**one, "part": part, "place": place, "by": _print_who(one["user_id"], user_id)}
        for part in _PARTS
        for place, one in enumerate(story[part])
    ]
    rows.sort(key=lambda row: (row["at"] or "", row["place"]), reverse=True)
    return Section(
        title="Story", columns=_COLUMNS, rows=rows[:LINES], empty="Nothing happened yet."
    )


def _print_wait(wait: Mapping[str, Any]) -> str:
    tries = f", tried {wait['tries']} times" if wait["tries"] else ""
    error = f"; the last error: {wait['last_error']}" if wait["last_error"] else ""
    return f"{wait['words']}{tries}{error}"


def _print_who(id: str, own: str) -> str:
    return f"by {'you' if id == own else id}" if id else ""


_COLUMNS = [
    Column("What", lambda row: row["words"]),
    Column("How", lambda row: Cell(row["part"], CellKind.STATE, note=row["by"])),
    Column("When", lambda row: moment(row["at"])),
    Column("Request", lambda row: code(row["request_id"]), is_minor=True),
]
