"""One row of the table of commands, and what a command gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pilvi.client.columns import Column

if TYPE_CHECKING:
    from argparse import Namespace

    from pilvi.client.session import Session

Thing = dict[str, Any]
"""A resource as its API shows it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Many things in rows."""

    columns: Sequence[Column]
    things: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing, a line for each of its fields."""

    columns: Sequence[Column]
    thing: Any


Answer = Table | Record | str | None
"""What a command prints: a str as it is, None nothing."""


class Argument:
    """One argument or option of a command, in the words of argparse."""

    __slots__ = ("names", "words")

    def __init__(self, *names: str, **words: Any) -> None:
        self.names = names
        self.words = words


@dataclass(frozen=True, slots=True)
class Command:
    """What a person types, what it means and what does it."""

    words: str
    """As the openstack client has it: `server add floating ip`."""
    sentence: str
    run: Callable[["Session", "Namespace"], Answer]
    arguments: Sequence[Argument] = field(default_factory=tuple)
    gives: type[Table] | type[Record] | None = None
    """What it gives, where that is not text or nothing: then output options are offered."""
    is_local: bool = False
    """Whether it asks no cloud, and so needs none to be named."""


def flag(name: str, words: str, **more: Any) -> Argument:
    """An option without a value."""
    return Argument(name, action="store_true", help=words, **more)


def option(name: str, metavar: str, words: str, **more: Any) -> Argument:
    """An option with a value."""
    return Argument(name, metavar=metavar, help=words, **more)


def many(name: str, metavar: str, words: str, **more: Any) -> Argument:
    """An option that may be given several times."""
    return Argument(name, metavar=metavar, help=words, action="append", default=[], **more)


def named(what: str, words: str = "", **more: Any) -> Argument:
    """A positional argument that names a thing."""
    return Argument(
        what.replace(" ", "_"),
        metavar=f"<{what.replace(' ', '-')}>",
        help=words or f"name or id of the {what}",
        **more,
    )
