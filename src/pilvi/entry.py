"""Where `pilvi` begins: a user's command goes its quick way, an operator's loads what it needs."""

import sys
from collections.abc import Iterable, Sequence


def main() -> None:
    """Run the command line; the exit status is the command's."""
    words = sys.argv[1:]
    if words[:1] in (["completion"], ["__complete"]):
        from pilvi.client.completion import run_completion

        sys.exit(run_completion(words, list_operator_words))
    from pilvi.client.shell import is_for_users, run

    if is_for_users(words):
        sys.exit(run(words, list_operator_words))
    from pilvi.cli import main as run_operator

    run_operator()


def list_operator_words(before: Sequence[str]) -> set[str]:
    """What may follow some words among the operators' commands: commands and options."""
    import typer

    from pilvi.cli import app

    command = typer.main.get_command(app)
    for word in before:
        inner = getattr(command, "commands", {})
        if word in inner:
            command = inner[word]
        elif inner and not word.startswith("-"):
            # What follows a word that is no command is not known.
            return set()
    options = {
        name
        for parameter in command.params
        for name in parameter.opts
        if name.startswith("--") and before
    }
    return {*getattr(command, "commands", {}), *options, *_list_kinds(before)}


def _list_kinds(before: Sequence[str]) -> Iterable[str]:
    """The kinds of things that `explain` and `trace` know, where one is to be typed."""
    if list(before) == ["explain"]:
        from pilvi.commands.explain import PATHS

        return PATHS
    return ("port",) if list(before) == ["trace"] else ()


if __name__ == "__main__":
    main()
