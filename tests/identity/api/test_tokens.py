"""Conversations about tokens."""

import asyncio
import datetime

import msgspec
import pytest

from cloud import Cloud, login
from identity.keystone import IN_SYSTEM, Keystone, in_domain, in_project
from pilvi.identity.operations import passcodes


async def test_password_gives_a_scoped_token_with_catalog(cloud: Cloud) -> None:
    reply = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "demo"))
    assert reply.status_code == 201
    token = reply.json()["token"]
    assert token["project"]["name"] == "demo"
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    assert {service["type"] for service in token["catalog"]} >= {"compute", "image", "network"}
    assert reply.headers["x-openstack-request-id"].startswith("req-")


async def test_wrong_password_and_unknown_user_are_401(cloud: Cloud) -> None:
    for body in (login("demo", "demo", "wrong"), login("nobody", "demo", "x")):
        reply = await cloud.http.post("/identity/v3/auth/tokens", json=body)
        assert reply.status_code == 401
        assert reply.json()["error"]["code"] == 401


async def test_a_long_password_is_refused_without_hashing(cloud: Cloud) -> None:
    body = login("demo", "demo", "x" * 900_000)
    async with asyncio.timeout(5):
        reply = await cloud.http.post("/identity/v3/auth/tokens", json=body)
    assert reply.status_code == 401


async def test_scope_without_a_role_is_401(cloud: Cloud) -> None:
    reply = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "admin"))
    assert reply.status_code == 401


async def test_unknown_field_is_400_and_names_it(cloud: Cloud) -> None:
    body = login("demo", "demo")
    body["auth"]["scope"]["color"] = "red"
    reply = await cloud.http.post("/identity/v3/auth/tokens", json=body)
    assert reply.status_code == 400
    assert "color" in reply.json()["error"]["message"]


async def test_token_from_token_never_lives_longer(cloud: Cloud) -> None:
    first = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "demo"))
    auth = {"identity": {"methods": ["token"], "token": {"id": first.headers["x-subject-token"]}}}
    again = await cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
    assert again.status_code == 201
    assert again.json()["token"]["expires_at"] == first.json()["token"]["expires_at"]


async def test_revoked_token_is_401_at_once_and_ends_its_children(cloud: Cloud) -> None:
    token = await cloud.token()
    auth = {"identity": {"methods": ["token"], "token": {"id": token}}}
    child = await cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
    headers = {"x-subject-token": token}
    gone = await cloud.call("DELETE", "/identity/v3/auth/tokens", headers=headers)
    assert gone.status_code == 204
    for ended in (token, child.headers["x-subject-token"]):
        reply = await cloud.http.get("/identity/v3/auth/catalog", headers={"x-auth-token": ended})
        assert reply.status_code == 401


async def test_revoked_role_counts_at_once(cloud: Cloud) -> None:
    query = "/identity/v3/role_assignments?include_names"
    assignments = (await cloud.call("GET", query, user="admin")).json()["role_assignments"]
    demo = cloud.project_ids["demo"]
    mine = next(
        a
        for a in assignments
        if a["role"]["name"] == "member" and a["scope"].get("project", {}).get("id") == demo
    )
    token = await cloud.token()
    path = f"/identity/v3/projects/{demo}/users/{mine['user']['id']}/roles/{mine['role']['id']}"
    assert (await cloud.call("DELETE", path, user="admin")).status_code == 204
    reply = await cloud.http.get(f"/identity/v3/projects/{demo}", headers={"x-auth-token": token})
    assert reply.status_code in (200, 401, 403)
    again = await cloud.http.post("/identity/v3/auth/tokens", json=login("demo", "demo"))
    assert again.status_code == 401


async def test_disabled_project_ends_its_tokens(cloud: Cloud) -> None:
    token = await cloud.token()
    path = f"/identity/v3/projects/{cloud.project_ids['demo']}"
    body = {"project": {"enabled": False}}
    assert (await cloud.call("PATCH", path, body, user="admin")).status_code == 200
    reply = await cloud.http.get(path, headers={"x-auth-token": token})
    assert reply.status_code == 401


async def test_member_may_not_create_projects_and_headers_give_nobody_rights(cloud: Cloud) -> None:
    body = {"project": {"name": "mine"}}
    forged = {"x-roles": "admin", "x-user-id": "admin", "x-is-admin-project": "true"}
    reply = await cloud.call("POST", "/identity/v3/projects", body, headers=forged)
    assert reply.status_code == 403


async def test_no_token_and_garbage_token_are_401(cloud: Cloud) -> None:
    assert (await cloud.call("GET", "/identity/v3/users", user=None)).status_code == 401
    reply = await cloud.http.get("/identity/v3/users", headers={"x-auth-token": "garbage"})
    assert reply.status_code == 401


async def test_unknown_path_has_the_service_fault(cloud: Cloud) -> None:
    reply = await cloud.http.get("/identity/v3/nothing")
    assert reply.status_code == 404
    assert reply.json()["error"]["title"] == "Not Found"


async def test_scopes_of_a_token(keystone: Keystone) -> None:
    admin = await keystone.user("admin")
    for scope, key in ((IN_SYSTEM, "system"), (in_domain("default"), "domain")):
        reply = await keystone.log_in(admin, scope, "admin-secret")
        assert reply.status_code == 201 and key in reply.json()["token"]
        assert "project" not in reply.json()["token"]
    named = {"domain": {"name": "Default"}}
    assert (await keystone.log_in(admin, named, "admin-secret")).status_code == 201
    none = (await keystone.log_in(admin, "unscoped", "admin-secret")).json()["token"]
    assert not {"roles", "catalog", "project"} & set(none)
    for wrong in (in_domain("nowhere"), in_project("nowhere"), {"domain": {"name": "x"}}):
        assert (await keystone.log_in(admin, wrong, "admin-secret")).status_code == 401
    assert [d["name"] for d in (await keystone.get("/auth/domains"))["domains"]] == ["Default"]
    assert (await keystone.get("/auth/system"))["system"] == [{"all": True}]
    assert (await keystone.get("/auth/system", user="demo"))["system"] == []
    assert (await keystone.get("/auth/domains", user="demo"))["domains"] == []


async def test_a_default_project_counts_where_one_has_a_role(keystone: Keystone) -> None:
    project = await keystone.make("projects", name="p")
    user = await keystone.new_user("ann", default_project_id=project["id"])
    assert "project" not in (await keystone.log_in(user["id"])).json()["token"]
    await keystone.grant(f"projects/{project['id']}/users/{user['id']}", "reader")
    shown = (await keystone.log_in(user["id"])).json()["token"]
    assert shown["project"]["id"] == project["id"]
    assert (await keystone.change(f"/projects/{project['id']}", enabled=False)).status_code == 200
    assert "project" not in (await keystone.log_in(user["id"])).json()["token"]


async def test_who_sees_a_token(keystone: Keystone) -> None:
    token = await keystone.cloud.token()
    service = await keystone.new_user("nova")
    other = await keystone.new_user("ann")
    demo = keystone.cloud.project_ids["demo"]
    await keystone.grant(f"projects/{demo}/users/{service['id']}", "service")
    await keystone.grant(f"projects/{demo}/users/{other['id']}", "member")
    for user, status in ((service, 200), (other, 404)):
        asking = await keystone.token(user["id"], in_project(demo))
        reply = await keystone.with_token(asking, "GET", "/auth/tokens", x_subject_token=token)
        assert reply.status_code == status
        ended = await keystone.with_token(asking, "DELETE", "/auth/tokens", x_subject_token=token)
        assert ended.status_code == (403 if status == 200 else 404)
    head = await keystone.call("HEAD", "/auth/tokens", headers={"x-subject-token": token})
    assert head.status_code == 200
    lean = await keystone.call("GET", "/auth/tokens?nocatalog", headers={"x-subject-token": token})
    assert "catalog" not in lean.json()["token"]


async def test_an_expired_token_is_seen_only_by_those_who_ask(keystone: Keystone) -> None:
    """OSSA-2013-014."""
    plane = keystone.cloud.plane
    token = plane.keys.open(await keystone.cloud.token())
    now = datetime.datetime.now(datetime.UTC)
    for age, allowed in ((datetime.timedelta(seconds=1), True), (datetime.timedelta(3), False)):
        old = plane.keys.seal(msgspec.structs.replace(token, expires_at=now - age))
        headers = {"x-subject-token": old}
        assert (await keystone.with_token(old, "GET", "/auth/projects")).status_code == 401
        assert (await keystone.call("GET", "/auth/tokens", headers=headers)).status_code == 404
        reply = await keystone.call("GET", "/auth/tokens?allow_expired=1", headers=headers)
        assert reply.status_code == (200 if allowed else 404)


async def test_revocation_events(keystone: Keystone) -> None:
    token = await keystone.cloud.token()
    audit_id = keystone.cloud.plane.keys.open(token).audit_ids[0]
    assert (await keystone.get("/OS-REVOKE/events"))["events"] == []
    headers = {"x-subject-token": token}
    assert (await keystone.call("DELETE", "/auth/tokens", headers=headers)).status_code == 204
    (event,) = (await keystone.get("/OS-REVOKE/events"))["events"]
    assert event["audit_id"] == audit_id
    later = await keystone.get("/OS-REVOKE/events?since=2999-01-01T00:00:00Z")
    assert later["events"] == []


async def test_a_hundred_times_rescoped_it_ends_when_the_first_did(keystone: Keystone) -> None:
    """OSSA-2012-010 and 2012-019; OSSA-2016-008: ending the first ends the last."""
    first = await keystone.cloud.token()
    token, expires = first, set()
    for _ in range(100):
        reply = await keystone.rescope(token)
        token = reply.headers["x-subject-token"]
        expires.add(reply.json()["token"]["expires_at"])
    assert len(expires) == 1
    headers = {"x-subject-token": first}
    assert (await keystone.call("DELETE", "/auth/tokens", headers=headers)).status_code == 204
    assert (await keystone.with_token(token, "GET", "/auth/projects")).status_code == 401


async def test_strange_methods_are_400(keystone: Keystone) -> None:
    """OSSA-2014-013 and 2013-015: no chain of methods, no empty password."""
    me = {"id": await keystone.user("demo")}
    named = {"user": {**me, "password": "demo-secret"}}
    for methods, status in (
        (["password"] * 10_000, 400),
        ([], 400),
        (["kerberos"], 400),
        (["totp"], 400),
        (["external"], 400),
        (["password", "password"], 201),
    ):
        part = {"methods": methods, "password": named}
        assert (await keystone.authenticate({"identity": part})).status_code == status
    for password in ("", None):
        part = {"methods": ["password"], "password": {"user": {**me, "password": password}}}
        assert (await keystone.authenticate({"identity": part})).status_code in (400, 401)


async def test_two_methods_mean_one_user(keystone: Keystone) -> None:
    token = await keystone.cloud.token("admin")
    me = {"id": await keystone.user("demo"), "password": "demo-secret"}
    part = {"methods": ["password", "token"], "password": {"user": me}, "token": {"id": token}}
    assert (await keystone.authenticate({"identity": part})).status_code == 401


class Authenticator:
    """What shows a user's passcodes, and sends them."""

    SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    def __init__(self, keystone: Keystone, user_id: str) -> None:
        self._keystone = keystone
        self._user_id = user_id

    async def send(self, code: str) -> int:
        """The status of a login by a passcode alone."""
        named = {"user": {"id": self._user_id, "passcode": code}}
        auth = {"identity": {"methods": ["totp"], "totp": named}}
        status: int = (await self._keystone.authenticate(auth)).status_code
        return status

    @property
    def code(self) -> str:
        """The one of now."""
        return passcodes.passcode(self.SECRET, passcodes.find_present_step())


@pytest.fixture
async def authenticator(keystone: Keystone, monkeypatch: pytest.MonkeyPatch) -> Authenticator:
    """Of demo's, in a step of time that does not end in a test."""
    monkeypatch.setattr(passcodes, "STEP_S", 10**9)
    me = await keystone.user("demo")
    wanted = {"type": "totp", "blob": Authenticator.SECRET, "user_id": me}
    await keystone.make("credentials", user="demo", **wanted)
    return Authenticator(keystone, me)


async def test_a_passcode_is_good_once(authenticator: Authenticator) -> None:
    code = authenticator.code
    assert sorted(await asyncio.gather(*map(authenticator.send, [code] * 4))) == [201, *[401] * 3]
    assert await authenticator.send(code) == 401


async def test_passcodes_are_not_guessed_for_long(authenticator: Authenticator) -> None:
    guesses = [f"{number:07d}" for number in range(passcodes.FAILURES_MAX)]
    assert set(await asyncio.gather(*map(authenticator.send, guesses))) == {401}
    assert await authenticator.send(authenticator.code) == 401


async def test_a_signature_alone_is_no_way_in(keystone: Keystone) -> None:
    """OSSA-2025-002: there is no way in by a signature alone."""
    for path in ("ec2tokens", "s3tokens"):
        body = {"credentials": {"access": "x", "signature": "y"}}
        assert (await keystone.call("POST", f"/{path}", body, user=None)).status_code == 401
