"""Projects, domains and roles."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound
from pilvi.identity.model.identity import DEFAULT_DOMAIN_ID, Domain, Project, Role
from pilvi.identity.operations import projects as operations
from pilvi.identity.store import projects, users

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ProjectFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a project is made of; only default options are known."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    domain_id: str | msgspec.UnsetType = msgspec.UNSET
    parent_id: str | None = None
    description: str | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    is_domain: bool = False
    tags: list[str] | msgspec.UnsetType = msgspec.UNSET
    options: dict[str, Any] = {}


class ProjectCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/projects."""

    project: ProjectFields


def render_project(call: Call[Any], project: Project) -> dict[str, Any]:
    """A project as the API shows it."""
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id,
        "parent_id": project.domain_id,
        "description": project.description,
        "enabled": project.enabled,
        "is_domain": False,
        "tags": project.tags,
        "options": {},
        "links": {"self": f"{call.service_url}/projects/{project.id}"},
    }


def page(call: Call[Any], name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A list as Keystone wraps it."""
    links = {"self": call.service_url + "/" + name, "next": None, "previous": None}
    return {name: rows, "links": links}


async def list_projects(call: Call[None]) -> dict[str, Any]:
    """The projects; one's own, or all for admins."""
    equal: dict[str, Any] = {
        name: call.query[name] for name in ("name", "domain_id") if name in call.query
    }
    if "enabled" in call.query:
        equal["enabled"] = call.query["enabled"].lower() not in ("false", "0")
    if not call.caller.is_admin:
        equal["id"] = call.caller.project_id or ""
    found = await projects.list_projects(call.tx, **equal)
    return page(call, "projects", [render_project(call, project) for project in found])


async def show_project(call: Call[None]) -> dict[str, Any]:
    """One project; another's does not exist for non-admins."""
    id = call.path["project_id"]
    if not call.caller.is_admin and id != call.caller.project_id:
        raise NotFound(f"cannot find the project '{id}'")
    return {"project": render_project(call, await projects.get_project(call.tx, id))}


async def create_project(call: Call[ProjectCreate]) -> dict[str, Any]:
    """A new project."""
    fields = call.payload.project
    project = await operations.create_project(
        call.tx,
        _required_name(fields.name),
        domain_id=fields.domain_id or DEFAULT_DOMAIN_ID,
        description=fields.description or "",
        enabled=fields.enabled is not False,
        tags=fields.tags or [],
    )
    return {"project": render_project(call, project)}


async def update_project(call: Call[ProjectCreate]) -> dict[str, Any]:
    """Change a project."""
    given = set_fields(call.payload.project, "name", "description", "enabled", "tags")
    project = await operations.update_project(call.tx, call.path["project_id"], **given)
    return {"project": render_project(call, project)}


async def delete_project(call: Call[None]) -> None:
    """Remove a project."""
    await operations.delete_project(call.tx, call.path["project_id"])


def set_fields(fields: msgspec.Struct, *names: str) -> dict[str, Any]:
    """The named fields that the caller gave."""
    values = {name: getattr(fields, name) for name in names}
    return {name: value for name, value in values.items() if value is not msgspec.UNSET}


def _required_name(name: str | msgspec.UnsetType) -> str:
    if name is msgspec.UNSET:
        raise InvalidRequest("cannot create a project without a name")
    return name


def _render_domain(call: Call[Any], domain: Domain) -> dict[str, Any]:
    return {
        "id": domain.id,
        "name": domain.name,
        "description": domain.description,
        "enabled": domain.enabled,
        "tags": [],
        "options": {},
        "links": {"self": f"{call.service_url}/domains/{domain.id}"},
    }


async def list_domains(call: Call[None]) -> dict[str, Any]:
    """The domains."""
    found = await projects.list_domains(call.tx)
    wanted = [d for d in found if call.query.get("name") in (None, d.name)]
    return page(call, "domains", [_render_domain(call, domain) for domain in wanted])


async def show_domain(call: Call[None]) -> dict[str, Any]:
    """One domain."""
    domain = await operations.get_domain(call.tx, call.path["domain_id"])
    return {"domain": _render_domain(call, domain)}


def _render_role(call: Call[Any], role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "domain_id": None,
        "description": role.description,
        "options": {},
        "links": {"self": f"{call.service_url}/roles/{role.id}"},
    }


async def list_roles(call: Call[None]) -> dict[str, Any]:
    """The roles."""
    found = await users.list_roles(call.tx, call.query.get("name"))
    return page(call, "roles", [_render_role(call, role) for role in found])


async def show_role(call: Call[None]) -> dict[str, Any]:
    """One role."""
    return {"role": _render_role(call, await users.get_role(call.tx, call.path["role_id"]))}


async def grant_role(call: Call[None]) -> None:
    """Give a user a role in a project."""
    path = call.path
    await operations.grant_role(call.tx, path["user_id"], path["project_id"], path["role_id"])


async def revoke_role(call: Call[None]) -> None:
    """Take a role in a project away."""
    path = call.path
    await operations.revoke_role(call.tx, path["user_id"], path["project_id"], path["role_id"])


async def list_role_assignments(call: Call[None]) -> dict[str, Any]:
    """Who has which role where."""
    names = {"user.id": "user_id", "scope.project.id": "scope_id", "role.id": "role_id"}
    equal = {column: call.query[name] for name, column in names.items() if name in call.query}
    rows = await users.list_grants(call.tx, **equal)
    return page(
        call,
        "role_assignments",
        [
            {
                "user": {"id": row.user_id},
                "role": {"id": row.role_id, "name": row.role_name},
                "scope": {"system": {"all": True}}
                if row.scope == "system"
                else {row.scope: {"id": row.scope_id}},
                "links": {},
            }
            for row in rows
        ],
    )
