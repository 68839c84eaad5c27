"""How a document is corrected before it judges; what is corrected stands in `known_errors`.

A document's schemas are made by a machine from OpenStack's sources. Where OpenStack's own replies
(the samples of its API reference, the schemas of its conformance tests) contradict it, the
document is wrong. A correction must still be needed: the place must still say what is corrected,
and a reply that the drive gets must be refused without it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Change = Callable[[dict[str, Any]], bool]
"""Changes a node of a document in place; whether there was anything to change."""
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Correction:
    """One place of a document (or several alike), what changes there, and why."""

    service: str
    place: str
    """Keys from the root, parted by spaces; `*` matches within a key, `**` any number of keys."""
    change: Change
    reason: str

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"{self.service}: {self.place}"


def correct(value: Any, correction: Correction) -> int:
    """Apply a correction to a document's value. Returns how many places it changed."""
    places = _places(value, correction.place.split(" "))
    return sum([correction.change(node) for node in places if isinstance(node, dict)])


def _places(value: Any, path: list[str]) -> list[Any]:
    places = [value]
    for word in path:
        if word == "**":
            places = _with_all_below(places)
        elif _PATTERN.search(word) or word.isdecimal():
            places = [below for place in places for below in _match(place, word)]
        else:
            places = [one[word] for one in places if isinstance(one, dict) and word in one]
    return places


def _with_all_below(places: list[Any]) -> list[Any]:
    """Places and what is in them at any depth, without the leaves."""
    nodes = list(places)
    for node in nodes:
        below = node.values() if isinstance(node, dict) else node
        nodes += [one for one in below if isinstance(one, dict | list)]
    return nodes


def _match(value: Any, word: str) -> list[Any]:
    if isinstance(value, list):
        return [one for index, one in enumerate(value) if word in ("*", str(index))]
    if not isinstance(value, dict):
        return []
    return [below for key, below in value.items() if fnmatchcase(key, word)]


def admit(*types: str) -> Change:
    """The schema admits these types besides its own."""

    def change(schema: dict[str, Any]) -> bool:
        known = schema.get("type")
        if known is None:
            return False
        listed = known if isinstance(known, list) else [known]
        added = [name for name in types if name not in listed]
        schema["type"] = [*listed, *added]
        if "null" in types and None not in schema.get("enum", [None]):
            schema["enum"] = [*schema["enum"], None]
        return bool(added)

    return change


def become(*types: str) -> Change:
    """The schema is only about the type; what it said besides is void."""

    def change(schema: dict[str, Any]) -> bool:
        before = dict(schema)
        schema.clear()
        if types:
            schema["type"] = list(types)
        return before != schema

    return change


def answer(*statuses: int) -> Change:
    """The operation may answer these statuses too."""

    def change(operation: dict[str, Any]) -> bool:
        replies = operation.setdefault("responses", {})
        added = [code for code in statuses if str(code) not in replies]
        replies.update({str(code): {"description": "Ok"} for code in added})
        return bool(added)

    return change


def refer(reference: str) -> Change:
    """The schema is another one."""

    def change(schema: dict[str, Any]) -> bool:
        is_new = schema.get("$ref") != reference
        schema.clear()
        schema["$ref"] = reference
        return is_new

    return change


def move_body(status: int, to: int | None) -> Change:
    """The operation's body of one status belongs to another, or is none."""

    def change(operation: dict[str, Any]) -> bool:
        replies = operation.get("responses", {})
        content = replies.get(str(status), {}).pop("content", None)
        if content is not None and to is not None:
            replies[str(to)] = {"description": "Ok", "content": content}
        return content is not None

    return change


def match(old: str, new: str) -> Change:
    """The object's keys of a pattern have another pattern."""

    def change(schema: dict[str, Any]) -> bool:
        patterns = schema.get("patternProperties", {})
        is_there = old in patterns
        if is_there:
            patterns[new] = patterns.pop(old)
        return is_there

    return change


def excuse(*names: str) -> Change:
    """The object need not have these properties."""

    def change(schema: dict[str, Any]) -> bool:
        required = schema.get("required", [])
        schema["required"] = [name for name in required if name not in names]
        return len(required) != len(schema["required"])

    return change


def add_property(name: str, schema: Any) -> Change:
    """The object may have a property that the document forgets."""

    def change(holder: dict[str, Any]) -> bool:
        properties = holder.setdefault("properties", {})
        is_new = name not in properties
        properties.setdefault(name, schema)
        return is_new

    return change
