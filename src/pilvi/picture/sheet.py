"""The paper of the SVG: boxes, words and curves, escaped whatever they are called. Pure."""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

Link = Callable[[str, str], str]
"""Where a page shows a thing, by its kind and id; empty where none does."""

ROW = 22
# Pixels of a character at 13 pixels in the widest of the usual fonts: narrow ones, most, capitals,
# and those of East Asia.
_NARROW_PX, _USUAL_PX, _CAPITAL_PX, _WIDE_PX = 4.6, 8.0, 9.6, 13.5


def no_link(kind: str, id: str) -> str:
    """Nothing leads anywhere."""
    return ""


@dataclass(slots=True)
class Sheet:
    """What is drawn so far, and where lines can end."""

    link: Link = no_link
    parts: list[str] = field(default_factory=list)
    heights: dict[tuple[str, str], float] = field(default_factory=dict)
    """Where things lie in their stores, by kind and id."""
    saving: dict[str, float] = field(default_factory=dict)
    """Where images lie that are being made of a server's disk, by the server's id."""

    def text(self, x: float, y: float, words: str, width: float, style: str = "") -> None:
        """One line of words whose middle is at `y`; what is wider than `width` is cut."""
        plain = _printable(words)
        shown = cut(plain, width)
        named = f' class="{style}"' if style else ""
        title = "" if shown == plain else f"<title>{escape(plain)}</title>"
        self.parts.append(f'<text x="{x}" y="{y + 4.5}"{named}>{title}{escape(shown)}</text>')

    def box(self, x: float, y: float, width: float, height: float, style: str) -> None:
        """A rectangle."""
        radius = 4 if height > ROW else 3
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" '
            f'class="{style}"/>'
        )

    def dot(self, x: float, y: float, style: str) -> None:
        """A light that tells a state."""
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="4" class="dot {style}"/>')

    def curve(
        self, start: tuple[float, float], end: tuple[float, float], how: str, told: str
    ) -> None:
        """A line from one thing to another, told to whoever points at it."""
        (left, top), (right, bottom) = start, end
        bend, told = (left + right) / 2, escape(_printable(told))
        path = f"M{left} {top}C{bend} {top} {bend} {bottom} {right} {bottom}"
        self.parts.append(f'<path d="{path}" class="{how}"><title>{told}</title></path>')
        if how == "copy":
            back = -6 if right > left else 6
            self.parts.append(f'<path d="M{right} {bottom}l{back} -4v8z" class="tip"/>')

    @contextmanager
    def leading(self, kind: str, id: str) -> Iterator[None]:
        """What is drawn within leads to a thing's page."""
        href = self.link(kind, id)
        if href:
            self.parts.append(f'<a href="{escape(href)}">')
        yield
        if href:
            self.parts.append("</a>")


def _printable(words: str) -> str:
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in words)


def cut(words: str, width: float) -> str:
    """As much of some words as is `width` pixels wide, about. Pure."""
    if len(words) * (_CAPITAL_PX if words.isascii() else _WIDE_PX) <= width:
        return words
    taken = 0.0
    for place, one in enumerate(words):
        taken += _measure(one)
        if taken > width and place < len(words) - 1:
            return words[: max(place - 1, 0)] + "…"
    return words


@lru_cache(1024)
def _measure(one: str) -> float:
    if unicodedata.east_asian_width(one) in ("W", "F"):
        return _WIDE_PX
    if one in "ijltfr.,:;'|!()[] ·I":
        return _NARROW_PX
    return _CAPITAL_PX if one.isupper() or one in "mw@%&" else _USUAL_PX
