"""Templates to HTML: everything is escaped, whatever it is called."""

import datetime
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup

from pilvi.dashboard.describe import Cell, CellKind, Shown

FOLDER = Path(__file__).parent / "templates"
_GOOD = {"active", "available", "in-use", "up", "enabled", "success", "successful", "online"}
_GOOD |= {"open", "yes", "done", "completed", "finished", "accepted"}
_BAD = {"error", "down", "failed", "killed", "disabled", "unknown", "degraded"}
_BUSY_ENDINGS = ("ing", "ING", "BUILD", "REBOOT", "HARD_REBOOT", "RESIZE", "PASSWORD", "REBUILD")
_BUSY = {"queued", "backing-up", "pending", "build", "reserved", "verify_resize"}


class Renderer:
    """All templates: read at once, for the package may be out of reach later; compiled at use."""

    def __init__(self) -> None:
        texts = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.html"))}
        self._environment = jinja2.Environment(
            loader=jinja2.DictLoader(texts),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "cells": list_cells,
            "tone": tone_of,
            "moment": print_moment,
            "amount": print_amount,
            "segment": lambda text: quote(str(text), safe=""),
            "query": urlencode,
        }
        # The compiler's own late imports are done while they can be: a text loads a codec.
        self._environment.from_string("{{ 'a text' }}")

    def render(self, template: str, **words: Any) -> Markup:
        """A template filled in."""
        found = self._environment.get_template(template)
        return Markup(found.render(**words))  # noqa: S704  # escaped there


@cache
def open_renderer() -> Renderer:
    """The one of this process."""
    return Renderer()


def list_cells(shown: Shown) -> list[Cell]:
    """What a cell of a table holds, as values that templates know. Pure."""
    if isinstance(shown, Cell):
        return [shown] if shown.text else [Cell("–")]
    if isinstance(shown, bool):
        return [Cell("yes" if shown else "no")]
    if isinstance(shown, str | int | float) or shown is None:
        text = "" if shown is None else str(shown)
        return [Cell(text or "–")]
    return [cell for one in shown for cell in list_cells(one)] or [Cell("–")]


def tone_of(state: str) -> str:
    """The colour that a state has: good, busy, bad or quiet. Pure."""
    word = state.lower()
    if word in _GOOD:
        return "good"
    if word in _BAD or word.startswith("error"):
        return "bad"
    return "busy" if word in _BUSY or state.endswith(_BUSY_ENDINGS) else "quiet"


def print_moment(text: str) -> str:
    """A time as people read it; what is none stays as it is. Pure."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def print_amount(value: float) -> str:
    """A number without a tail. Pure."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def state(word: object) -> Cell:
    """A state."""
    return Cell(str(word or ""), CellKind.STATE)


def moment(text: object) -> Cell:
    """A time."""
    return Cell(str(text or ""), CellKind.TIME)


def code(text: object, note: str = "") -> Cell:
    """An id, an address: something to copy."""
    return Cell(str(text if text is not None else ""), CellKind.CODE, note=note)


def link(text: object, *path: str, note: str = "") -> Cell:
    """The way to a page of the dashboard."""
    href = "/dashboard/" + "/".join(quote(word, safe="") for word in path)
    return Cell(str(text), CellKind.LINK, href, note)


def do(text: str, *path: str, **query: str) -> Cell:
    """The way to the form of an action."""
    words = f"?{urlencode(query)}" if query else ""
    return Cell(text, CellKind.DO, link(text, *path).href + words)


def size(count: float | None) -> str:
    """Bytes as people read them. Pure."""
    if count is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{print_amount(round(count, 1))} {unit}"
        count /= 1024
    return f"{print_amount(round(count, 1))} TiB"


def join(words: Iterable[object]) -> str:
    """Words with commas. Pure."""
    return ", ".join(str(word) for word in words)
