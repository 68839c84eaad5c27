"""Requests that come again with the same Idempotency-Key, on both databases."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from starlette.requests import Request

from cloud import Cloud, nothing_more, running_cloud, take_snapshot
from cloud_databases import CloudDatabases
from pilvi.core.db.replies import kept_replies
from pilvi.core.http import Caller, Route
from pilvi.core.http.replays import Keeping, recognize

NETWORKS = "/network/v2.0/networks"
KEYPAIRS = "/compute/v2.1/os-keypairs"


@pytest.fixture(params=["sqlite", "postgresql"])
async def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cloud]:
    """A cloud on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/api/pilvi.db"
        async with running_cloud(tmp_path, database_url=url) as running:
            yield running
        return
    databases: CloudDatabases = request.getfixturevalue("cloud_databases")
    snapshot = await take_snapshot(nothing_more)
    async with (
        databases.holding(snapshot.files) as url,
        running_cloud(tmp_path, database_url=url) as running,
    ):
        yield running


class Plain:
    """A sealer that hides nothing."""

    def seal(self, secret: str) -> str:
        return secret

    def open(self, sealed: str) -> str:
        return sealed


async def _create(cloud: Cloud, key: str, name: str = "n", **options: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    body = {"network": {"name": name}}
    return await cloud.call("POST", NETWORKS, body, headers=headers, **options)


async def _count(cloud: Cloud) -> int:
    return len((await cloud.call("GET", NETWORKS)).json()["networks"])


async def test_the_same_again_is_the_same_answer_and_no_second_thing(cloud: Cloud) -> None:
    first = await _create(cloud, "k")
    again = await _create(cloud, "k")
    assert (
        (again.status_code, again.content)
        == (first.status_code, first.content)
        == (
            201,
            first.content,
        )
    )
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-openstack-request-id"] != first.headers["x-openstack-request-id"]
    assert await _count(cloud) == 1
    other = await _create(cloud, "other")
    assert other.json()["network"]["id"] != first.json()["network"]["id"]
    assert await _count(cloud) == 2


async def test_many_at_once_make_one_thing(cloud: Cloud) -> None:
    replies = await asyncio.gather(*(_create(cloud, "k") for _ in range(12)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["network"]["id"] for reply in replies}) == 1
    assert sum("idempotency-replayed" in reply.headers for reply in replies) == 11
    assert await _count(cloud) == 1


async def test_another_request_with_the_key_is_refused(cloud: Cloud) -> None:
    assert (await _create(cloud, "k", "one")).status_code == 201
    refused = await _create(cloud, "k", "two")
    assert refused.status_code == 409
    assert "choose a new key" in refused.text
    assert await _count(cloud) == 1


async def test_a_key_is_the_callers_and_the_paths_own(cloud: Cloud) -> None:
    mine = await _create(cloud, "k")
    theirs = await _create(cloud, "k", user="admin")
    assert theirs.status_code == 201 and theirs.content != mine.content
    key = {"Idempotency-Key": "k"}
    elsewhere = await cloud.call("POST", KEYPAIRS, {"keypair": {"name": "p"}}, headers=key)
    assert elsewhere.status_code == 200 and "keypair" in elsewhere.json()


async def test_an_answer_is_not_for_who_may_do_less(cloud: Cloud) -> None:
    """A user's own answer is not given to what the user delegated, which is refused the request."""
    key = {"Idempotency-Key": "k"}
    token = await cloud.token()
    own = {"x-auth-token": token, "x-subject-token": token}
    me = (await cloud.http.get("/identity/v3/auth/tokens", headers=own)).json()["token"]
    user = f"/identity/v3/users/{me['user']['id']}"
    wanted = {"application_credential": {"name": "all"}}
    made = (await cloud.call("POST", f"{user}/application_credentials", wanted)).json()
    proof = {name: made["application_credential"][name] for name in ("id", "secret")}
    identity = {"methods": ["application_credential"], "application_credential": proof}
    body = {"auth": {"identity": identity}}
    reply = await cloud.http.post("/identity/v3/auth/tokens", json=body)
    delegated = {"x-auth-token": reply.headers["x-subject-token"], **key}
    asked = {"tenant_id": me["project"]["id"]}
    path = f"{user}/credentials/OS-EC2"
    assert (await cloud.call("POST", path, asked, headers=key)).status_code == 201
    refused = await cloud.http.post(path, json=asked, headers=delegated)
    assert refused.status_code == 403
    assert "idempotency-replayed" not in refused.headers and "secret" not in refused.json()


async def _nothing(call: Any) -> None:
    return None


def test_a_key_is_of_a_callers_rights() -> None:
    keeping = Keeping(Plain(), 60)
    route = Route("POST", "/things", _nothing, "t:write")
    scope = {"type": "http", "method": "POST", "path": "/things", "query_string": b""}
    request = Request({**scope, "headers": [(b"idempotency-key", b"k"), (b"host", b"h")]})

    def scope_of(**values: Any) -> str:
        caller = Caller(user_id="u", project_id="p", **values)
        found = recognize(keeping, request, caller, route, b"{}")
        assert found is not None
        return found.scope_sha256

    both, one = frozenset({"member", "reader"}), frozenset({"reader"})
    assert scope_of(roles=both) == scope_of(roles=frozenset({"reader", "member"}))
    scopes = {
        scope_of(roles=both),
        scope_of(roles=one),
        scope_of(roles=both, delegation_id="d"),
        scope_of(roles=both, delegation_id="e"),
    }
    assert len(scopes) == 4


async def test_what_failed_is_tried_anew(cloud: Cloud) -> None:
    key = {"Idempotency-Key": "k"}
    bad = await cloud.call("POST", NETWORKS, {"network": {"mtu": "wide"}}, headers=key)
    assert bad.status_code == 400
    assert (await _create(cloud, "k")).status_code == 201
    assert await _count(cloud) == 1


async def test_after_a_day_a_key_is_new_and_its_answer_forgotten(cloud: Cloud) -> None:
    first = await _create(cloud, "k")
    await _create(cloud, "later")
    async with cloud.db.write() as tx:
        day = datetime.timedelta(hours=24)
        await tx.run(update(kept_replies).values(kept_at=datetime.datetime.now(datetime.UTC) - day))
    second = await _create(cloud, "k")
    assert second.json()["network"]["id"] != first.json()["network"]["id"]
    async with cloud.db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(kept_replies)) == 1


async def test_secrets_of_an_answer_are_not_in_the_database(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k", "openstack-api-version": "compute 2.1"}
    body = {"keypair": {"name": "p"}}
    first = await cloud.call("POST", KEYPAIRS, body, headers=headers)
    assert "PRIVATE KEY" in first.json()["keypair"]["private_key"]
    again = await cloud.call("POST", KEYPAIRS, body, headers=headers)
    assert again.content == first.content
    assert again.headers["openstack-api-version"] == "compute 2.1"
    async with cloud.db.read() as tx:
        kept = await tx.scalar(select(kept_replies.c.reply))
    assert "PRIVATE" not in kept and "keypair" not in kept


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_of_no_use_is_refused(cloud: Cloud, key: str) -> None:
    assert (await _create(cloud, key)).status_code == 400
    assert await _count(cloud) == 0


async def test_reads_and_changes_of_other_methods_take_no_notice(cloud: Cloud) -> None:
    key = {"Idempotency-Key": "k"}
    made = (await _create(cloud, "k")).json()["network"]
    shown = await cloud.call("GET", f"{NETWORKS}/{made['id']}", headers=key)
    assert shown.json()["network"]["name"] == "n"
    body = {"network": {"name": "new"}}
    changed = await cloud.call("PUT", f"{NETWORKS}/{made['id']}", body, headers=key)
    assert changed.json()["network"]["name"] == "new"
