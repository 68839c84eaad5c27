"""OAuth 1: /v3/OS-OAUTH1 and the access tokens of users."""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from sqlalchemy import Row
from starlette.responses import Response

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound
from pilvi.identity.api.application_credentials import RoleRef
from pilvi.identity.api.reach import check_owner
from pilvi.identity.api.roles import render_granted_role
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Text,
    Unset,
    link,
    merge_extra,
    page,
    print_moment,
    read_fields,
    set_fields,
    show,
)
from pilvi.identity.model.oauth import parse_header
from pilvi.identity.operations import oauth as operations
from pilvi.identity.operations.keys import Vault
from pilvi.identity.operations.tokens import refuse_delegated
from pilvi.identity.store import roles


class ConsumerFields(msgspec.Struct):
    """What a consumer is made of."""

    description: Text | None | Unset = UNSET


class ConsumerBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/OS-OAUTH1/consumers."""

    consumer: Free


class AuthorizeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /v3/OS-OAUTH1/authorize/{id}."""

    roles: Annotated[list[RoleRef], msgspec.Meta(max_length=100)]


def _render(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    links = link(call, f"OS-OAUTH1/consumers/{row.id}")
    return {**show(row, "id", "description"), "links": links}


async def list_consumers(call: Call[None]) -> dict[str, Any]:
    """The consumers, without their secrets."""
    found = await operations.list_consumers(call.tx)
    return page(call, "consumers", [_render(call, row) for row in found])


async def show_consumer(call: Call[None]) -> dict[str, Any]:
    """One consumer, without its secret."""
    row = await operations.get_consumer(call.tx, call.path["consumer_id"])
    return {"consumer": _render(call, row)}


async def create_consumer(call: Call[ConsumerBody]) -> dict[str, Any]:
    """A new consumer; only this reply tells the secret."""
    fields, extra = read_fields(call.payload.consumer, ConsumerFields)
    description = None if fields.description is UNSET else fields.description
    row, secret = await operations.create_consumer(call.tx, call.part(Vault), description, extra)
    return {"consumer": {**_render(call, row), "secret": secret}}


async def update_consumer(call: Call[ConsumerBody]) -> dict[str, Any]:
    """Change a consumer; its secret never changes."""
    id = call.path["consumer_id"]
    fields, extra = read_fields(call.payload.consumer, ConsumerFields)
    if "secret" in extra:
        raise InvalidRequest("cannot change the secret of a consumer; make another")
    values = set_fields(fields)
    if extra:
        kept = await operations.get_consumer(call.tx, id)
        values["extra"] = merge_extra(kept.extra, extra)
    return {"consumer": _render(call, await operations.update_consumer(call.tx, id, **values))}


async def delete_consumer(call: Call[None]) -> None:
    """Remove a consumer; whatever it was allowed ends at once."""
    await operations.delete_consumer(call.tx, call.path["consumer_id"])


def read_request(call: Call[Any]) -> operations.Request:
    """What of a request is signed besides its header."""
    url = call.base_url.lower() + call.request.url.path
    return call.request.method, url, call.query.multi_items()


def _header(call: Call[Any]) -> dict[str, str]:
    return parse_header(call.headers.get("authorization") or "")


def _reply(row: Row[Any], secret: str) -> Response:
    """A token as OAuth gives it: as a form, not as JSON."""
    form = {"oauth_token": row.id, "oauth_token_secret": secret}
    form["oauth_expires_at"] = print_moment(row.expires_at) or ""
    media_type = "application/x-www-form-urlencoded"
    return Response(urlencode(form), 201, media_type=media_type)


async def create_request_token(call: Call[None]) -> Response:
    """A token that asks for access to the project named in a header."""
    project_id = call.headers.get("requested-project-id")
    if not project_id:
        raise InvalidRequest("cannot ask for access without the header Requested-Project-Id")
    vault, request = call.part(Vault), read_request(call)
    made = await operations.create_request_token(call.tx, vault, _header(call), request, project_id)
    return _reply(*made)


async def authorize_request_token(call: Call[AuthorizeBody]) -> dict[str, Any]:
    """Let a consumer act with some of one's roles."""
    known = await roles.list_roles(call.tx)
    ids = []
    for ref in call.payload.roles:
        found = [r.id for r in known if r.id == ref.id or (ref.id is None and r.name == ref.name)]
        if not found:
            raise NotFound(f"cannot find the role '{ref.id or ref.name}'")
        ids.append(found[0])
    id = call.path["request_token_id"]
    verifier = await operations.authorize(call.tx, call.caller, id, ids)
    return {"token": {"oauth_verifier": verifier}}


async def create_access_token(call: Call[None]) -> Response:
    """The token of a request that a user has authorized."""
    vault, request = call.part(Vault), read_request(call)
    return _reply(*await operations.create_access_token(call.tx, vault, _header(call), request))


def _render_token(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    path = f"users/{row.user_id}/OS-OAUTH1/access_tokens/{row.id}"
    return {
        "id": row.id,
        "consumer_id": row.consumer_id,
        "project_id": row.project_id,
        "authorizing_user_id": row.user_id,
        "expires_at": print_moment(row.expires_at),
        "links": {**link(call, path), "roles": f"{call.service_url}/{path}/roles"},
    }


def _check(call: Call[Any]) -> str:
    """The path's user, who must be the caller, in person."""
    refuse_delegated(call.caller, "manage access tokens")
    check_owner(call, call.path["user_id"])
    return call.path["user_id"]


async def _get(call: Call[Any]) -> Row[Any]:
    id = call.path["access_token_id"]
    return await operations.get_access_token(call.tx, _check(call), id)


async def list_access_tokens(call: Call[None]) -> dict[str, Any]:
    """What a user allowed consumers."""
    found = await operations.list_access_tokens(call.tx, _check(call))
    return page(call, "access_tokens", [_render_token(call, row) for row in found])


async def show_access_token(call: Call[None]) -> dict[str, Any]:
    """One access token of a user, without its secret."""
    return {"access_token": _render_token(call, await _get(call))}


async def delete_access_token(call: Call[None]) -> None:
    """Take back what a consumer was allowed."""
    id = call.path["access_token_id"]
    await operations.delete_access_token(call.tx, _check(call), id)


async def list_access_token_roles(call: Call[None]) -> dict[str, Any]:
    """The roles that a consumer was allowed."""
    found = await roles.list_roles_by_id(call.tx, (await _get(call)).role_ids)
    return page(call, "roles", [render_granted_role(call, role) for role in found])


async def show_access_token_role(call: Call[None]) -> dict[str, Any]:
    """One role that a consumer was allowed."""
    for role in await roles.list_roles_by_id(call.tx, (await _get(call)).role_ids):
        if role.id == call.path["role_id"]:
            return {"role": render_granted_role(call, role)}
    raise NotFound(f"cannot find the role '{call.path['role_id']}' of this access token")
