"""Calls of the public APIs with the user's own token, as any client makes them.

They go to the application in this process without a socket. Nothing is known here that a client
elsewhere would not know: paths, JSON and microversions.
"""

import html
import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
from starlette.types import ASGIApp

# The versions that the pages are written for.
VERSIONS = {"/compute/": "compute 2.96", "/volume/": "volume 3.70", "/placement/": "placement 1.39"}
# Rows that are asked for where a form or a page wants all of a small collection.
ALL = 1000


class Refused(Exception):
    """The API's own answer to what it cannot do."""

    def __init__(self, status: int, message: str, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Client:
    """What one user can do; raises `Refused` with the API's words."""

    http: httpx.AsyncClient
    token: str
    user_id: str = ""
    project_id: str = ""
    is_admin: bool = False
    authority: str = ""
    """Path of the certificate of the cloud's own authority, where it has one."""
    once: str = ""
    """Sent with each POST, so that a form which is sent twice is done once."""

    async def get(self, path: str, params: Mapping[str, str] | None = None, **words: Any) -> Any:
        """What is at a path."""
        return await self.send("GET", path, params=dict(params or {}), **words)

    async def post(self, path: str, body: Any, **words: Any) -> Any:
        """Ask for something new, or for an action."""
        return await self.send("POST", path, body, **words)

    async def put(self, path: str, body: Any) -> Any:
        """Put something in the place of what is there."""
        return await self.send("PUT", path, body)

    async def patch(self, path: str, body: Any) -> Any:
        """Change some of what is there."""
        return await self.send("PATCH", path, body)

    async def delete(self, path: str) -> Any:
        """Ask that something be gone."""
        return await self.send("DELETE", path)

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        version: str = "",
    ) -> Any:
        """One request; the answer's JSON, or None where there is none."""
        headers = {"x-auth-token": self.token, "accept": "application/json"}
        for start, number in VERSIONS.items():
            if path.startswith(start):
                headers["openstack-api-version"] = version or number
        if method == "POST" and self.once:
            headers["idempotency-key"] = self.once
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["content-type"] = "application/json"
            if isinstance(body, list):
                headers["content-type"] = "application/openstack-images-v2.1-json-patch"
        reply = await self.http.request(
            method, path, content=content, headers=headers, params=params
        )
        return read_reply(reply)

    @asynccontextmanager
    async def or_delete(self, path: str) -> AsyncIterator[None]:
        """Whatever is refused meanwhile takes with it what was made before at a path."""
        try:
            yield
        except Refused:
            with suppress(Refused):
                await self.delete(path)
            raise

    async def upload(self, path: str, pieces: AsyncIterable[bytes]) -> None:
        """Send bytes as they come."""
        headers = {"x-auth-token": self.token, "content-type": "application/octet-stream"}
        read_reply(await self.http.put(path, content=pieces, headers=headers))


def read_reply(reply: httpx.Response) -> Any:
    """An answer's JSON. Raises `Refused`. Pure."""
    if reply.status_code >= 300:
        request_id = reply.headers.get("x-openstack-request-id", "")
        raise Refused(reply.status_code, message_of(reply.content), request_id)
    return msgspec.json.decode(reply.content) if reply.content else None


def message_of(body: bytes) -> str:
    """The sentence in a fault of whichever service. Pure."""
    try:
        found = _find_message(msgspec.json.decode(body))
    except msgspec.DecodeError:
        found = html.unescape(re.sub(r"<[^>]*>", " ", body.decode(errors="replace"))).strip()
    return found or "cannot do this: the API did not say why"


def _find_message(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    if isinstance(value.get("message"), str):
        return str(value["message"])
    errors = value.get("errors")
    inner = errors[0] if isinstance(errors, list) and errors else None
    for part in (inner, *value.values()):
        if found := _find_message(part):
            return found
    return str(inner["detail"]) if isinstance(inner, dict) and "detail" in inner else ""


def at(*words: str) -> str:
    """A path of an API; no word can lead to another path. Raises `Refused`. Pure."""
    for word in words[1:]:
        if word in (".", "..", ""):
            raise Refused(404, f"cannot find '{word}'")
    return "/".join([words[0], *(quote(word, safe="") for word in words[1:])])


def open_http(app: ASGIApp, base_url: str) -> httpx.AsyncClient:
    """A client that speaks to an application in this process."""
    # An error in the application is its own 500 there already.
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base_url)
