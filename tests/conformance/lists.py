"""Which tests are run: the project's lists, a service's part, a file or a pattern.

Lists name tests without the bracketed tags, one a line. Tempest wants the full ids, which
`match_ids` finds among those that the installed tempest has.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
LISTS = ("interop", "smoke", "all", "real")
SERVICES = ("identity", "image", "compute", "volume", "network")
PASSING = {"fake": FOLDER / "passing.txt", "real": FOLDER / "passing-real.txt"}
"""What passed once and must for good, with fake hosts and with real guests."""


def read_list(path: Path) -> list[str]:
    """The names in a file, without blank lines and comments."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return [bare(line) for line in lines if line and not line.startswith("#")]


def bare(test_id: str) -> str:
    """A test's name without its tags. Pure."""
    return test_id.partition("[")[0]


def needs_guest(test_id: str) -> bool:
    """Whether only a real guest can make a test pass."""
    return bare(test_id) in read_list(FOLDER / "lists" / "guests.txt")


def choose_tests(words: Sequence[str], known: Iterable[str], kind: str = "fake") -> list[str]:
    """Full ids of the tests that a command line names.

    Words: a list's name, `api SERVICE`, `passing`, a file, or a regular expression; several lists
    are run as one. Raises `ValueError` with a sentence.
    """
    ids = list(known)
    chosen: dict[str, None] = {}
    rest = _split(words)
    while rest:
        word = rest.pop(0)
        if word == "api":
            service = rest.pop(0) if rest else ""
            if service not in SERVICES:
                known_ones = ", ".join(SERVICES)
                raise ValueError(
                    f"cannot choose the tests of '{service}': after api comes one of {known_ones}"
                )
            names = [bare(id) for id in ids if id.startswith(f"tempest.api.{service}.")]
        elif word in LISTS:
            names = read_list(FOLDER / "lists" / f"{word}.txt")
        elif word == "passing":
            names = read_list(PASSING[kind])
        elif Path(word).is_file():
            names = read_list(Path(word))
        else:
            names = [bare(id) for id in ids if re.search(word, id)]
            if not names:
                raise ValueError(f"cannot find a list, a file or a test called '{word}'")
        chosen.update(dict.fromkeys(names))
    return match_ids(chosen, ids)


def _split(words: Sequence[str]) -> list[str]:
    """The words one by one, also where a shell was told to hold some together. Pure."""
    rest = list[str]()
    for word in words:
        rest += [word] if Path(word).is_file() else word.split()
    return rest


def match_ids(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The full ids of some names. Raises `ValueError` for a name that tempest does not have."""
    by_name = {bare(id): id for id in known}
    missing = [name for name in names if name not in by_name]
    if missing:
        raise ValueError(f"cannot run {missing[0]}: the installed tempest does not have it")
    return [by_name[name] for name in names]
