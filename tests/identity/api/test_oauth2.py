"""Conversations of clients that get tokens by OAuth 2."""

import base64

import httpx

from identity.keystone import ROOT, Keystone

TOKEN = f"{ROOT}/OS-OAUTH2/token"


async def make_client(keystone: Keystone) -> dict[str, str]:
    path = f"/users/{await keystone.user('demo')}/application_credentials"
    body = {"application_credential": {"name": "robot", "roles": [{"name": "reader"}]}}
    reply = await keystone.call("POST", path, body, user="demo")
    found: dict[str, str] = reply.json()["application_credential"]
    return found


async def ask(keystone: Keystone, form: dict[str, str], *basic: str) -> httpx.Response:
    headers = {}
    if basic:
        pair = base64.b64encode(":".join(basic).encode()).decode()
        headers["authorization"] = f"Basic {pair}"
    return await keystone.cloud.http.post(TOKEN, data=form, headers=headers)


async def test_a_client_gets_a_token_of_its_credential(keystone: Keystone) -> None:
    client = await make_client(keystone)
    grant = {"grant_type": "client_credentials"}
    in_form = {**grant, "client_id": client["id"], "client_secret": client["secret"]}
    for reply in (
        await ask(keystone, grant, client["id"], client["secret"]),
        await ask(keystone, in_form),
    ):
        assert reply.status_code == 200, reply.text
        assert reply.headers["cache-control"] == "no-store"
        body = reply.json()
        assert (body["token_type"], body["expires_in"] > 0) == ("Bearer", True)
    text = body["access_token"]
    shown = await keystone.with_token(text, "GET", "/auth/tokens", x_subject_token=text)
    token = shown.json()["token"]
    assert token["application_credential"]["id"] == client["id"]
    assert [role["name"] for role in token["roles"]] == ["reader"]


async def test_refusals_are_those_of_oauth(keystone: Keystone) -> None:
    client = await make_client(keystone)
    grant = {"grant_type": "client_credentials"}
    for form, basic, status, error in (
        ({}, (), 400, "invalid_request"),
        ({"grant_type": "password"}, (), 400, "unsupported_grant_type"),
        (grant, (), 401, "invalid_client"),
        (grant, (client["id"],), 401, "invalid_client"),
        (grant, (client["id"], "wrong"), 401, "invalid_client"),
        (grant, ("nobody", client["secret"]), 401, "invalid_client"),
    ):
        reply = await ask(keystone, form, *basic)
        assert (reply.status_code, reply.json()["error"]) == (status, error), form
        assert ("www-authenticate" in reply.headers) == (status == 401)
    for content in (b"\xff", b"x" * 4097, b"&".join([b"a=b"] * 99)):
        reply = await keystone.cloud.http.post(TOKEN, content=content)
        assert reply.status_code in (400, 413)
    for header in ("Basic é", "Basic !", "Bearer x"):
        sent = [(b"authorization", header.encode("latin-1"))]
        reply = await keystone.cloud.http.post(TOKEN, data=grant, headers=sent)
        assert reply.status_code == 401, header
    assert (await keystone.call("GET", "/OS-OAUTH2/token")).status_code == 405
