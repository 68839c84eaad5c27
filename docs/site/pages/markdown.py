"""Markdown as the pages use it. Pure."""

import inspect
from collections.abc import Iterable, Sequence
from textwrap import dedent

GENERATED = "*This page is made from the code when the site is built.*"


def join(*blocks: str) -> str:
    """A page of blocks with an empty line between them."""
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty text for no rows."""
    lines = ["| " + " | ".join(_cell(text) for text in row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *lines])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Text as it is typed."""
    return f"`{text}`" if text else ""


def fence(text: str, language: str = "") -> str:
    """Lines as they are typed."""
    return f"```{language}\n{text.strip()}\n```"


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())


def paragraphs(text: str | None) -> str:
    """A docstring; what is drawn in it (a paragraph that is indented) stays drawn."""
    blocks = inspect.cleandoc(text or "").split("\n\n")
    shown = [f"```text\n{dedent(b)}\n```" if b.startswith("    ") else b for b in blocks]
    return "\n\n".join(shown)


def plain(text: str) -> str:
    """Text whose marks are no markup."""
    for mark in "\\`*_<[":
        text = text.replace(mark, f"\\{mark}")
    return text
