"""Conversations of services that have signed requests checked."""

import base64
import datetime
from typing import Any

import httpx

from identity.keystone import Keystone
from pilvi.identity.model.signatures import SignedRequest, sign_ec2, sign_s3


async def make_keys(keystone: Keystone) -> dict[str, str]:
    me, demo = await keystone.user("demo"), keystone.cloud.project_ids["demo"]
    path = f"/users/{me}/credentials/OS-EC2"
    reply = await keystone.call("POST", path, {"tenant_id": demo}, user="demo")
    found: dict[str, str] = reply.json()["credential"]
    return found


def signed(keys: dict[str, str], minutes_ago: int = 0, host: str = "ec2.test") -> dict[str, Any]:
    """A request to EC2 as a service passes it on."""
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes_ago)
    params = {"SignatureVersion": "2", "Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
    request = SignedRequest("GET", host.partition(":")[0], "/", params)
    return {
        "access": keys["access"],
        "signature": sign_ec2(keys["secret"], request),
        "verb": "GET",
        "host": host,
        "path": "/",
        "params": params,
        "headers": {},
        "body_hash": "",
    }


async def ask(
    keystone: Keystone, credentials: dict[str, Any], user: str = "admin", word: str = "credentials"
) -> httpx.Response:
    return await keystone.call("POST", "/ec2tokens", {word: credentials}, user=user)


async def test_a_signed_request_gives_its_users_token(keystone: Keystone) -> None:
    keys = await make_keys(keystone)
    for word, host in (("credentials", "ec2.test"), ("ec2Credentials", "ec2.test:8773")):
        reply = await ask(keystone, signed(keys, host=host), word=word)
        assert reply.status_code == 200, reply.text
        token = reply.json()["token"]
        assert token["user"]["name"] == "demo" and token["methods"] == ["ec2credential"]
        assert token["project"]["id"] == keys["tenant_id"]
    text = reply.headers["x-subject-token"]
    seen = await keystone.with_token(text, "GET", "/auth/tokens", x_subject_token=text)
    assert seen.status_code == 200


async def test_only_services_and_admins_ask(keystone: Keystone) -> None:
    """OSSA-2025-002."""
    keys = await make_keys(keystone)
    for path in ("/ec2tokens", "/s3tokens"):
        body = {"credentials": signed(keys)}
        assert (await keystone.call("POST", path, body, user="demo")).status_code == 403
        assert (await keystone.call("POST", path, body, user=None)).status_code == 401
        assert (await keystone.call("GET", path)).status_code == 405


async def test_what_is_not_signed_rightly_is_refused(keystone: Keystone) -> None:
    keys = await make_keys(keystone)
    good = signed(keys)
    for change, status in (
        ({"signature": "wrong"}, 401),
        ({"signature": ""}, 401),
        ({"path": "/other"}, 401),
        ({"access": ""}, 401),
        ({"access": "nobody"}, 404),
        ({"params": {**good["params"], "Timestamp": "x"}}, 401),
        ({"params": {"SignatureVersion": "1"}}, 401),
    ):
        assert (await ask(keystone, {**good, **change})).status_code == status, change
    for minutes in (16, -16):
        assert (await ask(keystone, signed(keys, minutes))).status_code == 401
    reply = await keystone.call("POST", "/ec2tokens", {})
    assert reply.status_code == 401
    user = await keystone.user("demo")
    await keystone.change(f"/users/{user}", enabled=False)
    assert (await ask(keystone, signed(keys))).status_code == 401


async def test_s3_is_told_who_it_was_but_given_no_token(keystone: Keystone) -> None:
    keys = await make_keys(keystone)
    text = b"GET\n\n\n\n/bucket/thing"
    credentials = {
        "access": keys["access"],
        "token": base64.urlsafe_b64encode(text).decode(),
        "signature": sign_s3(keys["secret"], text),
    }
    reply = await keystone.call("POST", "/s3tokens", {"credentials": credentials})
    assert reply.status_code == 200 and "x-subject-token" not in reply.headers
    assert reply.json()["token"]["user"]["name"] == "demo"
    for change in ({"signature": "x"}, {"token": "é"}, {"token": ""}):
        body = {"credentials": {**credentials, **change}}
        assert (await keystone.call("POST", "/s3tokens", body)).status_code == 401, change


async def test_paths_of_signed_tokens_are_gone(keystone: Keystone) -> None:
    for path in ("/OS-SIMPLE-CERT/ca", "/OS-SIMPLE-CERT/certificates"):
        reply = await keystone.call("GET", path, user=None)
        assert (reply.status_code, reply.json()["error"]["code"]) == (410, 410)
    assert (await keystone.call("GET", "/auth/tokens/OS-PKI/revoked")).status_code == 403
