"""Short ways to speak to identity in conversations."""

from dataclasses import dataclass
from typing import Any

import httpx

from cloud import Cloud, login

ROOT = "/identity/v3"
SECRET = "a-secret"


@dataclass
class Keystone:
    """A cloud's identity, spoken to as admin unless told otherwise."""

    cloud: Cloud

    async def call(
        self, method: str, path: str, json: Any = None, *, user: str | None = "admin", **more: Any
    ) -> httpx.Response:
        """One request below the root."""
        return await self.cloud.call(method, ROOT + path, json, user=user, **more)

    async def with_token(
        self, token: str, method: str, path: str, json: Any = None, **headers: str
    ) -> httpx.Response:
        """One request with a token of the test's own."""
        sent = {"x-auth-token": token, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self.cloud.http.request(method, ROOT + path, json=json, headers=sent)

    async def get(self, path: str, *, user: str = "admin") -> Any:
        """What a path shows, which must be there."""
        reply = await self.call("GET", path, user=user)
        assert reply.status_code == 200, f"{path}: {reply.status_code} {reply.text}"
        return reply.json()

    async def make(self, collection: str, /, user: str = "admin", **fields: Any) -> dict[str, Any]:
        """A new resource of a collection, by its path."""
        noun = collection.rpartition("/")[2]
        noun = "policy" if noun == "policies" else noun.removesuffix("s")
        reply = await self.call("POST", f"/{collection}", {noun: fields}, user=user)
        assert reply.status_code == 201, f"{collection}: {reply.status_code} {reply.text}"
        found: dict[str, Any] = reply.json()[noun]
        return found

    async def change(self, path: str, **fields: Any) -> httpx.Response:
        """A change of a resource, whatever comes of it."""
        noun = path.strip("/").split("/")[-2]
        noun = "policy" if noun == "policies" else noun.removesuffix("s")
        return await self.call("PATCH", path, {noun: fields})

    async def role(self, name: str) -> str:
        """The id of a role of the cloud."""
        id: str = (await self.get(f"/roles?name={name}"))["roles"][0]["id"]
        return id

    async def user(self, name: str) -> str:
        """The id of a user of the default domain."""
        id: str = (await self.get(f"/users?name={name}&domain_id=default"))["users"][0]["id"]
        return id

    async def new_user(self, name: str, **fields: Any) -> dict[str, Any]:
        """A user whose password is `SECRET`."""
        return await self.make("users", name=name, password=SECRET, **fields)

    async def grant(self, where: str, role: str) -> None:
        """Give a role by its name: `projects/P/users/U`, `system/groups/G`, ….

        Inherited with `OS-INHERIT/` before.
        """
        tail = "/inherited_to_projects" if where.startswith("OS-INHERIT") else ""
        path = f"/{where}/roles/{await self.role(role)}{tail}"
        reply = await self.call("PUT", path)
        assert reply.status_code == 204, reply.text

    async def log_in(self, user_id: str, scope: Any = None, password: str = SECRET) -> Any:
        """The reply to a password login by id."""
        named = {"id": user_id, "password": password}
        auth = {"identity": {"methods": ["password"], "password": {"user": named}}}
        return await self.authenticate(auth, scope)

    async def authenticate(self, auth: dict[str, Any], scope: Any = None, **headers: str) -> Any:
        """The reply to a request for a token."""
        body = {"auth": {**auth, **({} if scope is None else {"scope": scope})}}
        path = f"{ROOT}/auth/tokens"
        return await self.cloud.http.post(path, json=body, headers=headers)

    async def rescope(self, token: str, scope: Any = None) -> Any:
        """The reply to a request for a token by a token."""
        return await self.authenticate(
            {"identity": {"methods": ["token"], "token": {"id": token}}}, scope
        )

    async def token(self, user_id: str, scope: Any = None) -> str:
        """A token by password and id."""
        reply = await self.log_in(user_id, scope)
        assert reply.status_code == 201, reply.text
        text: str = reply.headers["x-subject-token"]
        return text

    async def log_in_by_name(self, name: str, project: str, password: str = SECRET) -> Any:
        """The reply to a password login by name."""
        body = login(name, project, password)
        return await self.cloud.http.post(f"{ROOT}/auth/tokens", json=body)


def in_project(id: str) -> dict[str, Any]:
    """The scope of a project."""
    return {"project": {"id": id}}


def in_domain(id: str) -> dict[str, Any]:
    """The scope of a domain."""
    return {"domain": {"id": id}}


IN_SYSTEM = {"system": {"all": True}}
