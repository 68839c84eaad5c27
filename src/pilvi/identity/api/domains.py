"""Domains."""

import re
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.identity.api.projects import Name
from pilvi.identity.api.reach import find_domain_limit
from pilvi.identity.api.tags import Tag, check_tags
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Line,
    Unset,
    link,
    merge_options,
    page,
    read_wanted,
    require,
    set_fields,
)
from pilvi.identity.model.identity import Domain
from pilvi.identity.operations import projects as operations
from pilvi.identity.store import projects
from pilvi.identity.store.rows import Wanted


class DomainFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a domain is made of."""

    name: Name | Unset = UNSET
    description: Line | None | Unset = UNSET
    enabled: bool | Unset = UNSET
    tags: list[Tag] | Unset = UNSET
    options: Free | Unset = UNSET
    explicit_domain_id: str | Unset = UNSET


class DomainBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/domains."""

    domain: DomainFields


def render_domain(call: Call[Any], domain: Domain) -> dict[str, Any]:
    """A domain as the API shows it."""
    return {
        "id": domain.id,
        "name": domain.name,
        "description": domain.description,
        "enabled": domain.enabled,
        "tags": domain.tags,
        "options": domain.options,
        "links": link(call, f"domains/{domain.id}"),
    }


async def list_domains(call: Call[None]) -> dict[str, Any]:
    """The domains; a domain's reader sees that one."""
    wanted = read_wanted(call, "name", flags=["enabled"], paged=True)
    limit = find_domain_limit(call)
    if limit is not None:
        wanted = Wanted({**wanted.equal, "id": limit}, wanted.like, wanted.page)
    found, more = await projects.list_domain_page(call.tx, wanted)
    return page(call, "domains", [render_domain(call, domain) for domain in found], more)


async def show_domain(call: Call[None]) -> dict[str, Any]:
    """One domain: any as a reader of the system, otherwise one's own."""
    id, caller = call.path["domain_id"], call.caller
    if not caller.sees_system:
        own = {caller.user_domain_id, caller.domain_id}
        if caller.project_id is not None:
            own.add((await projects.get_project(call.tx, caller.project_id)).domain_id)
        if id not in own:
            raise Forbidden("cannot see a domain that is not your token's")
    return {"domain": render_domain(call, await operations.get_domain(call.tx, id))}


async def create_domain(call: Call[DomainBody]) -> dict[str, Any]:
    """A new domain."""
    fields = call.payload.domain
    given = set_fields(fields, "description", "enabled", "options", "tags")
    check_tags(given.get("tags"))
    if fields.explicit_domain_id is not UNSET:
        if not re.fullmatch(r"[0-9a-fA-F]{32}", fields.explicit_domain_id):
            raise InvalidRequest("cannot use the explicit_domain_id: it is 32 hexadecimal digits")
        given["id"] = fields.explicit_domain_id
    name = require(fields.name, "domain")
    domain = await operations.create_domain(call.tx, name, **given)
    return {"domain": render_domain(call, domain)}


async def update_domain(call: Call[DomainBody]) -> dict[str, Any]:
    """Change a domain; disabling it ends the tokens of everything in it."""
    given = set_fields(call.payload.domain, "name", "description", "enabled", "tags", "options")
    domain = await change_domain(call, call.path["domain_id"], given)
    return {"domain": render_domain(call, domain)}


async def change_domain(call: Call[Any], id: str, values: Free) -> Domain:
    """Change a domain by the fields that a caller gave."""
    kept = await operations.get_domain(call.tx, id)
    check_tags(values.get("tags"))
    if values.get("description", "") is None:
        values["description"] = ""
    if "options" in values:
        values["options"] = merge_options(kept.options, values["options"])
    return await operations.update_domain(call.tx, id, **values)


async def delete_domain(call: Call[None]) -> None:
    """Remove a disabled domain with everything in it."""
    await operations.delete_domain(call.tx, call.path["domain_id"])
