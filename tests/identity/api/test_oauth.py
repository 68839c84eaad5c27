"""Conversations about OAuth 1: a consumer acts for a user, and no further."""

import time
from typing import Any
from urllib.parse import parse_qs, quote

import pytest

from cloud import BASE
from identity.keystone import ROOT, Keystone, in_project
from pilvi.identity.model.oauth import sign

Keys = tuple[str, str]
"""An id and its secret."""


def _signed(
    path: str, consumer: Keys, token: Keys = ("", ""), *, age_s: int = 0, **more: str
) -> dict[str, str]:
    """The Authorization header of a POST."""
    own = {
        "oauth_consumer_key": consumer[0],
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time()) - age_s),
        "oauth_nonce": "n1",
        "oauth_version": "1.0",
        **({"oauth_token": token[0]} if token[0] else {}),
        **more,
    }
    url = BASE + ROOT + path
    own["oauth_signature"] = sign("POST", url, own.items(), (consumer[1], token[1]))
    text = ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in own.items())
    return {"authorization": f"OAuth {text}"}


class Dance:
    """The steps of a consumer, one by one."""

    def __init__(self, keystone: Keystone, consumer: Keys) -> None:
        self.keystone, self.consumer = keystone, consumer

    async def post(self, path: str, headers: dict[str, str]) -> Any:
        """A signed request."""
        return await self.keystone.cloud.http.post(ROOT + path, headers=headers)

    async def request(self, **more: Any) -> Any:
        """Ask for access to project demo."""
        path = "/OS-OAUTH1/request_token"
        project = self.keystone.cloud.project_ids["demo"]
        headers = _signed(path, self.consumer, oauth_callback="oob", **more)
        return await self.post(path, {**headers, "requested-project-id": project})

    async def authorize(self, id: str, *roles: str, user: str = "demo") -> Any:
        """Say yes as a user."""
        body = {"roles": [{"name": role} for role in roles]}
        path = f"/OS-OAUTH1/authorize/{id}"
        return await self.keystone.call("PUT", path, body, user=user)

    async def access(self, token: Keys, verifier: str) -> Any:
        """Get the access that was authorized."""
        path = "/OS-OAUTH1/access_token"
        return await self.post(path, _signed(path, self.consumer, token, oauth_verifier=verifier))

    async def log_in(self, token: Keys, scope: Any = None, **more: Any) -> Any:
        """Get a token of the cloud."""
        headers = _signed("/auth/tokens", self.consumer, token, **more)
        part = {"identity": {"methods": ["oauth1"], "oauth1": {}}}
        return await self.keystone.authenticate(part, scope, **headers)

    async def whole(self, *roles: str) -> Keys:
        """All steps; the keys of the access."""
        asked = _keys(await self.request())
        said = await self.authorize(asked[0], *roles)
        assert said.status_code == 200, said.text
        return _keys(await self.access(asked, said.json()["token"]["oauth_verifier"]))


def _keys(reply: Any) -> Keys:
    assert reply.status_code == 201, reply.text
    form = parse_qs(reply.text)
    return form["oauth_token"][0], form["oauth_token_secret"][0]


@pytest.fixture
async def dance(keystone: Keystone) -> Dance:
    """A consumer of a fresh cloud."""
    made = await keystone.make("OS-OAUTH1/consumers", description="d")
    return Dance(keystone, (made["id"], made["secret"]))


async def test_a_consumer_lives(keystone: Keystone) -> None:
    made = await keystone.make("OS-OAUTH1/consumers", description="d")
    secret = made.pop("secret")
    path = f"/OS-OAUTH1/consumers/{made['id']}"
    assert (await keystone.get(path))["consumer"] == made
    assert (await keystone.get("/OS-OAUTH1/consumers"))["consumers"] == [made]
    assert (await keystone.change(path, description="e")).json()["consumer"]["description"] == "e"
    assert (await keystone.change(path, secret=secret)).status_code == 400
    assert (await keystone.call("GET", path, user="demo")).status_code == 403
    assert (await keystone.call("DELETE", path)).status_code == 204
    assert (await keystone.call("GET", path)).status_code == 404


async def test_a_consumer_acts_with_the_roles_it_was_given(dance: Dance) -> None:
    """OSSA-2020-005: a subset of the roles stays a subset."""
    access = await dance.whole("reader")
    reply = await dance.log_in(access)
    assert reply.status_code == 201, reply.text
    token = reply.json()["token"]
    assert token["user"]["name"] == "demo" and token["project"]["name"] == "demo"
    assert {role["name"] for role in token["roles"]} == {"reader"}
    keystone, me = dance.keystone, await dance.keystone.user("demo")
    root = f"/users/{me}/OS-OAUTH1/access_tokens"
    (listed,) = (await keystone.get(root, user="demo"))["access_tokens"]
    assert (listed["id"], listed["consumer_id"]) == (access[0], dance.consumer[0])
    path = f"{root}/{access[0]}"
    assert (await keystone.get(path, user="demo"))["access_token"] == listed
    (role,) = (await keystone.get(f"{path}/roles", user="demo"))["roles"]
    shown = await keystone.get(f"{path}/roles/{role['id']}", user="demo")
    assert shown["role"]["name"] == "reader"
    text = reply.headers["x-subject-token"]
    assert (await keystone.with_token(text, "GET", root)).status_code == 403
    assert (await keystone.call("DELETE", path, user="demo")).status_code == 204
    assert (await keystone.with_token(text, "GET", "/auth/projects")).status_code == 401
    assert (await dance.log_in(access)).status_code == 401


async def test_it_stays_in_its_project_and_delegates_nothing(dance: Dance) -> None:
    """OSSA-2026-037."""
    access, keystone = await dance.whole("member"), dance.keystone
    text = (await dance.log_in(access)).headers["x-subject-token"]
    for scope in (in_project(keystone.cloud.project_ids["admin"]), "unscoped"):
        assert (await dance.log_in(access, scope)).status_code == 401
        assert (await keystone.rescope(text, scope)).status_code == 401
    path = f"/users/{await keystone.user('demo')}/application_credentials"
    body = {"application_credential": {"name": "x"}}
    assert (await keystone.with_token(text, "POST", path, body)).status_code == 403


async def test_only_what_one_has_is_authorized_and_once(dance: Dance) -> None:
    asked = _keys(await dance.request())
    assert (await dance.authorize(asked[0], "admin")).status_code == 401
    assert (await dance.authorize(asked[0], "nothing")).status_code == 404
    assert (await dance.authorize(asked[0])).status_code == 400
    assert (await dance.authorize("nowhere", "member")).status_code == 404
    said = await dance.authorize(asked[0], "member")
    assert (await dance.authorize(asked[0], "member")).status_code == 403
    verifier = said.json()["token"]["oauth_verifier"]
    assert (await dance.access(asked, "wrong")).status_code == 401
    assert (await dance.access((asked[0], "wrong"), verifier)).status_code == 401
    assert (await dance.access(asked, verifier)).status_code == 201
    assert (await dance.access(asked, verifier)).status_code == 401


async def test_bad_signatures_are_401(dance: Dance) -> None:
    """OSSA-2020-003: an old one, too."""
    access = await dance.whole("member")
    assert (await dance.log_in(access, age_s=3600)).status_code == 401
    assert (await dance.log_in((access[0], "wrong"))).status_code == 401
    assert (await dance.request(age_s=3600)).status_code == 401
    dance.consumer = (dance.consumer[0], "wrong")
    assert (await dance.log_in(access)).status_code == 401
    dance.consumer = ("nobody", "wrong")
    assert (await dance.request()).status_code == 401
    for text in ("", "Basic x", "OAuth", 'OAuth a="b", a="c"', "OAuth oauth_timestamp=²"):
        headers = [(b"authorization", text.encode())]
        path = f"{ROOT}/OS-OAUTH1/access_token"
        reply = await dance.keystone.cloud.http.post(path, headers=headers)
        assert reply.status_code == 401, text
