"""Conversations about credentials, keys for EC2, and one-time passcodes."""

import base64
import json
import time
from typing import Any

import pytest

from identity.keystone import SECRET, Keystone
from pilvi.identity.operations.passcodes import FAILURES_MAX, STEP_S, passcode
from pilvi.testing.login import PASSWORDS


async def test_a_credential_lives_and_the_database_does_not_tell_it(keystone: Keystone) -> None:
    me = await keystone.user("demo")
    made = await keystone.make("credentials", "demo", type="note", blob="canary", user_id=me)
    path = f"/credentials/{made['id']}"
    body = {"credential": {"blob": "canary-2"}}
    changed = await keystone.call("PATCH", path, body, user="demo")
    assert changed.json()["credential"]["blob"] == "canary-2"
    assert (await keystone.get(path, user="demo"))["credential"]["type"] == "note"
    state = keystone.cloud.settings.state
    kept = b"".join(file.read_bytes() for file in state.rglob("*") if file.is_file())
    assert b"canary" not in kept
    assert (await keystone.call("DELETE", path, user="demo")).status_code == 204
    assert (await keystone.call("GET", path, user="demo")).status_code == 404


async def test_one_sees_and_changes_ones_own_alone(keystone: Keystone) -> None:
    """OSSA-2019-006 and 2020-004."""
    admin, me = await keystone.user("admin"), await keystone.user("demo")
    theirs = await keystone.make("credentials", type="t", blob="b", user_id=admin)
    mine = await keystone.make("credentials", "demo", type="t", blob="b", user_id=me)
    listed = (await keystone.get("/credentials", user="demo"))["credentials"]
    assert [one["id"] for one in listed] == [mine["id"]]
    both = (await keystone.get("/credentials?type=t"))["credentials"]
    assert {one["id"] for one in both} == {theirs["id"], mine["id"]}
    assert len((await keystone.get(f"/credentials?user_id={me}"))["credentials"]) == 1
    path = f"/credentials/{theirs['id']}"
    for method in ("GET", "DELETE"):
        assert (await keystone.call(method, path, user="demo")).status_code == 404
    body: dict[str, Any] = {"credential": {"blob": "x"}}
    assert (await keystone.call("PATCH", path, body, user="demo")).status_code == 404
    for field in ({"user_id": admin}, {"project_id": keystone.cloud.project_ids["admin"]}):
        body = {"credential": field}
        reply = await keystone.call("PATCH", f"/credentials/{mine['id']}", body, user="demo")
        assert reply.status_code == 400
    body = {"credential": {"type": "t", "blob": "b", "user_id": admin}}
    assert (await keystone.call("POST", "/credentials", body, user="demo")).status_code == 403


async def test_keys_for_ec2(keystone: Keystone) -> None:
    me, demo = await keystone.user("demo"), keystone.cloud.project_ids["demo"]
    root = f"/users/{me}/credentials/OS-EC2"
    reply = await keystone.call("POST", root, {"tenant_id": demo}, user="demo")
    assert reply.status_code == 201
    made = reply.json()["credential"]
    assert (made["user_id"], made["tenant_id"]) == (me, demo)
    path = f"{root}/{made['access']}"
    assert (await keystone.get(path, user="demo"))["credential"] == made
    assert (await keystone.get(root, user="demo"))["credentials"] == [made]
    (same,) = (await keystone.get("/credentials?type=ec2", user="demo"))["credentials"]
    assert json.loads(same["blob"])["secret"] == made["secret"]
    assert (await keystone.call("DELETE", path, user="demo")).status_code == 204
    assert (await keystone.call("GET", path, user="demo")).status_code == 404


async def test_keys_are_for_ones_own_projects(keystone: Keystone) -> None:
    """OSSA-2026-015: neither for a project in which one has no role, nor for another user."""
    me, other = await keystone.user("demo"), await keystone.user("admin")
    foreign = {"tenant_id": keystone.cloud.project_ids["admin"]}
    for user, body in ((me, foreign), (other, {"tenant_id": keystone.cloud.project_ids["demo"]})):
        path = f"/users/{user}/credentials/OS-EC2"
        assert (await keystone.call("POST", path, body, user="demo")).status_code == 403
    assert (await keystone.get("/credentials"))["credentials"] == []


@pytest.mark.parametrize("blob", ["", "x", "[]", '{"access": "a"}', "[" * 5000])
async def test_a_blob_for_ec2_has_keys(keystone: Keystone, blob: str) -> None:
    project = keystone.cloud.project_ids["demo"]
    fields = {"type": "ec2", "blob": blob, "project_id": project}
    reply = await keystone.call("POST", "/credentials", {"credential": fields}, user="demo")
    assert reply.status_code == 400


async def test_a_second_factor(keystone: Keystone) -> None:
    rules = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}
    user = await keystone.new_user("ann", options=rules)
    secret = base64.b32encode(b"twelve bytes").decode()
    await keystone.make("credentials", type="totp", blob=secret, user_id=user["id"])
    password = {"user": {"id": user["id"], "password": SECRET}}
    step = int(time.time() // STEP_S)
    code = {"user": {"id": user["id"], "passcode": passcode(secret, step)}}
    wrong = {"user": {"id": user["id"], "passcode": passcode(secret, step - 40)}}
    other = {"user": {"id": await keystone.user("demo"), "password": PASSWORDS["demo"]}}
    both = {"methods": ["password", "totp"], "password": other, "totp": wrong}
    for _ in range(FAILURES_MAX):
        assert (await keystone.authenticate({"identity": both})).status_code == 401
    for methods, totp, status in (
        (["password"], code, 401),
        (["totp"], code, 401),
        # Without the other factor nobody uses one up, nor has others refused.
        *[(["totp"], wrong, 401)] * FAILURES_MAX,
        (["password", "totp"], wrong, 401),
        (["password", "totp"], code, 201),
    ):
        part = {"methods": methods, "password": password, "totp": totp}
        reply = await keystone.authenticate({"identity": part})
        assert reply.status_code == status, methods
    assert reply.json()["token"]["methods"] == ["password", "totp"]
    assert (await keystone.authenticate({"identity": part})).status_code == 401
    again = await keystone.rescope(reply.headers["x-subject-token"])
    assert again.status_code == 201
