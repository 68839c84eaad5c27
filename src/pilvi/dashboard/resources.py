"""Where the things of a collection are in the APIs, and the requests that all of them have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pilvi.core.numbers import parse_whole
from pilvi.dashboard.client import ALL, Client, at
from pilvi.dashboard.describe import Action, Choice, Done, Field, Form, Paging, Row


@dataclass(frozen=True, slots=True)
class Resource:
    """One collection of an API."""

    root: str
    many: str
    one: str
    listed_at: str = ""
    """What the path of the list has at its end."""
    is_own: bool = False
    """Whether an admin's list is narrowed to the project: it has everybody's else."""

    async def load(self, client: Client, paging: Paging) -> Sequence[Row]:
        """Some of them."""
        own = {"project_id": client.project_id} if self.is_own and client.is_admin else {}
        found = await client.get(self.root + self.listed_at, {**paging.params(), **own})
        rows: Sequence[Row] = found[self.many]
        return rows

    async def load_all(self, client: Client, **filters: str) -> Sequence[Row]:
        """All of them that fit."""
        return await self.load(client, Paging(ALL, filters=filters))

    async def find(self, client: Client, id: str) -> Row:
        """One of them. Raises `Refused`."""
        found = await client.get(at(self.root, id))
        row: Row = found[self.one]
        return row

    async def create(self, client: Client, fields: Mapping[str, Any]) -> Row:
        """A new one."""
        made = await client.post(self.root, {self.one: filled(fields)})
        row: Row = made[self.one]
        return row

    async def update(self, client: Client, id: str, fields: Mapping[str, Any]) -> None:
        """Change one."""
        await client.put(at(self.root, id), {self.one: dict(fields)})

    def delete(self, noun: str, back_to: str, words: str = "") -> Action:
        """The action that deletes one, after a question."""

        async def send(client: Client, id: str, form: Form) -> Done:
            await client.delete(at(self.root, id))
            return Done(f"The {noun} is being deleted.", back_to)

        return Action(
            name="delete",
            label="Delete",
            send=send,
            explain=words or f"This deletes the {noun}. It cannot be undone.",
            is_dangerous=True,
        )

    def rename(self, noun: str, extra: Sequence[Field] = ()) -> Action:
        """The action that changes name and description."""

        async def send(client: Client, id: str, form: Form) -> Done:
            await self.update(client, id, {"name": form["name"], "description": form[_ABOUT.name]})
            return Done(f"The {noun} was changed.")

        return Action(
            name="edit",
            label="Edit",
            send=send,
            fields=[Field(name="name", label="Name", is_required=False), _ABOUT],
            first_values=lambda row: {
                "name": row.get("name") or "",
                "description": row.get("description") or "",
            },
        )


_ABOUT = Field(name="description", label="Description", is_required=False)


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something. Pure."""
    return {name: value for name, value in fields.items() if value not in ("", None, [])}


def number(text: str) -> int | None:
    """A whole number that was typed, or None. Pure."""
    amount = parse_whole(text.removeprefix("-"))
    return -amount if amount is not None and text.startswith("-") else amount


def choice(row: Row, note: str = "") -> Choice:
    """A thing as something to choose. Pure."""
    return Choice(str(row["id"]), str(row.get("name") or row["id"]), note)
