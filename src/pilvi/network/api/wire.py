"""What the bodies of all collections have in common."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from pilvi.errors import InvalidRequest, Unsupported
from pilvi.network.model.network import AVAILABILITY_ZONE

Name = Annotated[str, msgspec.Meta(max_length=255)]
Id = Annotated[str, msgspec.Meta(max_length=64)]
Fields = TypeVar("Fields", bound=msgspec.Struct)
Absent = msgspec.UnsetType
ABSENT = msgspec.UNSET


class Route(msgspec.Struct, forbid_unknown_fields=True):
    """A destination and the next hop on the way to it."""

    destination: str
    nexthop: str


def pick(one: Fields | Absent, many: Sequence[Fields] | Absent, name: str) -> list[Fields]:
    """What a body holds: one thing, or a list of them. Raises `InvalidRequest`."""
    if (one is ABSENT) == (many is ABSENT):
        raise InvalidRequest(f"cannot accept the body: it needs '{name}' or a list '{name}s'")
    if isinstance(one, msgspec.Struct):
        return [one]
    if isinstance(many, msgspec.UnsetType) or not many:
        raise InvalidRequest(f"cannot accept an empty list '{name}s'")
    return list(many)


def given(
    fields: msgspec.Struct, fixed: Mapping[str, Sequence[Any]] | None = None
) -> dict[str, Any]:
    """The fields that a caller gave, by their names in Python.

    `fixed` names fields of the real API of which only certain values are served; they are left
    out. Raises `Unsupported` for another value, `InvalidRequest` for two different projects.
    """
    values: dict[str, Any] = {}
    for name in fields.__struct_fields__:
        value = getattr(fields, name)
        if value is ABSENT:
            continue
        if fixed is not None and name in fixed:
            if value not in fixed[name]:
                raise Unsupported(f"cannot set {name} to {value!r}: this cloud does not serve it")
            continue
        values[name] = value
    tenant_id = values.pop("tenant_id", None)
    if tenant_id is not None:
        if values.get("project_id", tenant_id) != tenant_id:
            raise InvalidRequest("cannot use a tenant_id and another project_id")
        values["project_id"] = tenant_id
    return values


def require(values: Mapping[str, Any], *names: str) -> None:
    """Raise `InvalidRequest` for a field that is missing or null."""
    for name in names:
        if values.get(name) is None:
            raise InvalidRequest(f"cannot do this without '{name}'")


def check_zones(values: Mapping[str, Any]) -> None:
    """Raise `InvalidRequest` for a hint at a zone that is not there."""
    for zone in values.get("availability_zone_hints", []):
        if zone != AVAILABILITY_ZONE:
            raise InvalidRequest(f"cannot find the availability zone '{zone}'")


def print_time(moment: datetime.datetime) -> str:
    """A moment as Neutron prints it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def render_common(resource: Any, tags: Sequence[str]) -> dict[str, Any]:
    """What everything that the API shows has."""
    return {
        "id": resource.id,
        "project_id": resource.project_id,
        "tenant_id": resource.project_id,
        "description": resource.description,
        "revision_number": resource.generation,
        "created_at": print_time(resource.created_at),
        "updated_at": print_time(resource.updated_at),
        "tags": list(tags),
    }
