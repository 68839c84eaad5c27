"""Microversions: handlers know only the newest shape; rows say how each version differs.

For a request made at version V: fields added after V are refused, then every newer row's `upgrade`
is applied in ascending order, then the newest type validates. For a reply: the newest shape is
rendered, then every newer row's `downgrade` is applied in descending order and the fields it
added are dropped. A change of behaviour is a named flag on its row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pilvi.errors import InvalidRequest, UnsupportedVersion

Number = tuple[int, int]
Convert = Callable[[dict[str, Any]], dict[str, Any]]
Fields = Mapping[str, Sequence[str]]


def parse_version(text: str) -> Number:
    """`2.79` as (2, 79). Raises `InvalidRequest` otherwise."""
    major, dot, minor = text.partition(".")
    if not (dot and major.isdigit() and minor.isdigit() and len(minor) <= 4):
        raise InvalidRequest(f"cannot read the version '{text}': it looks like 2.79")
    return int(major), int(minor)


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
        return frozenset().union(*(row.flags for row in self.rows if row.number <= number))

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
        for row in reversed(self.newer(number)):
            convert = row.downgrade.get(operation)
            if convert is not None:
                body = convert(body)
            for path in row.reply_fields.get(operation, ()):
                _drop(body, path.split("."))
        return body

    def touches(self, operation: str, number: Number) -> bool:
        """Whether a reply made for `number` differs from the newest shape."""
        return any(
            operation in row.downgrade or operation in row.reply_fields
            for row in self.newer(number)
        )


def _walk(value: Any, path: Sequence[str]) -> Iterable[dict[str, Any]]:
    """Every mapping that holds the path's last name."""
    if isinstance(value, dict):
        if len(path) == 1:
            yield value
            return
        name, is_list = path[0].removesuffix("[]"), path[0].endswith("[]")
        below = value.get(name)
        if is_list and isinstance(below, list):
            for item in below:
                yield from _walk(item, path[1:])
        elif not is_list:
            yield from _walk(below, path[1:])


def _holds(body: Any, path: Sequence[str]) -> bool:
    return any(path[-1] in holder for holder in _walk(body, path))


def _drop(body: Any, path: Sequence[str]) -> None:
    for holder in _walk(body, path):
        holder.pop(path[-1], None)
