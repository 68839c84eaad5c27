"""From a request to a handler and back, over a service of the test's own."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import structlog
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from structlog.testing import capture_logs

from pilvi.core.db import Transaction, open_database
from pilvi.core.db.engine import create_sqlite_engine
from pilvi.core.http import Call, Caller, Check, Reply, Route, Rule, Service, Version, Versions
from pilvi.core.http.dispatch import Gate, build_app
from pilvi.core.http.faults import status_of
from pilvi.errors import Conflict, Internal, NotFound, PilviError, Unauthenticated
from pilvi.settings import Settings

things = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("n", String))


class ThingFields(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    color: str = ""


class ThingCreate(msgspec.Struct, forbid_unknown_fields=True):
    thing: ThingFields


class Paint(msgspec.Struct, forbid_unknown_fields=True):
    color: str


async def create_thing(call: Call[ThingCreate]) -> dict[str, Any]:
    await call.tx.run(insert(things).values(n=call.payload.thing.name))
    if call.payload.thing.name == "late":
        raise Conflict("cannot do it after all")
    if call.payload.thing.name == "bug":
        raise ValueError("secret inside")
    return {"thing": {"name": call.payload.thing.name, "color": call.payload.thing.color}}


async def list_things(call: Call[None]) -> dict[str, Any]:
    rows = await call.tx.all(select(things.c.n))
    return {"things": [row.n for row in rows], "root": call.service_url}


async def paint(call: Call[Paint]) -> Reply:
    return Reply({"color": call.payload.color}, 202, {"location": "/there"})


async def melt(call: Call[None]) -> None:
    return None


async def admit(tx: Transaction, authorization: str | None) -> None:
    await tx.all(select(things.c.n))
    if authorization != "open sesame":
        raise Unauthenticated("cannot let you in")


async def show_version(call: Call[None]) -> dict[str, Any]:
    return {"version": "here"}


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    return status_of(error), {"oops": error.message, "kind": error.kind}, {}


VERSIONS = Versions(
    service="things",
    minimum=(1, 0),
    rows=(
        Version(
            number=(1, 1),
            sentence="Things have a colour.",
            request_fields={"create_thing": ["thing.color"]},
            reply_fields={"create_thing": ["thing.color"]},
        ),
    ),
)


async def show_by_token(call: Call[None]) -> None:
    raise NotFound("cannot find it")


RULES = [
    Rule("t:write", Check.MEMBER, "Make things."),
    Rule("t:read", Check.READER, "See things."),
    Rule("t:see", Check.PUBLIC, "See versions."),
]
ROUTES = [
    Route("POST", "/things", create_thing, "t:write", body=ThingCreate, status=201),
    Route("GET", "/things", list_things, "t:read"),
    Route("POST", "/knock", paint, "t:see", body=Paint, admit=admit),
    Route("POST", "/things/{id}/action", paint, "t:write", action="paint", body=Paint),
    Route("POST", "/things/{id}/action", melt, "t:write", action="melt", status=204, since=(1, 1)),
    Route("GET", "/keys/{key_token}", show_by_token, "t:read"),
]
PEOPLE = {
    "reader": Caller(user_id="r", project_id="p", roles=frozenset({"reader"})),
    "member": Caller(user_id="m", project_id="p", roles=frozenset({"member"})),
}


async def _authenticate(tx: Transaction, token: str) -> Caller:
    if token not in PEOPLE:
        raise Unauthenticated("cannot use this token")
    return PEOPLE[token]


def _service(**changes: Any) -> Service:
    fields: dict[str, Any] = {
        "name": "things",
        "root": "/things/v1",
        "routes": ROUTES,
        "rules": RULES,
        "fault": fault,
        "versions": VERSIONS,
        "accepts_project_in_path": True,
        "discovery_root": "/things",
        "discovery": [Route("GET", "", show_version, "t:see")],
    }
    return Service(**{**fields, **changes})


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    url = f"sqlite:///{tmp_path}/t.db"
    engine = create_sqlite_engine(url)
    things.metadata.create_all(engine)
    engine.dispose()
    db = open_database(url)
    yield Gate(Settings(state_dir=str(tmp_path)), db, _authenticate)
    await db.close()


@pytest.fixture
async def http(gate: Gate) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build_app(gate, [_service()]))
    headers = {"x-auth-token": "member", "openstack-api-version": "things latest"}
    async with httpx.AsyncClient(transport=transport, base_url="http://h", headers=headers) as c:
        yield c


async def test_request_is_a_transaction(http: httpx.AsyncClient) -> None:
    made = await http.post("/things/v1/things", json={"thing": {"name": "a", "color": "red"}})
    assert (made.status_code, made.json()) == (201, {"thing": {"name": "a", "color": "red"}})
    late = await http.post("/things/v1/things", json={"thing": {"name": "late"}})
    assert late.status_code == 409
    listed = (await http.get("/things/v1/things")).json()
    assert listed == {"things": ["a"], "root": "http://h/things/v1"}


async def test_a_defect_is_500_with_the_request_id_and_no_inside(http: httpx.AsyncClient) -> None:
    reply = await http.post("/things/v1/things", json={"thing": {"name": "bug"}})
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert reply.headers["x-openstack-request-id"] in reply.json()["oops"]
    assert (await http.get("/things/v1/things")).json()["things"] == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "JSON"),
        (b'{"thing": {}}', "name"),
        (b'{"thing": {"name": "a", "size": 1}}', "size"),
        (b'{"thing": {"name": 3}}', "name"),
        (b'{"thing": ' + b"[" * 50_000, "thing"),
        (b'{"thing": {"name": "\xff"}}', ""),
    ],
)
async def test_bad_bodies_are_400(http: httpx.AsyncClient, content: bytes, words: str) -> None:
    sent = {"content-type": "application/json"}
    reply = await http.post("/things/v1/things", content=content, headers=sent)
    assert reply.status_code == 400
    assert words in reply.json()["oops"]


async def test_a_stranger_is_refused_before_its_body_and_the_writers_turn(
    http: httpx.AsyncClient, gate: Gate
) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for piece in (b'{"color": ', b'"red"}'):
            read += 1
            yield piece

    path = "/things/v1/knock"
    async with gate.db.write():
        for word in ("", "wrong"):
            sent = {"authorization": word, "content-type": "text/strange"}
            assert (await http.post(path, content=body(), headers=sent)).status_code == 401
    assert read == 0
    sent = {"authorization": "open sesame", "content-type": "application/json"}
    assert (await http.post(path, content=body(), headers=sent)).status_code == 202


async def test_other_content_types_and_big_bodies(http: httpx.AsyncClient) -> None:
    sent = {"content-type": "application/xml"}
    reply = await http.post("/things/v1/things", content=b"<a/>", headers=sent)
    assert reply.status_code == 415
    big = b'{"thing": {"name": "' + b"x" * (1 << 20) + b'"}}'
    reply = await http.post(
        "/things/v1/things", content=big, headers={"content-type": "application/json"}
    )
    assert reply.status_code == 413


async def test_actions_have_rows_of_their_own(http: httpx.AsyncClient) -> None:
    path = "/things/v1/things/1/action"
    painted = await http.post(path, json={"paint": {"color": "blue"}})
    assert (painted.status_code, painted.headers["location"]) == (202, "/there")
    assert (await http.post(path, json={"melt": None})).status_code == 204
    for body in ({"fly": None}, {}, {"paint": {"color": "a"}, "melt": None}, []):
        assert (await http.post(path, json=body)).status_code == 400
    older = {"openstack-api-version": "things 1.0"}
    assert (await http.post(path, json={"melt": None}, headers=older)).status_code == 400


async def test_versions_at_the_edge(http: httpx.AsyncClient) -> None:
    older = {"openstack-api-version": "things 1.0"}
    body = {"thing": {"name": "a"}}
    reply = await http.post("/things/v1/things", json=body, headers=older)
    assert reply.json() == {"thing": {"name": "a"}}
    assert reply.headers["openstack-api-version"] == "things 1.0"
    body["thing"]["color"] = "red"
    assert (await http.post("/things/v1/things", json=body, headers=older)).status_code == 400
    wrong = {"openstack-api-version": "things 9.9"}
    assert (await http.get("/things/v1/things", headers=wrong)).status_code == 406


async def test_who_may_and_project_in_path(http: httpx.AsyncClient) -> None:
    body = {"thing": {"name": "a"}}
    for token, status in (("", 401), ("forged", 401), ("reader", 403), ("member", 201)):
        sent = {"x-auth-token": token}
        assert (await http.post("/things/v1/things", json=body, headers=sent)).status_code == status
    assert (await http.get("/things/v1/p/things")).status_code == 200
    assert (await http.get("/things/v1/other/things")).status_code == 404


async def test_unknown_paths_and_methods_have_the_service_fault(http: httpx.AsyncClient) -> None:
    missing = await http.get("/things/v1/p/nothing/here/at/all")
    assert (missing.status_code, missing.json()["kind"]) == (404, "NotFound")
    wrong = await http.delete("/things/v1/things")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]
    assert (await http.get("/elsewhere")).status_code == 404
    assert (await http.get("/things", headers={"x-auth-token": ""})).json() == {"version": "here"}


def test_a_row_without_a_rule_stops_the_start(tmp_path: Path) -> None:
    gate = Gate(Settings(), open_database(f"sqlite:///{tmp_path}/t.db"), _authenticate)
    with pytest.raises(Internal, match="t:write"):
        build_app(gate, [_service(rules=RULES[1:])])


@pytest.fixture
def every_log() -> Iterator[None]:
    """Log at every level, which tests leave out else."""
    kept = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))
    yield
    structlog.configure(**kept)


@pytest.mark.parametrize("path", ["keys/open-sesame", "keys/open-sesame%3Fx"])
async def test_no_token_of_a_path_is_in_the_log(
    http: httpx.AsyncClient, every_log: None, path: str
) -> None:
    with capture_logs() as logs:
        assert (await http.get(f"/things/v1/{path}")).status_code == 404
        assert (await http.post(f"/things/v1/{path}")).status_code == 405
        assert (await http.get("/things/v1/none")).status_code == 404
        assert (await http.post("/things/v1/things")).status_code == 400
    assert "sesame" not in repr(logs)
    paths = [line["path"] for line in logs]
    assert paths == ["/things/v1/keys/{key_token}"] * 2 + ["/things/v1/things"]
