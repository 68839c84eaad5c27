"""From the words of a command line to its row of the table, and from there to its output."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from pilvi.client.command import Answer, Command, Record, Table
from pilvi.client.commands import MODULES, load_commands
from pilvi.client.output import add_output_options, print_record, print_table
from pilvi.errors import InvalidRequest, PilviError

if TYPE_CHECKING:
    from argparse import ArgumentParser

GLOBAL_OPTIONS = (
    ("--os-cloud", "cloud", "name of the cloud in clouds.yaml"),
    ("--os-auth-url", "auth_url", "where the cloud's identity service is"),
    ("--os-username", "username", "who logs in"),
    ("--os-user-domain-name", "user_domain_name", "whose domain"),
    ("--os-user-domain-id", "user_domain_id", ""),
    ("--os-project-name", "project_name", "the project to work in"),
    ("--os-project-id", "project_id", ""),
    ("--os-project-domain-name", "project_domain_name", ""),
    ("--os-project-domain-id", "project_domain_id", ""),
    ("--os-region-name", "region_name", "the region of the cloud"),
    ("--os-interface", "interface", "public, internal or admin"),
    ("--os-cacert", "cacert", "file with the certificate of the cloud's authority"),
)
SECRET_OPTIONS = ("--os-password", "--os-token", "--os-application-credential-secret")
ListOperatorWords = Callable[[Sequence[str]], Iterable[str]]
"""Of the words before the last: what may follow, among operators' commands."""


def is_for_users(words: Sequence[str]) -> bool:
    """Whether a command line is one of these commands and not one of the operator's. Pure."""
    first = next((word for word in words if not word.startswith("-")), "")
    return first in MODULES or words[:1] == ["help"] or _begins_global(words)


def _begins_global(words: Sequence[str]) -> bool:
    return bool(words) and (words[0].startswith("--os-") or words[0] == "--insecure")


def run(
    words: Sequence[str], list_operator_words: ListOperatorWords, out: TextIO | None = None
) -> int:
    """Run one command line; its exit status: 0 done, 1 refused, 2 not understood."""
    out = out or sys.stdout
    try:
        known, rest = _read_global(list(words))
        if rest[:1] == ["help"]:
            _print_help(rest[1:], list_operator_words, out)
            return 0
        command, others = find_command(rest)
        if command is None:
            if {"-h", "--help"} & set(rest):
                plain = [word for word in rest if not word.startswith("-")]
                _print_help(plain, list_operator_words, out)
                return 0
            _refuse(rest, list_operator_words)
        given = build_parser(command).parse_args(others, _namespace(known))
        _print(command.run(_open(command, given), given), given, out)
        out.flush()
    except PilviError as error:
        print(error.message, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read has seen enough; nothing is left to be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        # A file of this machine: a full disk, a folder that may not be written.
        print(f"cannot go on: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def find_command(words: Sequence[str]) -> tuple[Command | None, list[str]]:
    """The row with the most words that the command line begins with, and the other words."""
    rows = {row.words: row for row in load_commands(words[0])} if words else {}
    plain = 0
    while plain < len(words) and not words[plain].startswith("-"):
        plain += 1
    for count in range(plain, 0, -1):
        row = rows.get(" ".join(words[:count]))
        if row is not None:
            return row, list(words[count:])
    return None, []


def build_parser(command: Command) -> "ArgumentParser":
    """What a command may be given."""
    from argparse import SUPPRESS, ArgumentParser

    parser = ArgumentParser(
        f"pilvi {command.words}", description=command.sentence, allow_abbrev=False
    )
    for argument in command.arguments:
        parser.add_argument(*argument.names, **argument.words)
    if command.gives is not None:
        add_output_options(parser, command.gives)
    group = parser.add_argument_group("cloud")
    for name, key, words in GLOBAL_OPTIONS:
        group.add_argument(
            name, dest=f"os_{key}", metavar=key.upper(), default=SUPPRESS, help=words or SUPPRESS
        )
    group.add_argument(
        "--insecure",
        action="store_true",
        dest="os_insecure",
        default=SUPPRESS,
        help="do not check the server's certificate",
    )
    return parser


def _read_global(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The options before a command's words, and the rest. Raises `InvalidRequest`."""
    for word in words:
        if word.partition("=")[0] in SECRET_OPTIONS:
            name = word.partition("=")[0].removeprefix("--").replace("-", "_").upper()
            raise InvalidRequest(
                f"cannot take a secret on the command line, where others can read it: set {name}, "
                "or write it into clouds.yaml"
            )
    keys = {name: key for name, key, _ in GLOBAL_OPTIONS}
    known: dict[str, Any] = {}
    while _begins_global(words):
        name, equals, value = words.pop(0).partition("=")
        if name == "--insecure":
            known["insecure"] = True
            continue
        if name not in keys:
            raise InvalidRequest(f"cannot use the option {name}: there are {', '.join(keys)}")
        if not equals:
            if not words:
                raise InvalidRequest(f"cannot use the option {name} without a value")
            value = words.pop(0)
        known[keys[name]] = value
    return known, words


def _namespace(known: Mapping[str, Any]) -> Any:
    from argparse import Namespace

    return Namespace(**{f"os_{key}": value for key, value in known.items()})


def _open(command: Command, given: Any) -> Any:
    """A session with the cloud that was named; it logs in with its first request."""
    from pilvi.client.config import Cloud, read_cloud
    from pilvi.client.session import Session
    from pilvi.client.tokens import TokenCache

    named = {key[3:]: value for key, value in vars(given).items() if key.startswith("os_")}
    cloud = Cloud({}) if command.is_local else read_cloud(named, os.environ)
    return Session(cloud, TokenCache(os.environ))


def _print(answer: Answer, given: Any, out: TextIO) -> None:
    if isinstance(answer, Table):
        print_table(answer, given, out)
    elif isinstance(answer, Record):
        print_record(answer, given, out)
    elif answer:
        out.write(answer if answer.endswith("\n") else answer + "\n")


def _print_help(words: Sequence[str], list_operator_words: ListOperatorWords, out: TextIO) -> None:
    """The table of commands, or what one of them takes."""
    command, _ = find_command(words)
    if command is not None:
        out.write(build_parser(command).format_help())
        return
    nouns = sorted({words[0]} & MODULES.keys()) if words else sorted(MODULES)
    if words and not nouns:
        _refuse(words, list_operator_words)
    asked = " ".join(words)
    rows = [row for noun in nouns for row in load_commands(noun) if row.words.startswith(asked)]
    width = max((len(row.words) for row in rows), default=0)
    for row in sorted(rows, key=lambda row: row.words):
        out.write(f"  {row.words:<{width}}  {row.sentence}\n")


def _refuse(words: Sequence[str], list_operator_words: ListOperatorWords) -> NoReturn:
    """Say what there is instead. Raises `InvalidRequest`."""
    rows = [row.words for row in load_commands(words[0])] if words else []
    if words and not rows and words[0] in {"completion", *list_operator_words(())}:
        raise InvalidRequest(
            f"cannot find '{words[0]}' among the commands of users: it stands for itself, and "
            f"'pilvi {words[0]} --help' says what it takes"
        )
    if not rows:
        raise InvalidRequest("cannot tell what to do: 'pilvi help' lists what there is")
    typed = " ".join(word for word in words if not word.startswith("-"))
    second = " ".join(words[:2])
    near = [row for row in rows if row.startswith(second)] or rows
    raise InvalidRequest(f"cannot find the command '{typed}': there are {', '.join(sorted(near))}")
