"""Users; for admins."""

import asyncio
from collections.abc import Sequence

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import (
    Action,
    Collection,
    Column,
    Done,
    Field,
    FieldKind,
    Form,
    Row,
    Section,
)
from pilvi.dashboard.pages import choices
from pilvi.dashboard.render import code, link
from pilvi.dashboard.resources import Resource, filled

RESOURCE = Resource("/identity/v3/users", "users", "user")


async def _create(client: Client, id: str, form: Form) -> Done:
    fields = {"name": form["name"], "password": form["password"], "email": form["email"]}
    project = {"default_project_id": form["project"]}
    made = await RESOURCE.create(client, filled({**fields, **project}))
    if form["project"] and form["role"]:
        path = at("/identity/v3/projects", form["project"], "users", made["id"])
        async with client.or_delete(at(RESOURCE.root, made["id"])):
            await client.put(at(path, "roles", form["role"]), None)
    return Done(f"The user {form['name']} was made.", f"users/{made['id']}")


async def _edit(client: Client, id: str, form: Form) -> Done:
    body = {"user": {"name": form["name"], "enabled": bool(form["enabled"])}}
    await client.patch(at(RESOURCE.root, id), body)
    return Done("The user was changed.")


async def _set_password(client: Client, id: str, form: Form) -> Done:
    await client.patch(at(RESOURCE.root, id), {"user": {"password": form["password"]}})
    return Done("The password was set; the user's tokens are over.")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """The user's roles."""
    query = {"user.id": row["id"], "include_names": "true"}
    found = await asyncio.gather(client.get("/identity/v3/role_assignments", query))
    rows = [one for one in found[0]["role_assignments"] if "project" in one["scope"]]
    return [Section(title="Roles", columns=_ROLES, rows=rows, empty="No role in any project.")]


_ROLES = [
    Column(
        "Project",
        lambda row: link(
            row["scope"]["project"]["name"], "projects", row["scope"]["project"]["id"]
        ),
    ),
    Column("Role", lambda row: row["role"]["name"]),
]
_NAME = Field(name="name", label="Name")
_PASSWORD = Field(name="password", label="Password", kind=FieldKind.PASSWORD)

USERS = Collection(
    path="users",
    title="Users",
    noun="user",
    empty="No users yet.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"], "users", row["id"])),
        Column("Enabled", lambda row: row["enabled"]),
        Column("Email", lambda row: row.get("email")),
        Column("Id", lambda row: code(row["id"]), is_minor=True),
    ],
    facts=lambda row: [
        ("Enabled", row["enabled"]),
        ("Email", row.get("email")),
        ("Domain", row["domain_id"]),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    create=Action(
        name="new",
        label="Make a user",
        send=_create,
        fields=[
            _NAME,
            _PASSWORD,
            Field(name="email", label="Email", is_required=False),
            Field(
                name="project",
                label="Project",
                kind=FieldKind.SELECT,
                choices=choices.list_projects,
                is_required=False,
            ),
            Field(
                name="role",
                label="Role in it",
                kind=FieldKind.SELECT,
                choices=choices.list_roles,
                is_required=False,
            ),
        ],
    ),
    actions=[
        Action(
            name="edit",
            label="Edit",
            send=_edit,
            fields=[
                _NAME,
                Field(name="enabled", label="Enabled", kind=FieldKind.SWITCH, is_required=False),
            ],
            first_values=lambda row: {"name": row["name"], "enabled": row["enabled"]},
        ),
        Action(name="password", label="Set a password", send=_set_password, fields=[_PASSWORD]),
        RESOURCE.delete("user", "users"),
    ],
)
