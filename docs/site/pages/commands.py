"""The page of commands: what `pilvi --help` says, and what each script in bin/ is for."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from pages.markdown import GENERATED, code, fence, join, table
from pages.sources import ROOT, Sources
from pilvi.cli import app
from pilvi.settings import default_state_dir

UNNAMED = {"environment"}
"""Files of bin/ that are not run."""


def make_page(sources: Sources) -> str:
    """Every command and every script."""
    commands = list(list_commands())
    return join(
        "# Commands of operators",
        GENERATED,
        "[Commands of users](user-commands.md) have a page of their own. In a checkout `bin/pilvi` "
        "is the command; `pilvi` where it is installed. An error is one line on standard error and "
        "the exit status 1.",
        table(
            ("command", "what it does"),
            ((f"[{code(name)}](#{_anchor(name)})", _first(c.help)) for name, c in commands),
        ),
        *(_section(name, command) for name, command in commands),
        "## Scripts of a checkout",
        table(("script", "what it does"), ((code(f"bin/{n}"), t) for n, t in list_scripts())),
    )


def list_commands() -> Iterator[tuple[str, Any]]:
    """Every command that can be run, with its whole name."""
    return _walk("pilvi", typer.main.get_command(app))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if command.hidden:
        return
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, below in command.commands.items():
        yield from _walk(f"{name} {word}", below)


def list_scripts() -> list[tuple[str, str]]:
    """Every script with the first sentences of its head."""
    paths = sorted((ROOT / "bin").iterdir())
    return [(path.name, _head(path)) for path in paths if path.name not in UNNAMED]


def _head(path: Path) -> str:
    text = path.read_text()
    if "python" in text.splitlines()[0]:
        return (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].replace("\n", " ")
    lines = []
    for line in text.splitlines()[1:]:
        if not line.startswith("# "):
            break
        lines.append(line.removeprefix("# "))
    return " ".join(lines)


def _first(text: str | None) -> str:
    return (text or "").split("\n\n")[0]


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _section(name: str, command: Any) -> str:
    words = [_usage(param) for param in command.params if param.param_type_name == "argument"]
    usage = " ".join([name, "[OPTIONS]", *words])
    rows = [_row(param) for param in command.params if not getattr(param, "hidden", False)]
    head = ("option", "what it says", "default")
    return join(f"## {name}", fence(usage, "text"), command.help or "", table(head, rows))


def _usage(param: Any) -> str:
    word = param.name.upper() + ("…" if param.nargs == -1 else "")
    return word if param.required else f"[{word}]"


def _row(param: Any) -> tuple[str, str, str]:
    is_option = param.param_type_name == "option"
    names = "/".join([*param.opts, *param.secondary_opts]) if is_option else param.name.upper()
    sentence = param.help or ""
    if param.envvar:
        sentence += f" Also from the environment: `{param.envvar}`."
    return code(names), sentence, _default(param)


def _default(param: Any) -> str:
    value = param.default
    if value in (None, False, [], ()) or callable(value):
        return "required" if param.required else ""
    if str(value) == str(default_state_dir()):
        return "[the state directory](settings.md)"
    if value is True and param.secondary_opts:
        return code(param.opts[0])
    return code(str(value))
