"""Rows that most resources have: list, show, delete, made of the same few words."""

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pilvi.client.columns import Column
from pilvi.client.command import Argument, Command, Record, Table, Thing, flag
from pilvi.client.finding import Kind
from pilvi.client.session import Session
from pilvi.errors import Internal, InvalidRequest, PilviError

LONG = flag("--long", "more columns")
Query = Callable[[Session, Namespace], Mapping[str, Any]]


def list_row(
    kind: Kind,
    columns: Sequence[Column],
    long: Sequence[Column] = (),
    query: Query | None = None,
    arguments: Sequence[Argument] = (),
) -> Command:
    """`KIND list`: `long` are all columns with --long; `query` what the options ask of the API."""

    def run(session: Session, given: Namespace) -> Table:
        asked = query(session, given) if query else {}
        is_long = bool(long) and given.long
        return Table(long if is_long else columns, kind.list(session, asked))

    options = [*([LONG] if long else []), *arguments]
    return Command(f"{_words(kind)} list", f"List {_plural(kind)}.", run, options, Table)


def show_row(kind: Kind, columns: Sequence[Column]) -> Command:
    """`KIND show`."""

    def run(session: Session, given: Namespace) -> Record:
        return Record(columns, kind.find(session, given.thing))

    return Command(f"{_words(kind)} show", f"Show one {kind.title}.", run, [_one(kind)], Record)


def delete_row(kind: Kind, more: Sequence[Argument] = ()) -> Command:
    """`KIND delete`: each that is named; one that cannot be deleted does not spare the others."""

    def run(session: Session, given: Namespace) -> None:
        def delete(text: str) -> None:
            session.call("DELETE", kind.service, f"{kind.path}/{kind.id_of(session, text)}")

        for_each(given.things, f"delete {kind.title}", delete)

    return Command(f"{_words(kind)} delete", f"Delete {_plural(kind)}.", run, [_many(kind), *more])


def for_each(names: Sequence[str], doing: str, act: Callable[[str], object]) -> None:
    """Do something with each; says what failed and fails at the end. Raises `Internal`."""
    failed = 0
    for name in names:
        try:
            act(name)
        except PilviError as error:
            failed += 1
            print(f"cannot {doing} '{name}': {error.message}", file=sys.stderr)
    if failed:
        raise Internal(f"cannot {doing}: {failed} of {len(names)} failed")


def acts_row(kind: Kind, verb: str, sentence: str, body: Mapping[str, Any]) -> Command:
    """`KIND VERB`: one action on each that is named."""

    def run(session: Session, given: Namespace) -> None:
        def act(text: str) -> None:
            id = kind.id_of(session, text)
            session.call("POST", kind.service, f"{kind.path}/{id}/action", body)

        for_each(given.things, f"{verb} {kind.title}", act)

    return Command(f"{_words(kind)} {verb}", sentence, run, [_many(kind)])


def made(kind: Kind, columns: Sequence[Column], body: Any) -> Record:
    """What was made, as `show` shows it."""
    thing: Thing = body[kind.one] if kind.one else body
    return Record(columns, thing)


def _one(kind: Kind) -> Argument:
    return Argument(
        "thing",
        metavar=f"<{_words(kind).replace(' ', '-')}>",
        help=f"name or id of the {kind.title}",
    )


def _many(kind: Kind) -> Argument:
    return Argument(
        "things",
        metavar=f"<{_words(kind).replace(' ', '-')}>",
        nargs="+",
        help=f"names or ids of {_plural(kind)}",
    )


def _words(kind: Kind) -> str:
    if kind.title == "snapshot":
        return "volume snapshot"
    return kind.title.lower()


def _plural(kind: Kind) -> str:
    return f"{kind.title}s"


def properties(pairs: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` pairs as a mapping. Raises `InvalidRequest`. Pure."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InvalidRequest(f"cannot read '{pair}': write KEY=VALUE")
        found[key] = value
    return found
