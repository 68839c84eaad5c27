"""The page of the commands of a cloud's users, which are named as the openstack client's."""

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator

from pages.commands import list_commands as list_operators
from pages.markdown import GENERATED, code, fence, join, plain, table
from pages.sources import Sources
from pilvi.client.command import Argument, Command, Record, Table
from pilvi.client.commands import MODULES, load_commands
from pilvi.client.output import LIST_FORMATS, RECORD_FORMATS, add_output_options
from pilvi.client.shell import GLOBAL_OPTIONS, build_parser


def make_page(sources: Sources) -> str:
    """Every command, by its first word."""
    options = ((code(name), words) for name, _, words in GLOBAL_OPTIONS if words)
    assert not {name.split()[1] for name, _ in list_operators()} & set(MODULES)
    return join(
        "# Commands of users",
        GENERATED,
        "They are named as the `openstack` client's, read the same `clouds.yaml` and environment, "
        "and print the same. `pilvi help` lists them, `pilvi help WORDS` says what one takes. "
        "[Commands of operators](commands.md) have a page of their own.",
        "## Which cloud",
        "These may stand before a command or after it.",
        table(("option", "what it says"), options),
        "## How to print",
        "Commands that show something take these as well.",
        table(("option", "what it says"), _output_options()),
        *(_section(noun) for noun in sorted(MODULES)),
    )


def _output_options() -> Iterator[tuple[str, str]]:
    """Of lists and of single things, each once."""
    found: dict[str, str] = {}
    for kind in (Table, Record):
        parser = ArgumentParser(add_help=False)
        add_output_options(parser, kind)
        for action in parser._actions:
            choices = {*LIST_FORMATS, *RECORD_FORMATS} if action.choices else ()
            words = f"{action.help}: {', '.join(sorted(choices))}" if choices else action.help or ""
            found[", ".join(action.option_strings)] = words
    return ((code(names), words) for names, words in found.items())


def list_commands() -> Iterator[Command]:
    """Every command."""
    for noun in sorted(MODULES):
        yield from sorted(load_commands(noun), key=lambda row: row.words)


def _section(noun: str) -> str:
    rows = sorted(load_commands(noun), key=lambda row: row.words)
    return join(f"## {noun}", *(_command(row) for row in rows))


def _command(row: Command) -> str:
    shown = [argument for argument in row.arguments if argument.words.get("help") != SUPPRESS]
    return join(
        f"### pilvi {row.words}",
        plain(row.sentence),
        fence(_usage(row), "text"),
        table(("argument", "what it says"), map(_row, shown)),
    )


def _usage(row: Command) -> str:
    """The words alone: what every command takes besides is said once."""
    parser = build_parser(Command(row.words, row.sentence, row.run, row.arguments))
    for action in parser._actions:
        if action.dest.startswith("os_") or action.dest == "help":
            action.help = SUPPRESS
    return " ".join(parser.format_usage().removeprefix("usage: ").split())


def _row(argument: Argument) -> tuple[str, str]:
    metavar = argument.words.get("metavar") or ""
    shown = " ".join(metavar) if isinstance(metavar, tuple) else metavar
    is_option = argument.names[0].startswith("-")
    names = ", ".join(argument.names) if is_option else shown or argument.names[0]
    text = f"{names} {shown}".strip() if is_option else names
    return code(text), plain(argument.words.get("help") or "")
