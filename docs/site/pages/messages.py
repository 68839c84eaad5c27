"""The page of messages: every text of an error or refusal that the code has."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pages.markdown import GENERATED, code, join, plain, table
from pages.sources import SOURCE, Sources
from pilvi.errors import KINDS

HOLE = "…"
REFUSAL = "Denied"
"""A refusal by the state of a thing; it is answered as a Conflict."""
INSIDE = {"testing", "migrations"}
"""Folders whose messages no user of a cloud meets."""


class Message(NamedTuple):
    """One text, with … for what is filled in."""

    part: str
    kind: str
    text: str


def make_page(sources: Sources) -> str:
    """Every message, by the part that says it and its kind."""
    found = list_messages()
    parts = sorted({message.part for message in found})
    return join(
        "# Messages",
        GENERATED,
        "A message begins with *cannot* and names what you can change. Where `…` stands, the "
        "message names a thing. Search here for what you were told; its kind says which status it "
        "has ([errors](errors.md)).",
        *(_section(part, [m for m in found if m.part == part]) for part in parts),
    )


def _section(part: str, found: list[Message]) -> str:
    rows = ((code(m.kind), plain(m.text)) for m in found)
    return join(f"## {part}", table(("kind", "message"), rows))


@cache
def list_messages() -> tuple[Message, ...]:
    """Every message that stands in the code, each once in its part."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        part = path.relative_to(SOURCE).parts[0].removesuffix(".py").replace("_", " ")
        if part not in INSIDE:
            found |= {Message(part, kind, text) for kind, text in _find(path)}
    return tuple(sorted(found))


def _find(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args:
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in KINDS or name == REFUSAL:
                for text in _read(node.args[0]):
                    if text.startswith("cannot"):
                        yield ("Conflict" if name == REFUSAL else name), text


def _read(node: ast.expr) -> list[str]:
    """The texts that an expression can be; none when it is not written there."""
    match node:
        case ast.Constant(value=str(text)):
            return [" ".join(text.split())]
        case ast.JoinedStr(values=values):
            parts = [v.value if isinstance(v, ast.Constant) else HOLE for v in values]
            return [" ".join("".join(str(part) for part in parts).split())]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            ends = _read(right) or [HOLE]
            return [start + end for start in _read(left) for end in ends]
        case ast.IfExp(body=body, orelse=other):
            return _read(body) + _read(other)
    return []
