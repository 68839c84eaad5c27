"""Metering labels and their rules. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict
from pilvi.network.model.metering import PREFIXES, MeteringLabel, is_twin, rule_columns
from pilvi.network.operations.ownership import choose_project
from pilvi.network.operations.wakes import touch_routers
from pilvi.network.store import metering as store
from pilvi.network.store import routers


async def create_metering_label(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new label without rules; returns its id."""
    project_id = choose_project(caller, values.get("project_id"))
    id, moment = str(uuid.uuid4()), now()
    await store.insert_label(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        is_shared=values.get("is_shared", False),
        created_at=moment,
        updated_at=moment,
    )
    await _touch(tx, await store.get_label(tx, id, None))
    return id


async def _touch(tx: Transaction, label: MeteringLabel) -> None:
    """Have the routers that a label counts for counted anew."""
    owner = None if label.is_shared else label.project_id
    await touch_routers(tx, *await routers.list_ids(tx, owner))


async def update_metering_label(tx: Transaction, id: str, values: Mapping[str, Any]) -> None:
    """Change what a label says of itself."""
    label = await store.get_label(tx, id, None)
    await store.update_label(
        tx, label.id, **values, updated_at=now(), generation=label.generation + 1
    )


async def delete_metering_label(tx: Transaction, id: str) -> None:
    """Remove a label with its rules and counts."""
    label = await store.get_label(tx, id, None)
    await store.delete_label(tx, label.id)
    await _touch(tx, label)


async def create_metering_rule(tx: Transaction, label_id: str, values: Mapping[str, Any]) -> str:
    """A new rule of a label; returns its id. Raises `Conflict` where rules would overlap."""
    label = await store.get_label(tx, label_id, None)
    columns = rule_columns(values)
    await _refuse_overlap(tx, label, columns)
    id, moment = str(uuid.uuid4()), now()
    await store.insert_rule(
        tx,
        id=id,
        project_id=label.project_id,
        label_id=label.id,
        created_at=moment,
        updated_at=moment,
        **columns,
    )
    await _touch(tx, label)
    return id


async def _refuse_overlap(
    tx: Transaction, label: MeteringLabel, columns: Mapping[str, Any], besides: Sequence[str] = ()
) -> None:
    rules = (await store.list_rules_of(tx, [label.id])).get(label.id, [])
    if is_twin(columns, [rule for rule in rules if rule.id not in besides]):
        raise Conflict(f"cannot use this rule: it overlaps with another of label {label.id}")


async def update_metering_rule(tx: Transaction, id: str, values: Mapping[str, Any]) -> None:
    """Change the ranges of a rule. Raises `Conflict` where rules would overlap."""
    rule = await store.get_rule(tx, id, None)
    label = await store.get_label(tx, rule.label_id, None)
    kept = {name: getattr(rule, name) for name in ("direction", "is_excluded", *PREFIXES)}
    columns = rule_columns({**kept, **values})
    await _refuse_overlap(tx, label, columns, besides=[rule.id])
    await store.update_rule(tx, rule.id, **columns, updated_at=now())
    await _touch(tx, label)


async def delete_metering_rule(tx: Transaction, id: str) -> None:
    """Remove a rule of a label."""
    rule = await store.get_rule(tx, id, None)
    await store.delete_rule(tx, rule.id)
    await _touch(tx, await store.get_label(tx, rule.label_id, None))
