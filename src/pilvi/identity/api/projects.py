"""Projects; a domain is one of them, too."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.identity.api.reach import check_domain, check_own_domain, find_domain_limit
from pilvi.identity.api.tags import Tag, check_tags, read_tag_filters
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Id,
    Text,
    Unset,
    has_flag,
    link,
    merge_extra,
    merge_options,
    page,
    read_fields,
    read_wanted,
    require,
    set_fields,
)
from pilvi.identity.model.identity import Domain, Project
from pilvi.identity.operations import assignments
from pilvi.identity.operations import projects as operations
from pilvi.identity.store import projects
from pilvi.identity.store.rows import Wanted

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\S")]


class ProjectFields(msgspec.Struct):
    """What a project is made of."""

    name: Name | Unset = UNSET
    domain_id: Id | None | Unset = UNSET
    parent_id: Id | None | Unset = UNSET
    description: Text | None | Unset = UNSET
    enabled: bool | Unset = UNSET
    is_domain: bool | Unset = UNSET
    tags: list[Tag] | Unset = UNSET
    options: Free | Unset = UNSET


class ProjectBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/projects."""

    project: Free


def render_project(call: Call[Any], project: Project) -> dict[str, Any]:
    """A project as the API shows it."""
    return {
        **project.extra,
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id,
        "parent_id": project.parent_id or project.domain_id,
        "description": project.description,
        "enabled": project.enabled,
        "is_domain": False,
        "tags": project.tags,
        "options": project.options,
        "links": link(call, f"projects/{project.id}"),
    }


def render_domain_project(call: Call[Any], domain: Domain) -> dict[str, Any]:
    """A domain as the project that it is, too."""
    shown = render_project(call, operations.as_project(domain))
    return {**shown, "is_domain": True, "domain_id": None, "parent_id": None}


async def list_projects(call: Call[None]) -> dict[str, Any]:
    """The projects; a domain's reader sees those of the domain."""
    if has_flag(call, "is_domain"):
        wanted = read_wanted(call, "name", flags=["enabled"], paged=True)
        if (limit := find_domain_limit(call)) is not None:
            wanted = Wanted({**wanted.equal, "id": limit}, wanted.like, wanted.page)
        domains, more = await projects.list_domain_page(call.tx, wanted)
        shown = [render_domain_project(call, domain) for domain in domains]
        return page(call, "projects", shown, more)
    wanted = read_wanted(call, "name", "domain_id", "parent_id", flags=["enabled"], paged=True)
    found, more = await projects.list_project_page(
        call.tx, await _narrow(call, wanted), read_tag_filters(call)
    )
    return page(call, "projects", [render_project(call, project) for project in found], more)


async def _narrow(call: Call[Any], wanted: Wanted) -> Wanted:
    """The projects directly below a domain have it as parent on the wire alone."""
    equal = dict(wanted.equal)
    parent_id = equal.get("parent_id")
    if parent_id is not None and await projects.find_domain_by_id(call.tx, parent_id):
        del equal["parent_id"]
        wanted = Wanted({**equal, "parent_id": None, "domain_id": parent_id}, wanted.like)
        equal = dict(wanted.equal)
    limit = find_domain_limit(call)
    if limit is not None and equal.setdefault("domain_id", limit) != limit:
        equal["domain_id"] = ""
    return Wanted(equal, wanted.like, wanted.page)


async def show_project(call: Call[None]) -> dict[str, Any]:
    """One project: one's own, or any within reach, with what is above or below it if asked."""
    id = call.path["project_id"]
    domain = await projects.find_domain_by_id(call.tx, id)
    if domain is not None:
        check_domain(call, domain.id, "project", id)
        return {"project": render_domain_project(call, domain)}
    if id != call.caller.project_id:
        found = await projects.list_projects(call.tx, id=id)
        check_domain(call, found[0].domain_id if found else "?", "project", id)
    project = await projects.get_project(call.tx, id)
    return {"project": {**render_project(call, project), **await _show_family(call, project)}}


async def _show_family(call: Call[Any], project: Project) -> dict[str, Any]:
    """`parents` and `subtree`, as lists of projects that the caller has roles in, or as ids."""
    shown: dict[str, Any] = {}
    ancestor_ids = await projects.list_ancestor_ids(call.tx, project.id)
    above = await projects.list_projects_by_id(call.tx, ancestor_ids)
    below = await projects.list_descendants(call.tx, project.id)
    for name, family in (("parents", above), ("subtree", below)):
        if f"{name}_as_list" in call.query and f"{name}_as_ids" in call.query:
            raise InvalidRequest(f"cannot show {name} both as list and as ids; choose one")
        if f"{name}_as_list" in call.query:
            mine = await _list_visible(call, family)
            shown[name] = [{"project": render_project(call, one)} for one in mine]
        elif f"{name}_as_ids" in call.query:
            nest = _nest_parents if name == "parents" else _nest_subtree
            shown[name] = nest(project, family)
    return shown


async def _list_visible(call: Call[Any], family: Sequence[Project]) -> list[Project]:
    if call.caller.sees_system:
        return list(family)
    mine = await assignments.list_scope_ids(call.tx, call.caller.user_id, "project")
    return [project for project in family if project.id in mine]


def _nest_parents(project: Project, above: Sequence[Project]) -> dict[str, Any] | None:
    by_id = {one.id: one for one in above}
    if project.parent_id is None:
        return {project.domain_id: None}
    parent = by_id.get(project.parent_id)  # type: ignore[call-overload]
    return {project.parent_id: _nest_parents(parent, above) if parent else None}


def _nest_subtree(project: Project, below: Sequence[Project]) -> dict[str, Any] | None:
    children = [one for one in below if one.parent_id == project.id]
    return {child.id: _nest_subtree(child, below) for child in children} or None


async def create_project(call: Call[ProjectBody]) -> dict[str, Any]:
    """A new project, or a domain by its other name."""
    fields, extra = read_fields(call.payload.project, ProjectFields)
    name = require(fields.name, "project")
    given = set_fields(fields, "description", "enabled", "options", "tags")
    check_tags(given.get("tags"))
    if fields.is_domain is True:
        if fields.domain_id or fields.parent_id:
            raise InvalidRequest("cannot make a domain in a domain or below a project")
        check_own_domain(call, "?")
        domain = await operations.create_domain(call.tx, name, extra=extra, **given)
        return {"project": render_domain_project(call, domain)}
    parent_id = fields.parent_id or None
    domain_id = fields.domain_id or await _find_domain_id(call, parent_id)
    check_own_domain(call, domain_id)
    project = await operations.create_project(
        call.tx, name, domain_id=domain_id, parent_id=parent_id, extra=extra, **given
    )
    return {"project": render_project(call, project)}


async def _find_domain_id(call: Call[Any], parent_id: str | None) -> str:
    """The domain of a new project that names none: its parent's, or the caller's."""
    if parent_id is None:
        return call.caller.domain_id or call.caller.user_domain_id
    if await projects.find_domain_by_id(call.tx, parent_id):
        return parent_id
    return (await projects.get_project(call.tx, parent_id)).domain_id


async def update_project(call: Call[ProjectBody]) -> dict[str, Any]:
    """Change a project; where it is in the hierarchy never changes."""
    from pilvi.identity.api.domains import change_domain

    id = call.path["project_id"]
    if await projects.find_domain_by_id(call.tx, id):
        check_domain(call, "?", "project", id)
        given, _ = read_fields(call.payload.project, ProjectFields)
        values = set_fields(given, "name", "description", "enabled", "tags", "options")
        domain = await change_domain(call, id, values)
        return {"project": render_domain_project(call, domain)}
    kept = await projects.get_project(call.tx, id)
    check_domain(call, kept.domain_id, "project", id)
    fields, extra = read_fields(call.payload.project, ProjectFields)
    shown = render_project(call, kept)
    for name in ("domain_id", "parent_id", "is_domain"):
        if getattr(fields, name) not in (UNSET, shown[name]):
            raise InvalidRequest(f"cannot change the {name} of a project")
    values = set_fields(fields, "name", "description", "enabled", "tags")
    check_tags(values.get("tags"))
    if values.get("description", "") is None:
        values["description"] = ""
    if fields.options is not UNSET:
        values["options"] = merge_options(kept.options, fields.options)
    if extra:
        values["extra"] = merge_extra(kept.extra, extra)
    project = await operations.update_project(call.tx, id, **values)
    return {"project": render_project(call, project)}


async def delete_project(call: Call[None]) -> None:
    """Remove a project that has none below it, or a disabled domain."""
    id = call.path["project_id"]
    if await projects.find_domain_by_id(call.tx, id):
        check_domain(call, "?", "project", id)
        await operations.delete_domain(call.tx, id)
        return
    check_domain(call, (await projects.get_project(call.tx, id)).domain_id, "project", id)
    await operations.delete_project(call.tx, id)
