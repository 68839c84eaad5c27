"""Microversions: handlers know only the newest shape; rows say how each version differs.

For a request made at version V: fields added after V are refused, then every newer row's `upgrade`
is applied in ascending order, then the newest type validates. For a reply: the newest shape is
rendered, then every newer row's `downgrade` is applied in descending order and the fields it
added are dropped. A change of behaviour is a named flag on its row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest, UnsupportedVersion

Number = tuple[int, int]
Convert = Callable[[dict[str, Any]], dict[str, Any]]
Fields = Mapping[str, Sequence[str]]
Drop = tuple[Sequence[str], list[str]]
Step = Convert | Drop
"""How a reply is lowered: converted, or fields dropped below one path."""


def parse_version(text: str) -> Number:
    """`2.79` as (2, 79). Raises `InvalidRequest` otherwise."""
    major, _, minor = text.partition(".")
    numbers = parse_whole(major, digits_max=4), parse_whole(minor, digits_max=4)
    if numbers[0] is None or numbers[1] is None:
        raise InvalidRequest(f"cannot read the version '{text}': it looks like 2.79")
    return numbers[0], numbers[1]


def print_version(number: Number) -> str:
    """(2, 79) as `2.79`."""
    return f"{number[0]}.{number[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What one microversion brought. Keys of the mappings are operation names.

    A field is a dotted path below the body: `server.tags`; a list is walked with `[]`:
    `servers[].locked`.
    """

    number: Number
    sentence: str
    request_fields: Fields = field(default_factory=dict)
    reply_fields: Fields = field(default_factory=dict)
    upgrade: Mapping[str, Convert] = field(default_factory=dict)
    """An older request to this version's shape."""
    downgrade: Mapping[str, Convert] = field(default_factory=dict)
    """This version's reply to the older shape."""
    flags: frozenset[str] = frozenset()
    """Behaviours that begin with this version."""


@dataclass(frozen=True, slots=True)
class Versions:
    """All microversions of a service, ascending, and the headers that carry them."""

    service: str
    """Name in `OpenStack-API-Version: NAME 2.79`."""
    minimum: Number
    rows: tuple[Version, ...]
    legacy_header: str | None = None
    """A header of the service's own that carries the bare number."""
    _flags: dict[Number, frozenset[str]] = field(init=False, repr=False, default_factory=dict)
    _steps: dict[tuple[str, Number], tuple[Step, ...]] = field(
        init=False, repr=False, default_factory=dict
    )

    @property
    def maximum(self) -> Number:
        """The newest version served."""
        return self.rows[-1].number if self.rows else self.minimum

    def choose(self, headers: Mapping[str, str]) -> Number:
        """The version that a request asks for; the oldest when it names none.

        Raises `InvalidRequest` for what is no version, `UnsupportedVersion` outside the range.
        """
        text = self._find_header(headers)
        if text is None:
            return self.minimum
        if text == "latest":
            return self.maximum
        number = parse_version(text)
        if not self.minimum <= number <= self.maximum:
            raise UnsupportedVersion(
                f"cannot serve version {text}: this service has "
                f"{print_version(self.minimum)} to {print_version(self.maximum)}"
            )
        return number

    def _find_header(self, headers: Mapping[str, str]) -> str | None:
        for part in (headers.get("openstack-api-version") or "").split(","):
            name, _, text = part.strip().partition(" ")
            if name.lower() == self.service and text.strip():
                return text.strip()
        if self.legacy_header:
            return headers.get(self.legacy_header.lower()) or None
        return None

    def newer(self, number: Number) -> tuple[Version, ...]:
        """The rows after a version, ascending."""
        return tuple(row for row in self.rows if row.number > number)

    def flags(self, number: Number) -> frozenset[str]:
        """The behaviours that are on at a version."""
        found = self._flags.get(number)
        if found is None:
            found = frozenset().union(*(row.flags for row in self.rows if row.number <= number))
            self._flags[number] = found
        return found

    def upgrade(self, operation: str, number: Number, body: dict[str, Any]) -> dict[str, Any]:
        """A request made at `number` in the newest shape. Raises `InvalidRequest`."""
        newer = self.newer(number)
        for row in newer:
            for path in row.request_fields.get(operation, ()):
                if _holds(body, path.split(".")):
                    raise InvalidRequest(
                        f"cannot use '{path}' at version {print_version(number)}: it came with "
                        f"{print_version(row.number)}"
                    )
        for row in newer:
            convert = row.upgrade.get(operation)
            if convert is not None:
                body = convert(body)
        return body

    def downgrade(self, operation: str, number: Number, body: dict[str, Any]) -> dict[str, Any]:
        """A reply of the newest shape as `number` knew it."""
        for step in self._find_steps(operation, number):
            if isinstance(step, tuple):
                _drop(body, *step)
            else:
                body = step(body)
        return body

    def touches(self, operation: str, number: Number) -> bool:
        """Whether a reply made for `number` differs from the newest shape."""
        return bool(self._find_steps(operation, number))

    def _find_steps(self, operation: str, number: Number) -> tuple[Step, ...]:
        """What lowers a reply to a version. The rows never change, so it is found out once."""
        found = self._steps.get((operation, number))
        if found is None:
            found = tuple(_join_drops(self._make_steps(operation, number)))
            self._steps[operation, number] = found
        return found

    def _make_steps(self, operation: str, number: Number) -> Iterable[Step]:
        for row in reversed(self.newer(number)):
            if operation in row.downgrade:
                yield row.downgrade[operation]
            for path in row.reply_fields.get(operation, ()):
                *above, name = path.split(".")
                yield above, [name]


def _join_drops(steps: Iterable[Step]) -> Iterable[Step]:
    """The same steps with neighbours that drop below one path as one. Pure."""
    last: Drop | None = None
    for step in steps:
        if isinstance(step, tuple) and last is not None and last[0] == step[0]:
            last[1].extend(step[1])
            continue
        last = step if isinstance(step, tuple) else None
        yield step


def _walk(value: Any, path: Sequence[str]) -> list[dict[str, Any]]:
    """Every mapping at a path."""
    found = [value]
    for name in path:
        below = [one.get(name.removesuffix("[]")) for one in found if isinstance(one, dict)]
        if name.endswith("[]"):
            found = [item for items in below if isinstance(items, list) for item in items]
        else:
            found = below
    return [one for one in found if isinstance(one, dict)]


def _holds(body: Any, path: Sequence[str]) -> bool:
    return any(path[-1] in holder for holder in _walk(body, path[:-1]))


def _drop(body: Any, path: Sequence[str], names: Sequence[str]) -> None:
    for holder in _walk(body, path):
        for name in names:
            holder.pop(name, None)
