"""The words that pages are described with. Pure values; what they call is the client's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pilvi.dashboard.client import Client

Row = Mapping[str, Any]
Form = Mapping[str, Any]
"""What was sent: a text by each field's name, a list of texts where several can be chosen."""


class CellKind(StrEnum):
    """How a value is shown."""

    TEXT = "text"
    LINK = "link"
    STATE = "state"
    CODE = "code"
    TIME = "time"
    DO = "do"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as it is shown."""

    text: str
    kind: CellKind = CellKind.TEXT
    href: str = ""
    note: str = ""
    """A second, smaller line."""


Shown = Cell | str | int | float | bool | None | Sequence["Cell | str"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    show: Callable[[Row], Shown]
    is_minor: bool = False
    """Whether narrow screens leave it out."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen."""

    value: str
    label: str
    note: str = ""


class FieldKind(StrEnum):
    """What a form's field looks like."""

    TEXT = "text"
    NUMBER = "number"
    PASSWORD = "password"
    LONG = "long"
    SELECT = "select"
    CARDS = "cards"
    """One of a few choices, each with a line of its own."""
    CHECKS = "checks"
    """Any number of choices."""
    SWITCH = "switch"
    HIDDEN = "hidden"
    FILE = "file"
    """A file that the page's script sends after the form was accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that a form asks for."""

    name: str
    label: str = ""
    kind: FieldKind = FieldKind.TEXT
    hint: str = ""
    value: str = ""
    is_required: bool = True
    choices: Callable[[Client], Awaitable[Sequence[Choice]]] | None = None
    group: str = ""
    """Heading of the part of the form in which it stands."""


@dataclass(frozen=True, slots=True)
class Reveal:
    """A text that is shown once and can be kept as a file."""

    title: str
    words: str
    text: str
    file_name: str
    beside: Cell | None = None
    """What else is needed, as a link."""


@dataclass(frozen=True, slots=True)
class Done:
    """How something ended well."""

    note: str
    to: str = ""
    """Path below `/dashboard/` to go on at; empty is the page of the thing, or its list."""
    reveal: Reveal | None = None
    leads_out: bool = False
    """Whether `to` is a path of this server outside of the dashboard."""


def always(row: Row) -> bool:
    """Whether an action is offered, where nothing speaks against it."""
    return True


def nothing_yet(row: Row) -> Mapping[str, Any]:
    """What a form's fields hold at first, where the thing does not say."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that can be done with a thing, or in a collection.

    One with fields or an explanation has a page of its own; another is done by its button.
    """

    name: str
    label: str
    send: Callable[[Client, str, Form], Awaitable[Done]]
    fields: Sequence[Field] = ()
    explain: str = ""
    is_dangerous: bool = False
    opens_window: bool = False
    in_steps: bool = False
    """Whether its form is asked group by group, where the browser runs the page's script."""
    when: Callable[[Row], bool] = always
    first_values: Callable[[Row], Mapping[str, Any]] = nothing_yet

    @property
    def is_direct(self) -> bool:
        """Whether its button does it."""
        return not self.fields and not self.explain


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of something is used."""

    label: str
    used: float
    limit: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """How something went over time, as a line."""

    label: str
    words: str
    """What it is now, and was at most."""
    points: str
    """Of the line, in a box of 240 by 48."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a page: lists, facts, a table, bars, graphs or a text, whichever it has."""

    title: str
    facts: Sequence[tuple[str, Shown]] = ()
    columns: Sequence[Column] = ()
    rows: Sequence[Row] = ()
    empty: str = ""
    bars: Sequence[Bar] = ()
    graphs: Sequence[Graph] = ()
    text: str | None = None
    told: Sequence[tuple[str, Sequence[str]]] = ()
    """Sentences under headings."""
    links: Sequence[Cell] = ()
    """What can be done here."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is asked for, and what it is narrowed to."""

    limit: int
    marker: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    def params(self) -> dict[str, str]:
        """The query's words."""
        chosen = {name: value for name, value in self.filters.items() if value}
        marker = {"marker": self.marker} if self.marker else {}
        return {"limit": str(self.limit), **marker, **chosen}


class Meter(Protocol):
    """Measures a thing as long as its page is open."""

    async def read(self, client: Client, row: Row) -> Sequence[Section]:
        """Measure once more; what is known by now."""
        ...


async def no_sections(client: Client, row: Row) -> Sequence[Section]:
    """A thing without more to show."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Things of one kind: their list, the page of each, and what can be done."""

    path: str
    title: str
    noun: str
    empty: str
    load: Callable[[Client, Paging], Awaitable[Sequence[Row]]]
    columns: Sequence[Column]
    find: Callable[[Client, str], Awaitable[Row]] | None = None
    facts: Callable[[Row], Sequence[tuple[str, Shown]]] | None = None
    sections: Callable[[Client, Row], Awaitable[Sequence[Section]]] = no_sections
    open_meter: Callable[[], Meter] | None = None
    """What is measured on the page of each; made anew for each page, to remember."""
    create: Action | None = None
    actions: Sequence[Action] = ()
    filters: Sequence[Field] = ()
    id_of: Callable[[Row], str] = lambda row: str(row["id"])
    name_of: Callable[[Row], str] = lambda row: str(row.get("name") or row["id"])
    is_settled: Callable[[Row], bool] = always
    """Whether a row's state stays until somebody asks for something."""
    is_paged: bool = True
    is_live: bool = False
    """Whether its list and pages renew themselves."""
    is_listed: bool = True
    """Whether the menu names it."""
    owner_key: str = ""
    """What of a row names its project, where others' things are listed too: those are only seen."""
    needs_admin: frozenset[str] = frozenset()
    """Names of actions that others than admins are not offered; the API decides all the same."""
