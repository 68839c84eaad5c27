"""Metering labels and their rules, with what routers have counted.

Neutron tells counts to a message bus; here a label shows them, router by router, in `counters`.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, print_time, require
from pilvi.network.model.metering import MeteringLabel, MeteringRule
from pilvi.network.operations import metering as operations
from pilvi.network.store import metering as store


class LabelFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a label is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    is_shared: bool | Absent = msgspec.field(default=ABSENT, name="shared")


class LabelBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    metering_label: LabelFields


class RuleFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a rule is made of."""

    label_id: Id | Absent = msgspec.field(default=ABSENT, name="metering_label_id")
    direction: str | Absent = ABSENT
    remote_prefix: str | None | Absent = msgspec.field(default=ABSENT, name="remote_ip_prefix")
    source_prefix: str | None | Absent = msgspec.field(default=ABSENT, name="source_ip_prefix")
    destination_prefix: str | None | Absent = msgspec.field(
        default=ABSENT, name="destination_ip_prefix"
    )
    is_excluded: bool | Absent = msgspec.field(default=ABSENT, name="excluded")
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class RuleBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    metering_label_rule: RuleFields


async def _render(call: Call[Any], found: Sequence[MeteringLabel]) -> list[dict[str, Any]]:
    counts = await store.list_counts(call.tx, [label.id for label in found])
    return [
        {
            "id": label.id,
            "name": label.name,
            "description": label.description,
            "project_id": label.project_id,
            "tenant_id": label.project_id,
            "shared": label.is_shared,
            "counters": [
                {
                    "router_id": count.router_id,
                    "packets": count.packets,
                    "bytes": count.octets,
                    "counted_at": print_time(count.counted_at),
                }
                for count in counts.get(label.id, ())
            ],
        }
        for label in found
    ]


def _render_rule(rule: MeteringRule) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": rule.id,
        "metering_label_id": rule.label_id,
        "direction": rule.direction,
        "excluded": rule.is_excluded,
    }
    ranges = {
        "remote_ip_prefix": rule.remote_prefix,
        "source_ip_prefix": rule.source_prefix,
        "destination_ip_prefix": rule.destination_prefix,
    }
    # The API's document knows no null here.
    return body | {name: prefix for name, prefix in ranges.items() if prefix is not None}


async def list_metering_labels(call: Call[None]) -> dict[str, Any]:
    """Every label."""
    found, more = await store.list_labels(call.tx, parse_listing(call))
    return page_of(call, "metering_labels", await _render(call, found), more)


async def show_metering_label(call: Call[None]) -> dict[str, Any]:
    """One label with what was counted for it."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["metering_label_id"], call.caller.visible_project_id
    found = await store.get_label(call.tx, id, project_id)
    return {"metering_label": select_fields(call, (await _render(call, [found]))[0])}


async def create_metering_label(call: Call[LabelBody]) -> dict[str, Any]:
    """A new label without rules."""
    values = given(call.payload.metering_label)
    id = await operations.create_metering_label(call.tx, call.caller, values)
    made = await store.get_label(call.tx, id, None)
    return {"metering_label": (await _render(call, [made]))[0]}


async def update_metering_label(call: Call[LabelBody]) -> dict[str, Any]:
    """Change what a label says of itself; whose traffic it counts stays."""
    fixed: dict[str, Any] = {"project_id": (), "is_shared": ()}
    values = given(call.payload.metering_label, fixed)
    await operations.update_metering_label(call.tx, call.path["metering_label_id"], values)
    return await _show(call)


async def delete_metering_label(call: Call[None]) -> None:
    """Remove a label with its rules and counts."""
    await operations.delete_metering_label(call.tx, call.path["metering_label_id"])


async def list_metering_rules(call: Call[None]) -> dict[str, Any]:
    """The rules of every label."""
    found, more = await store.list_rules(call.tx, parse_listing(call))
    return page_of(call, "metering_label_rules", [_render_rule(rule) for rule in found], more)


async def show_metering_rule(call: Call[None]) -> dict[str, Any]:
    """One rule."""
    return await _show_rule(call)


async def _show_rule(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["metering_rule_id"], call.caller.visible_project_id
    found = await store.get_rule(call.tx, id, project_id)
    return {"metering_label_rule": select_fields(call, _render_rule(found))}


async def create_metering_rule(call: Call[RuleBody]) -> dict[str, Any]:
    """Have a label count more traffic, or leave some out."""
    values = given(call.payload.metering_label_rule)
    require(values, "label_id")
    id = await operations.create_metering_rule(call.tx, values["label_id"], values)
    return {"metering_label_rule": _render_rule(await store.get_rule(call.tx, id, None))}


async def update_metering_rule(call: Call[RuleBody]) -> dict[str, Any]:
    """Change the ranges of a rule."""
    fixed: dict[str, Any] = {"project_id": (), "label_id": (), "direction": (), "is_excluded": ()}
    values = given(call.payload.metering_label_rule, fixed)
    await operations.update_metering_rule(call.tx, call.path["metering_rule_id"], values)
    return await _show_rule(call)


async def delete_metering_rule(call: Call[None]) -> None:
    """Remove a rule."""
    await operations.delete_metering_rule(call.tx, call.path["metering_rule_id"])
