"""Projects and who has which role in them; for admins."""

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
from pilvi.dashboard.render import code, do, link
from pilvi.dashboard.resources import Resource, filled

RESOURCE = Resource("/identity/v3/projects", "projects", "project")


async def _create(client: Client, id: str, form: Form) -> Done:
    fields = filled({"name": form["name"], "description": form["description"]})
    made = await RESOURCE.create(client, fields)
    return Done(f"The project {form['name']} was made.", f"projects/{made['id']}")


async def _edit(client: Client, id: str, form: Form) -> Done:
    fields = {"name": form["name"], "description": form["description"]}
    body = {"project": {**fields, "enabled": bool(form["enabled"])}}
    await client.patch(at(RESOURCE.root, id), body)
    return Done("The project was changed.")


def _role_path(id: str, form: Form) -> str:
    return at(RESOURCE.root, id, "users", form["user"], "roles", form["role"])


async def _grant(client: Client, id: str, form: Form) -> Done:
    await client.put(_role_path(id, form), None)
    return Done("The user has the role now.")


async def _revoke(client: Client, id: str, form: Form) -> Done:
    await client.delete(_role_path(id, form))
    return Done("The user does not have the role any more.")


async def load_sections(client: Client, row: Row) -> Sequence[Section]:
    """Who has which role in the project."""
    query = {"scope.project.id": row["id"], "include_names": "true"}
    found = await asyncio.gather(client.get("/identity/v3/role_assignments", query))
    rows = [{**one, "project": row["id"]} for one in found[0]["role_assignments"] if "user" in one]
    return [
        Section(
            title="Members",
            columns=_MEMBERS,
            rows=rows,
            empty="Nobody has a role in it.",
            links=[
                do("Give a role", "projects", row["id"], "grant"),
                do("Quotas", "quotas", row["id"], "edit"),
            ],
        )
    ]


_MEMBERS = [
    Column("User", lambda row: link(row["user"]["name"], "users", row["user"]["id"])),
    Column("Role", lambda row: row["role"]["name"]),
    Column(
        "",
        lambda row: do(
            "Take away",
            "projects",
            row["project"],
            "revoke",
            user=row["user"]["id"],
            role=row["role"]["id"],
        ),
    ),
]
_NAME = Field(name="name", label="Name")
_ABOUT = Field(name="description", label="Description", is_required=False)

PROJECTS = Collection(
    path="projects",
    title="Projects",
    noun="project",
    empty="No projects yet.",
    load=RESOURCE.load,
    find=RESOURCE.find,
    columns=[
        Column("Name", lambda row: link(row["name"], "projects", row["id"])),
        Column("Description", lambda row: row["description"]),
        Column("Enabled", lambda row: row["enabled"]),
        Column("Id", lambda row: code(row["id"]), is_minor=True),
    ],
    facts=lambda row: [
        ("Description", row["description"]),
        ("Enabled", row["enabled"]),
        ("Domain", row["domain_id"]),
        ("Id", code(row["id"])),
    ],
    sections=load_sections,
    create=Action(name="new", label="Make a project", send=_create, fields=[_NAME, _ABOUT]),
    actions=[
        Action(
            name="edit",
            label="Edit",
            send=_edit,
            fields=[
                _NAME,
                _ABOUT,
                Field(name="enabled", label="Enabled", kind=FieldKind.SWITCH, is_required=False),
            ],
            first_values=lambda row: {
                "name": row["name"],
                "description": row["description"] or "",
                "enabled": row["enabled"],
            },
        ),
        Action(
            name="grant",
            label="Give a role",
            send=_grant,
            fields=[
                Field(name="user", label="User", kind=FieldKind.SELECT, choices=choices.list_users),
                Field(name="role", label="Role", kind=FieldKind.CARDS, choices=choices.list_roles),
            ],
        ),
        Action(
            name="revoke",
            label="Take a role away",
            send=_revoke,
            fields=[
                Field(name="user", kind=FieldKind.HIDDEN),
                Field(name="role", kind=FieldKind.HIDDEN),
            ],
            explain="The user loses what the role allows in this project at once.",
            is_dangerous=True,
            when=lambda row: False,
        ),
        RESOURCE.delete(
            "project", "projects", "Delete what it has first: it cannot be reached afterwards."
        ),
    ],
)
