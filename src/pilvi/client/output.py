"""How a table or a record is printed: as the openstack client prints it, byte for byte."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from pilvi.client.columns import Column
from pilvi.client.command import Record, Table
from pilvi.errors import InvalidRequest

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

LIST_FORMATS = ("csv", "json", "table", "value", "yaml")
RECORD_FORMATS = ("json", "shell", "table", "value", "yaml")


def add_output_options(parser: "ArgumentParser", gives: type[Table] | type[Record]) -> None:
    """The options that say how to print."""
    formats = LIST_FORMATS if gives is Table else RECORD_FORMATS
    group = parser.add_argument_group("output")
    group.add_argument("-f", "--format", choices=formats, default="table", help="how to print")
    group.add_argument(
        "--json", dest="format", action="store_const", const="json", help="the same as -f json"
    )
    group.add_argument(
        "-c",
        "--column",
        action="append",
        default=[],
        dest="columns",
        metavar="COLUMN",
        help="only this column; repeatable",
    )
    group.add_argument("--noindent", action="store_true", help="JSON on one line")
    if gives is Table:
        group.add_argument(
            "--sort-column",
            action="append",
            default=[],
            dest="sort_columns",
            metavar="COLUMN",
            help="sort by this column; repeatable",
        )
        order: dict[str, Any] = {"dest": "sort_direction", "action": "store_const"}
        group.add_argument("--sort-ascending", const="asc", **order, help="smallest first")
        group.add_argument("--sort-descending", const="desc", **order, help="largest first")
    else:
        group.add_argument("--prefix", default="", help="with -f shell: before each name")


def print_table(table: Table, options: "Namespace", out: TextIO) -> None:
    """Print many things."""
    columns, kept = table.columns, _choose(table.columns, options.columns)
    rows = [[column.value(thing) for column in columns] for thing in table.things]
    for name in reversed(options.sort_columns):
        _sort(rows, columns, name, options.sort_direction == "desc")
    picked = [[row[index] for index in kept] for row in rows]
    columns = [columns[index] for index in kept]
    names = [column.name for column in columns]
    match options.format:
        case "json":
            items = [dict(zip(names, row, strict=True)) for row in picked]
            _print_json(items, options, out)
        case "yaml":
            _print_yaml([dict(zip(names, row, strict=True)) for row in picked], out)
        case "csv":
            _print_csv(columns, picked, out)
        case "value":
            out.writelines(" ".join(map(str, row)) + "\n" for row in picked)
        case _:
            _print_grid(columns, picked, out)


def print_record(record: Record, options: "Namespace", out: TextIO) -> None:
    """Print one thing."""
    kept = [record.columns[index] for index in _choose(record.columns, options.columns)]
    fields = [(column, column.value(record.thing)) for column in kept]
    match options.format:
        case "json":
            _print_json({column.name: value for column, value in fields}, options, out)
        case "yaml":
            for column, value in fields:
                _print_yaml({column.name: value}, out)
        case "value":
            out.writelines(f"{value}\n" for _, value in fields)
        case "shell":
            out.writelines(_assign(options.prefix, column, value) for column, value in fields)
        case _:
            cells = [[column.name, _word(column, value)] for column, value in fields]
            out.writelines(_draw(["Field", "Value"], cells, ["<", "<"]))


def _choose(columns: Sequence[Column], wanted: Sequence[str]) -> list[int]:
    """Positions of the wanted columns, in their own order. Raises `InvalidRequest`."""
    if not wanted:
        return list(range(len(columns)))
    names = {_normal(name) for name in wanted}
    kept = [index for index, column in enumerate(columns) if _normal(column.name) in names]
    if not kept:
        known = ", ".join(column.name for column in columns)
        raise InvalidRequest(f"cannot find the column {', '.join(wanted)}: there are {known}")
    return kept


def _normal(name: str) -> str:
    return name.lower().strip().replace(" ", "_")


def _sort(rows: list[list[Any]], columns: Sequence[Column], name: str, is_falling: bool) -> None:
    """Sort in place; an unknown column, or values that have no order, leave it as it is."""
    found = [i for i, column in enumerate(columns) if _normal(column.name) == _normal(name)]
    if not found:
        return
    at, human = found[0], columns[found[0]].human

    def key(row: list[Any]) -> tuple[bool, Any]:
        value = row[at]
        return value is None, human(value) if human and value is not None else value

    try:
        rows.sort(key=key, reverse=is_falling)
    except TypeError:
        return


def _print_json(value: Any, options: "Namespace", out: TextIO) -> None:
    out.write(json.dumps(value, indent=None if options.noindent else 2) + "\n")


def _print_yaml(value: Any, out: TextIO) -> None:
    import yaml  # only where it is asked for

    yaml.safe_dump(value, stream=out, default_flow_style=False)


def _print_csv(columns: Sequence[Column], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    import csv  # only where it is asked for

    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n", escapechar="\\")
    writer.writerow([column.name for column in columns])
    for row in rows:
        # What people are shown in other words is no number, whatever it is.
        writer.writerow(
            [
                value if column.human is None else str(value)
                for column, value in zip(columns, row, strict=True)
            ]
        )


def _assign(prefix: str, column: Column, value: Any) -> str:
    name = column.name.lower().translate(str.maketrans(" :-", "___"))
    text = str(value).replace('"', '\\"')
    return f'{prefix}{name}="{text}"\n'


def _word(column: Column, value: Any) -> str:
    return str(value if column.human is None else column.human(value))


def _print_grid(columns: Sequence[Column], rows: Sequence[Sequence[Any]], out: TextIO) -> None:
    """Numbers to the right, by the first row, all else to the left; nothing is an empty line."""
    if not rows:
        out.write("\n")
        return
    sides = [
        ">" if column.human is None and type(value) in (int, float) else "<"
        for column, value in zip(columns, rows[0], strict=True)
    ]
    cells = [[_word(c, v) for c, v in zip(columns, row, strict=True)] for row in rows]
    out.writelines(_draw([column.name for column in columns], cells, sides))


def _draw(names: Sequence[str], cells: Sequence[Sequence[str]], sides: Sequence[str]) -> list[str]:
    """The lines of a table with borders. Pure."""
    split = [[cell.split("\n") for cell in row] for row in cells]
    widths = [
        max([len(name), *(_width(part) for row in split for part in row[index])])
        for index, name in enumerate(names)
    ]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+\n"
    lines = [rule, _line(names, widths, sides), rule]
    for row in split:
        for at in range(max(map(len, row))):
            parts = [cell[at] if at < len(cell) else "" for cell in row]
            lines.append(_line(parts, widths, sides))
    return [*lines, rule]


def _line(parts: Sequence[str], widths: Sequence[int], sides: Sequence[str]) -> str:
    return "|" + "|".join(_pad(*one) for one in zip(parts, widths, sides, strict=True)) + "|\n"


def _pad(text: str, width: int, side: str) -> str:
    room = width - _width(text)
    if side == "<":
        return f" {text}{' ' * room} "
    return f" {' ' * room}{text} "


def _width(text: str) -> int:
    """How many places of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # only for other scripts

    wide = sum(1 for sign in text if east_asian_width(sign) in "FW")
    return len(text) + wide - sum(1 for sign in text if combining(sign))
