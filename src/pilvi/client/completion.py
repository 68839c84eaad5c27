"""Completion of command lines in bash, zsh and fish: one small script each that asks `pilvi`.

`pilvi __complete WORDS…` prints what the last word may become, one a line: words of commands and
names of options, of users' and operators' commands alike. It asks no cloud.
"""

from collections.abc import Sequence

from pilvi.client.commands import MODULES, load_commands
from pilvi.client.output import LIST_FORMATS, RECORD_FORMATS
from pilvi.client.shell import GLOBAL_OPTIONS, ListOperatorWords, build_parser, find_command

SCRIPTS = {
    "bash": """\
_pilvi() {
    mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" \
2>/dev/null)
}
complete -o default -F _pilvi pilvi
""",
    "zsh": """\
#compdef pilvi
_pilvi() {
    local -a found
    found=("${(@f)$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -- ${found:#}
}
compdef _pilvi pilvi
""",
    "fish": """\
function __pilvi_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c pilvi -a '(__pilvi_complete)'
""",
}


def run_completion(words: Sequence[str], list_operator_words: ListOperatorWords) -> int:
    """`completion SHELL` prints a shell's script, `__complete WORDS…` what may follow."""
    if words[0] == "completion":
        if len(words) != 2 or words[1] not in SCRIPTS:
            print(f"usage: pilvi completion {{{','.join(SCRIPTS)}}}")
            return 0 if words[1:] in (["--help"], ["-h"]) else 2
        print(SCRIPTS[words[1]], end="")
        return 0
    before, last = list(words[1:-1]), words[-1] if len(words) > 1 else ""
    for word in complete(before, last, list_operator_words):
        print(word)
    return 0


def complete(before: Sequence[str], last: str, list_operator_words: ListOperatorWords) -> list[str]:
    """What the last word may become, sorted."""
    # Behind a cloud's options there are users' commands alone.
    is_begun = bool(before)
    while before and before[0].startswith("--os-"):
        # A cloud's options may stand before a command, with their values.
        before = before[1 if "=" in before[0] else 2 :]
    if not before:
        found = {*MODULES, "help", *(row[0] for row in GLOBAL_OPTIONS)}
        if not is_begun:
            found |= {"completion", *list_operator_words(before)}
    elif before[0] in MODULES:
        found = _following(before)
    elif before[0] == "help":
        found = _next_words(before[1:]) if len(before) > 1 else set(MODULES)
    elif before[0] == "completion":
        found = set(SCRIPTS) if len(before) == 1 else set()
    else:
        found = set(list_operator_words(before))
    return sorted(word for word in found if word.startswith(last))


def _next_words(typed: Sequence[str]) -> set[str]:
    rows = [row.words.split() for row in load_commands(typed[0])]
    count = len(typed)
    return {row[count] for row in rows if row[:count] == list(typed) and len(row) > count}


def _following(before: Sequence[str]) -> set[str]:
    longer = _next_words(before)
    command, others = find_command(before)
    if command is None:
        return longer
    if others and others[-1] in ("-f", "--format"):
        return {*LIST_FORMATS, *RECORD_FORMATS}
    parser = build_parser(command)
    options = {name for action in parser._actions for name in action.option_strings}
    return longer | {name for name in options if name.startswith("--")}
