"""A user's client: logs in, sends requests, and says when nobody knows what became of one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pilvi.testing.login import PASSWORDS, login_body
from pilvi.testing.simulation.network import Lost, Network, Reply, Request

_TOKENS = "/identity/v3/auth/tokens"


@dataclass
class Client:
    """Speaks to the cloud as one user."""

    network: Network
    name: str
    user: str = "demo"
    compute: str = "2.96"
    """The version of the Compute API that it speaks."""
    _token: str = field(init=False, default="")
    statuses: list[tuple[int, str]] = field(init=False, default_factory=list)
    """Of the replies so far: the status and what was asked for."""

    @property
    def versions(self) -> dict[str, str]:
        """The headers of what it sends."""
        version = f"compute {self.compute}, volume 3.71"
        return {"openstack-api-version": version, "content-type": "application/json"}

    async def call(
        self, method: str, path: str, json_body: Any = None, *, data: bytes | None = None
    ) -> Reply:
        """One request; logs in first, and again when the token is not taken. Raises `Lost`."""
        for _ in range(2):
            if not self._token:
                await self._log_in()
            body = b"" if json_body is None else json.dumps(json_body).encode()
            headers = {**self.versions, "x-auth-token": self._token}
            if data is not None:
                body, headers["content-type"] = data, "application/octet-stream"
            reply = await self._send(method, path, headers, body)
            if reply.status != 401:
                return reply
            self._token = ""
        return reply

    async def _log_in(self) -> None:
        body = json.dumps(login_body(self.user, PASSWORDS[self.user], self.user)).encode()
        reply = await self._send("POST", _TOKENS, self.versions, body)
        if reply.status != 201:
            raise Lost(f"cannot log in: {reply.status}")
        self._token = reply.headers["x-subject-token"]

    async def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        path, _, query = path.partition("?")
        reply = await self.network.call(Request(self.name, method, path, query, headers, body))
        self.statuses.append((reply.status, f"{method} {path}"))
        self.network.note(
            f"{self.name}: {method} {path} {body[:200]!r} -> {reply.status}"
            + (f" {reply.body[:200]!r}" if reply.status >= 400 else "")
        )
        return reply
