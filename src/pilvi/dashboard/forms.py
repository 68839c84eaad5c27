"""The page of an action: what it asks for, what it did, and what the API said against it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from pilvi.dashboard.client import Refused
from pilvi.dashboard.describe import Action, Choice, Collection, Done, Field, FieldKind, Row
from pilvi.dashboard.resources import number
from pilvi.dashboard.session import make_key
from pilvi.dashboard.visit import Visit

ONCE = "once"
ONCE_LENGTH_MAX = 64
SEVERAL = (FieldKind.CHECKS,)


def choose_action(collection: Collection, name: str) -> Action:
    """One of a thing's actions by its name. Raises `Refused`. Pure."""
    for action in collection.actions:
        if action.name == name:
            return action
    raise Refused(404, f"cannot find an action '{name}' of {collection.title.lower()}")


async def show_form(
    visit: Visit, collection: Collection, action: Action, row: Row | None = None
) -> Response:
    """An empty form, or one that holds what the thing has."""
    values = {field.name: field.value for field in action.fields}
    if row is not None:
        values |= dict(action.first_values(row))
    query = visit.request.query_params
    values |= {one.name: query[one.name] for one in action.fields if one.name in query}
    return await _page(visit, (collection, action, row), values)


async def send_form(
    visit: Visit, collection: Collection, action: Action, row: Row | None = None
) -> Response:
    """Do what the form says; a refusal shows it again with what was typed."""
    values = {one.name: _read(visit.form, one) for one in action.fields}
    id = collection.id_of(row) if row is not None else ""
    try:
        for one in action.fields:
            _check(one, values[one.name])
        # A form that is sent twice, by a double click or a lost answer, is done once.
        once = visit.text(ONCE)[:ONCE_LENGTH_MAX]
        done = await action.send(replace(visit.client, once=once), id, values)
    except Refused as refusal:
        if refusal.status == 401:
            raise
        if action.is_direct and row is not None:
            raise
        return await _page(visit, (collection, action, row), values, refusal)
    return _go_on(visit, collection, done, id)


def _go_on(visit: Visit, collection: Collection, done: Done, id: str) -> Response:
    if done.reveal is not None:
        return visit.page(
            "reveal.html", reveal=done.reveal, note_now=done.note, collection=collection
        )
    if done.leads_out:
        return visit.go(done.to)
    has_page = id and collection.find is not None and collection.facts is not None
    to = done.to or (f"{collection.path}/{id}" if has_page else collection.path)
    return visit.go(to, done.note)


def _read(form: Mapping[str, list[str]], one: Field) -> Any:
    values = [value for value in form.get(one.name, []) if value]
    if one.kind in SEVERAL:
        return values
    text = values[-1] if values else ""
    return text if one.kind in (FieldKind.PASSWORD, FieldKind.LONG) else text.strip()


def _check(one: Field, value: Any) -> None:
    """Raises `Refused` for what a field cannot be left at. Pure."""
    label = one.label or one.name
    if one.is_required and not value and one.kind is not FieldKind.FILE:
        raise Refused(400, f"cannot go on without '{label}': fill it in")
    if one.kind is FieldKind.NUMBER and value and number(value) is None:
        raise Refused(400, f"cannot use '{value}' as '{label}': type a whole number")


async def _page(
    visit: Visit,
    what: tuple[Collection, Action, Row | None],
    values: Mapping[str, Any],
    refusal: Refused | None = None,
) -> Response:
    collection, action, row = what
    choices = await _load_choices(visit, action.fields)
    groups: dict[str, list[Field]] = {}
    for one in action.fields:
        groups.setdefault(one.group, []).append(one)
    return visit.page(
        "form.html",
        refusal.status if refusal is not None else 200,
        collection=collection,
        action=action,
        row=row,
        groups=groups,
        values=values,
        choices=choices,
        refusal=refusal,
        once=make_key(),
        has_file=any(one.kind is FieldKind.FILE for one in action.fields),
    )


async def _load_choices(visit: Visit, fields: Sequence[Field]) -> dict[str, Sequence[Choice]]:
    asking = [one for one in fields if one.choices is not None]
    found = await asyncio.gather(*(one.choices(visit.client) for one in asking if one.choices))
    return {one.name: choices for one, choices in zip(asking, found, strict=True)}
