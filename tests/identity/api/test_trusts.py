"""Conversations about trusts: what they lend, to whom, and when they stop."""

import datetime
from dataclasses import dataclass
from typing import Any

import pytest

from cloud import Cloud
from identity.keystone import IN_SYSTEM, Keystone, in_project

TRUSTS = "/OS-TRUST/trusts"


@dataclass
class Pair:
    """A trustor with roles in a project, and a trustee with none."""

    keystone: Keystone
    trustor: str
    trustee: str
    project: str
    token: str
    """The trustor's own."""

    async def ask(self, token: str | None = None, **fields: Any) -> Any:
        """The reply to a request for a trust, of the trustor's own unless told otherwise."""
        body = {
            "trustor_user_id": self.trustor,
            "trustee_user_id": self.trustee,
            "project_id": self.project,
            "impersonation": False,
            "roles": [{"name": "member"}],
            **fields,
        }
        sent = token or self.token
        return await self.keystone.with_token(sent, "POST", TRUSTS, {"trust": body})

    async def trust(self, **fields: Any) -> dict[str, Any]:
        """A new trust."""
        reply = await self.ask(**fields)
        assert reply.status_code == 201, reply.text
        found: dict[str, Any] = reply.json()["trust"]
        return found

    async def use(self, id: str, user: str | None = None) -> Any:
        """The reply to the trustee's login with a trust."""
        scope = {"OS-TRUST:trust": {"id": id}}
        return await self.keystone.log_in(user or self.trustee, scope)


@pytest.fixture
async def pair(cloud: Cloud) -> Pair:
    """Two users of a fresh cloud."""
    keystone = Keystone(cloud)
    trustor, trustee = [(await keystone.new_user(name))["id"] for name in ("from", "to")]
    project = (await keystone.make("projects", name="p"))["id"]
    for role in ("member", "manager"):
        await keystone.grant(f"projects/{project}/users/{trustor}", role)
    token = await keystone.token(trustor, in_project(project))
    return Pair(keystone, trustor, trustee, project, token)


@pytest.mark.parametrize("impersonation", [False, True])
async def test_a_trustee_acts_with_the_roles_lent(pair: Pair, impersonation: bool) -> None:
    trust = await pair.trust(impersonation=impersonation)
    assert [role["name"] for role in trust["roles"]] == ["member"]
    reply = await pair.use(trust["id"])
    assert reply.status_code == 201, reply.text
    token = reply.json()["token"]
    assert token["user"]["id"] == (pair.trustor if impersonation else pair.trustee)
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    assert token["project"]["id"] == pair.project
    assert token["OS-TRUST:trust"]["id"] == trust["id"]
    path = f"/projects/{pair.project}"
    text = reply.headers["x-subject-token"]
    assert (await pair.keystone.with_token(text, "GET", path)).status_code == 200


async def test_a_trust_is_its_two_sides_business(pair: Pair) -> None:
    trust, keystone = await pair.trust(), pair.keystone
    path = f"{TRUSTS}/{trust['id']}"
    theirs = await keystone.token(pair.trustee)
    for token in (pair.token, theirs):
        assert (await keystone.with_token(token, "GET", path)).status_code == 200
    assert (await keystone.call("GET", path, user="demo")).status_code == 404
    listed = await keystone.with_token(theirs, "GET", f"{TRUSTS}?trustee_user_id={pair.trustee}")
    assert [one["id"] for one in listed.json()["trusts"]] == [trust["id"]]
    assert (await keystone.call("GET", TRUSTS, user="demo")).status_code == 403
    query = f"{TRUSTS}?trustor_user_id={pair.trustor}"
    assert (await keystone.call("GET", query, user="demo")).status_code == 403
    assert [one["id"] for one in (await keystone.get(TRUSTS))["trusts"]] == [trust["id"]]
    member, manager = await keystone.role("member"), await keystone.role("manager")
    roles = (await keystone.with_token(theirs, "GET", f"{path}/roles")).json()["roles"]
    assert [role["id"] for role in roles] == [member]
    for role, status in ((member, 200), (manager, 404)):
        reply = await keystone.with_token(theirs, "GET", f"{path}/roles/{role}")
        assert reply.status_code == status
    assert (await keystone.with_token(theirs, "DELETE", path)).status_code == 403
    assert (await keystone.with_token(pair.token, "DELETE", path)).status_code == 204
    assert (await keystone.with_token(pair.token, "GET", path)).status_code == 404


async def test_only_ones_own_roles_in_ones_own_name(pair: Pair) -> None:
    admin = await pair.keystone.user("admin")
    for fields, status in (
        ({"roles": [{"name": "admin"}]}, 403),
        ({"roles": [{"name": "nothing"}]}, 404),
        ({"roles": []}, 403),
        ({"trustor_user_id": admin}, 403),
        ({"trustee_user_id": "nobody"}, 404),
        ({"project_id": pair.keystone.cloud.project_ids["demo"]}, 403),
        ({"expires_at": "bad.123Z"}, 400),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 400),
        ({"remaining_uses": 0}, 400),
        ({"allow_redelegation": True, "redelegation_count": 9}, 400),
    ):
        assert (await pair.ask(**fields)).status_code == status, fields


async def test_a_trust_is_for_its_trustee(pair: Pair) -> None:
    """OSSA-2014-022: a user does not come by another's trust, project or roles."""
    trust = await pair.trust()
    other = (await pair.keystone.new_user("other"))["id"]
    assert (await pair.use(trust["id"], other)).status_code == 403
    assert (await pair.use("nowhere")).status_code == 403
    demo = pair.keystone.cloud.project_ids["demo"]
    scope = {"OS-TRUST:trust": {"id": trust["id"]}, **in_project(demo)}
    assert (await pair.keystone.log_in(pair.trustee, scope)).status_code == 400


async def test_a_trusts_token_stays_where_it_is(pair: Pair) -> None:
    """OSSA-2014-018, 2013-032 and 2026-037: no more delegation, no other scope, no longer life."""
    keystone = pair.keystone
    demo = keystone.cloud.project_ids["demo"]
    await keystone.grant(f"projects/{demo}/users/{pair.trustor}", "member")
    trust = await pair.trust(impersonation=True)
    reply = await pair.use(trust["id"])
    token = reply.headers["x-subject-token"]
    for scope in (in_project(demo), IN_SYSTEM, "unscoped"):
        assert (await keystone.rescope(token, scope)).status_code == 401
    again = await keystone.rescope(token)
    assert again.json()["token"]["expires_at"] == reply.json()["token"]["expires_at"]
    assert {role["name"] for role in again.json()["token"]["roles"]} == {"member", "reader"}
    assert (await pair.ask(token)).status_code == 403
    root = f"/users/{pair.trustor}"
    for path, body in (
        (f"{root}/application_credentials", {"application_credential": {"name": "x"}}),
        (f"{root}/credentials/OS-EC2", {"tenant_id": pair.project}),
        ("/credentials", {"credential": {"type": "t", "blob": "b", "user_id": pair.trustor}}),
    ):
        assert (await keystone.with_token(token, "POST", path, body)).status_code == 403, path
    assert (await keystone.with_token(token, "GET", "/credentials")).status_code == 403


async def test_a_trust_stops_with_what_it_came_from(pair: Pair) -> None:
    """OSSA-2014-006: the trustee disabled, the trustor's role or the trust gone: 401 at once."""
    keystone = pair.keystone

    async def fresh() -> tuple[str, str]:
        trust = await pair.trust(impersonation=True)
        return trust["id"], (await pair.use(trust["id"])).headers["x-subject-token"]

    async def is_refused(token: str) -> bool:
        reply = await keystone.with_token(token, "GET", "/auth/projects")
        return bool(reply.status_code == 401)

    _, token = await fresh()
    assert (await keystone.change(f"/users/{pair.trustee}", enabled=False)).status_code == 200
    assert await is_refused(token)
    assert (await keystone.change(f"/users/{pair.trustee}", enabled=True)).status_code == 200
    assert await is_refused(token)
    id, token = await fresh()
    assert (await keystone.call("DELETE", f"{TRUSTS}/{id}")).status_code == 204
    assert await is_refused(token)
    id, token = await fresh()
    role = await keystone.role("member")
    path = f"/projects/{pair.project}/users/{pair.trustor}/roles/{role}"
    assert (await keystone.call("DELETE", path)).status_code == 204
    assert await is_refused(token)
    assert (await pair.use(id)).status_code in (401, 403)


async def test_a_number_of_uses_and_an_end(pair: Pair) -> None:
    once = await pair.trust(remaining_uses=1)
    assert (await pair.use(once["id"])).status_code == 201
    assert (await pair.use(once["id"])).status_code == 403
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    trust = await pair.trust(expires_at=soon.isoformat())
    token = (await pair.use(trust["id"])).json()["token"]
    assert token["expires_at"] == trust["expires_at"]


async def test_a_trust_is_passed_on_as_far_as_it_may(pair: Pair) -> None:
    keystone = pair.keystone
    last = (await keystone.new_user("last"))["id"]
    closed = await pair.trust(impersonation=True)
    fields = {"impersonation": True, "allow_redelegation": True}
    trust = await pair.trust(**fields, redelegation_count=2)
    token = (await pair.use(trust["id"])).headers["x-subject-token"]
    onward = {**fields, "trustee_user_id": last, "redelegated_trust_id": trust["id"]}
    for wider in (
        {"redelegation_count": 1, "roles": [{"name": "manager"}]},
        {"redelegation_count": 2},
        {"redelegation_count": 1, "redelegated_trust_id": closed["id"]},
        {"redelegation_count": 1, "remaining_uses": 3},
    ):
        assert (await pair.ask(token, **{**onward, **wider})).status_code == 403, wider
    passed = await pair.ask(token, **onward, redelegation_count=1)
    assert passed.status_code == 201, passed.text
    used = await pair.use(passed.json()["trust"]["id"], last)
    assert used.json()["token"]["user"]["id"] == pair.trustor
    assert (await keystone.call("DELETE", f"{TRUSTS}/{trust['id']}")).status_code == 204
    ended = await keystone.with_token(used.headers["x-subject-token"], "GET", "/auth/projects")
    assert ended.status_code == 401


async def test_a_trust_is_no_application_credential_of_its_id(pair: Pair) -> None:
    """Who chooses a trust's id for a credential gets no lasting secret of the trustor's."""
    trust = await pair.trust(impersonation=True)
    keystone = pair.keystone
    own = (await keystone.make("projects", name="own"))["id"]
    await keystone.grant(f"projects/{own}/users/{pair.trustee}", "member")
    mine = await keystone.token(pair.trustee, in_project(own))
    path = f"/users/{pair.trustee}/application_credentials"
    asked = {"name": "twin", "id": trust["id"], "unrestricted": True}
    reply = await keystone.with_token(mine, "POST", path, {"application_credential": asked})
    assert reply.status_code == 201, reply.text
    lent = (await pair.use(trust["id"])).headers["x-subject-token"]
    path = f"/users/{pair.trustor}/application_credentials"
    reply = await keystone.with_token(
        lent, "POST", path, {"application_credential": {"name": "kept", "unrestricted": True}}
    )
    assert reply.status_code == 403, reply.text


async def test_only_readers_of_the_system_see_all_trusts_and_credentials(pair: Pair) -> None:
    """A role in the system that is not a reader's opens nothing."""
    trust, keystone = await pair.trust(), pair.keystone
    await keystone.make("roles", name="clerk")
    clerk = (await keystone.new_user("clerk"))["id"]
    await keystone.grant(f"system/users/{clerk}", "clerk")
    body = {"credential": {"type": "totp", "blob": "MFRGG"}}
    made = await keystone.with_token(pair.token, "POST", "/credentials", body)
    token = await keystone.token(clerk, IN_SYSTEM)
    credential = f"/credentials/{made.json()['credential']['id']}"
    assert (await keystone.with_token(token, "GET", credential)).status_code == 404
    listed = await keystone.with_token(token, "GET", "/credentials")
    assert listed.json()["credentials"] == []
    path = f"{TRUSTS}/{trust['id']}"
    assert (await keystone.with_token(token, "GET", path)).status_code == 404
