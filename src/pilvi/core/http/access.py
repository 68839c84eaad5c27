"""Which requests a token is good for, where its maker named them one by one."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One kind of request: a service's type, a method and a pattern of its path.

    In a pattern `*` and `{name}` stand for one word of the path, `**` for any number of them.
    """

    service: str
    method: str
    path: str


def permits(rules: Iterable[AccessRule], types: Iterable[str], method: str, path: str) -> bool:
    """Whether one of the rules names a request to a service known by `types`. Pure."""
    known = set(types)
    words = _words(path)
    return any(
        rule.service in known
        and rule.method == method
        and (_fits(_words(rule.path), words) or _fits(_words(rule.path), words[1:]))
        for rule in rules
    )


def _words(path: str) -> list[str]:
    return path.strip("/").split("/")


def _fits(pattern: list[str], words: list[str]) -> bool:
    """Whether the words are of a pattern. Pure; a row of a table for each word of the pattern."""
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(words) + 1)) if reached else set()
            continue
        is_any = part == "*" or (part.startswith("{") and part.endswith("}"))
        reached = {at + 1 for at in reached if at < len(words) and (is_any or part == words[at])}
    return len(words) in reached
