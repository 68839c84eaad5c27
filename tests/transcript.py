"""Commands and what they print, as a page shows them: read, run in one shell, compared."""

import re
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ANY = "…"
"""Whatever is there: lines when it stands alone on one, text within a line."""
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
_CHANGING = (
    (re.compile(r"\b\d+\.\d+\.\d+\.\d+(:\d+)?\b"), "ADDRESS"),
    (re.compile(r"\d+\.\d+ s\b"), "N s"),
    (re.compile(r"-{3,}"), "---"),
    (re.compile(r" {2,}"), " "),
)


@dataclass(frozen=True)
class Step:
    """One command and the lines that follow it on the page."""

    command: str
    expected: str


def read_steps(page: str) -> Iterator[Step]:
    """The commands of a page, in its order: lines with a dollar sign in blocks of `console`."""
    for block in _BLOCK.findall(page):
        assert block.startswith("$ "), f"this block begins with no command:\n{block}"
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            yield Step(command, expected)


def agrees(expected: str, printed: str) -> bool:
    """Whether a command printed what the page shows, but for what differs each time.

    Addresses, seconds, the width of tables, empty lines and how far a client that waits has come
    are such; so is what `…` stands for.
    """
    wanted = "".join(_as_pattern(line) for line in _settle(expected))
    return re.fullmatch(wanted, "".join(_settle(printed))) is not None


def _as_pattern(line: str) -> str:
    if line == f"{ANY}\n":
        return "(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in line.split(ANY))


def _settle(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        for pattern, word in _CHANGING:
            line = pattern.sub(word, line)
        if line.strip() and not line.startswith("Progress: "):
            lines.append(line.strip() + "\n")
    return lines


class Shell:
    """One bash for all steps, so that variables and functions stay."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def run(self, command: str) -> tuple[int, str]:
        """The exit status of a command and what it printed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        mark = uuid.uuid4().hex
        self._process.stdin.write(f"{{\n{command}\n}} </dev/null; printf '\\n%s %s\\n' {mark} $?\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line.startswith(mark):
                return int(line.split()[1]), "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended in '{command}':\n{''.join(lines)}")
