"""Columns: the name that is shown, where the value comes from, and how a table words it.

Names, values and words are those of the openstack client; `tests/client` holds them against it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Read = str | Callable[[Any], Any]
"""The thing's key, or a function of the thing."""


class Column:
    """One column of a table or line of a record."""

    __slots__ = ("_read", "human", "name")

    def __init__(self, name: str, read: Read = "", human: Callable[[Any], str] | None = None):
        self.name = name
        self.human = human
        """How people read the value; None: as it is. Programs are always given the value."""
        self._read: Read = read or name

    def value(self, thing: Mapping[str, Any]) -> Any:
        """The value of this column in a thing."""
        return thing.get(self._read) if isinstance(self._read, str) else self._read(thing)


def plain(*names: str) -> list[Column]:
    """Columns that are named as the API's fields."""
    return [Column(name) for name in names]


def list_of(key: str) -> Callable[[Mapping[str, Any]], list[Any]]:
    """Reads a list that may be absent."""
    return lambda thing: list(thing.get(key) or [])


def dict_of(key: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Reads a mapping that may be absent."""
    return lambda thing: dict(thing.get(key) or {})


def words_of_list(values: Sequence[Any]) -> str:
    """`a, b`. Pure."""
    return ", ".join(sorted(map(str, values)))


def words_of_dict(values: Mapping[str, Any] | None, prefix: str = "") -> str:
    """`a='1', b.c='2'`. Pure."""
    if values is None:
        return "None"
    parts = []
    for key in sorted(values):
        name, value = f"{prefix}{key}", values[key]
        if isinstance(value, dict):
            parts.append(words_of_dict(value, f"{name}."))
        else:
            parts.append(f"{name}=" if value is None else f"{name}='{value}'")
    return ", ".join(parts)


def words_of_dict_of_lists(values: Mapping[str, Sequence[Any]]) -> str:
    """`a=1, 2; b=3`. Pure."""
    return "; ".join(f"{key}={words_of_list(values[key])}" for key in sorted(values))


def words_of_dicts(values: Sequence[Mapping[str, Any]]) -> str:
    """One line for each. Pure."""
    return "\n".join(words_of_dict(value) for value in values)


def up_or_down(value: bool) -> str:
    """The state of a thing of the network. Pure."""
    return "UP" if value else "DOWN"


def lists(name: str, key: str = "") -> Column:
    """A column of a list."""
    return Column(name, list_of(key or name), words_of_list)


def dicts(name: str, key: str = "") -> Column:
    """A column of a mapping."""
    return Column(name, dict_of(key or name), words_of_dict)


def lists_of_dicts(name: str, key: str = "") -> Column:
    """A column of a list of mappings."""
    return Column(name, list_of(key or name), words_of_dicts)
