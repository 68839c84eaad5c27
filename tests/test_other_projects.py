"""Every row of every service, called by those who must not: nothing opens, nothing changes."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from every_route import READER, STRANGER, TAGGABLE, Request, World, running_world, tagged_id
from image_files import create_active, make_qcow2
from network.neutron import Neutron
from pilvi.compute.api.gone import PATHS as GONE
from pilvi.core.http import Check

# What another project's member is answered besides 404 and 403, and why it tells nothing.
EXCEPTIONS = {
    "identity: POST /users/{user_id}/password": (401, "the old password is the proof, not a token"),
    "identity: GET /domains/config/{group}/default": (200, "the defaults are everybody's"),
    "identity: GET /domains/config/{group}/{option}/default": (200, "the defaults are everybody's"),
    "identity: GET /registered_limits/{registered_limit_id}": (200, "they hold for everybody"),
    "identity: GET /regions/{region_id}": (200, "the region is part of everybody's catalog"),
    "network: GET /qos/rule-types/{rule_type}": (200, "what the API can do is no secret"),
    "network: GET /default-security-group-rules/{default_rule_id}": (200, "they are everybody's"),
    "network: GET /flavors/{network_flavor_id}": (200, "flavors are everybody's"),
    "network: GET /extensions/{alias}": (200, "what the API can do is no secret"),
    "compute: GET /os-quota-sets/{project_id}/defaults": (200, "the defaults are everybody's"),
    "compute: GET /extensions/{extension_alias}": (200, "what the API can do is no secret"),
    **{
        f"compute: {method} {path}": (410, "it is gone for everybody")
        for path, methods in GONE.items()
        for method in methods
    },
}
NEEDS_MORE_THAN_A_READER = (Check.MEMBER, Check.MANAGER, Check.ADMIN)


# One world for all tests here: that none of them changes it is what they prove.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A cloud in which project demo has one of everything."""
    async with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


async def _picture(world: World) -> dict[str, Any]:
    """Everything of project demo as its own API shows it to an admin."""
    token = await world.cloud.token("admin", "demo")
    seen = {}
    for request in world.requests():
        if request.route.method == "GET" and request.names_a_thing:
            reply = await world.send(request, token)
            # A fault holds the id of its request; usage, the age of guests and what an audit finds
            # under way go with the time.
            grows = any(word in request.path for word in ("tenant-usage", "/diagnostics"))
            changing = grows or request.service.name == "audit"
            is_still = reply.is_success and not changing
            seen[request.path] = (reply.status_code, reply.content if is_still else b"")
    return seen


async def _wrong(world: World, token: str | None, right: Any) -> list[str]:
    """The rows that answer something else than what is right for them."""
    found = []
    for request in world.requests():
        expected = right(request)
        if expected is None:
            continue
        reply = await world.send(request, token)
        if reply.status_code not in expected:
            found.append(f"{request.name}: {reply.status_code} {reply.text[:120]}")
    return found


async def test_without_a_good_token_nothing_opens(world: World) -> None:
    def right(request: Request) -> tuple[int, ...] | None:
        return None if request.check is Check.PUBLIC else (401,)

    before = await _picture(world)
    sealed = await world.cloud.token("admin")
    changed = sealed[:-9] + ("A" if sealed[-9] != "A" else "B") + sealed[-8:]
    for token in (None, "garbage", changed):
        assert await _wrong(world, token, right) == []
    assert await _picture(world) == before


async def test_a_reader_changes_nothing(world: World) -> None:
    def right(request: Request) -> tuple[int, ...] | None:
        return (403, 404) if request.check in NEEDS_MORE_THAN_A_READER else None

    before = await _picture(world)
    assert await _wrong(world, await world.cloud.token(READER, READER), right) == []
    assert await _picture(world) == before


async def test_another_projects_things_do_not_exist(world: World) -> None:
    def right(request: Request) -> tuple[int, ...] | None:
        if not request.names_a_thing:
            return None
        if request.name in EXCEPTIONS:
            return (EXCEPTIONS[request.name][0],)
        return (403, 404)

    before = await _picture(world)
    assert all(before[path][0] == 200 for path in _own_paths(world)), before
    names = {request.name for request in world.requests()}
    assert set(EXCEPTIONS) <= names
    token = await world.cloud.token(STRANGER, STRANGER)
    assert await _wrong(world, token, right) == []
    assert await _picture(world) == before


def _own_paths(world: World) -> list[str]:
    """Paths of the first project's main things, which must be there to prove anything."""
    ids = world.ids
    paths = {"policies": "qos/policies", "network_segment_ranges": "network-segment-ranges"}
    network = [f"/network/v2.0/{paths.get(c, c)}/{tagged_id(ids, c)}" for c in TAGGABLE]
    return [
        *network,
        f"/compute/v2.1/servers/{ids['server_id']}",
        f"/volume/v3/volumes/{ids['volume_id']}",
        f"/volume/v3/attachments/{ids['attachment_id']}",
        f"/image/v2/images/{ids['image_id']}",
        f"/image/v2/images/{ids['image_id']}/file",
        f"/placement/allocations/{ids['consumer_id']}",
    ]


async def test_lists_hold_nothing_of_another_project(world: World) -> None:
    token = await world.cloud.token(STRANGER, STRANGER)
    secrets = {"secret-", *(world.ids[name] for name in world.ids if name in _SECRET_IDS)}
    wider = ("?all_tenants=1", f"?project_id={world.ids['project_id']}", "?visibility=all")
    leaks = []
    for request in world.requests():
        if request.route.method != "GET" or request.names_a_thing:
            continue
        for query in ("", *wider):
            reply = await world.send(request, token, path=request.path + query)
            assert reply.status_code < 500 or reply.status_code == 501, request.name
            # An answer repeats the query in its links; the project's own id is no find then.
            told = reply.text.replace(world.ids["project_id"], "")
            leaks += [f"{request.name}{query}" for secret in secrets if secret in told]
    assert leaks == []


_SECRET_IDS = {
    *("server_id", "volume_id", "image_id", "network_id", "subnet_id", "port_id", "router_id"),
    *("floatingip_id", "security_group_id", "rule_id", "attachment_id", "flavor_id", "type_id"),
    *("provider_id", "user_id"),
}


async def test_another_projects_id_before_a_path_is_no_way_in(world: World) -> None:
    token = await world.cloud.token(STRANGER, STRANGER)
    opened = []
    for request in world.requests():
        service = request.service
        if service.accepts_project_in_path and request.check is not Check.PUBLIC:
            rest = request.path.removeprefix(service.root)
            path = f"{service.root}/{world.ids['project_id']}{rest}"
            reply = await world.send(request, token, path=path)
            if reply.status_code not in (403, 404):
                opened.append(f"{request.name}: {reply.status_code}")
    assert opened == []


async def test_another_projects_ids_in_a_body_are_not_found(world: World) -> None:
    own = await add_own_things(world)
    before, opened = await _picture(world), []
    headers = {"openstack-api-version": "compute 2.96, volume 3.71"}
    for method, path, body in [
        *_servers_with(world.ids, own),
        *_volumes_with(world.ids),
        *_ports_with(world.ids, own),
        *_networks_with(world.ids, own),
    ]:
        reply = await world.cloud.call(method, path, body, user=STRANGER, headers=headers)
        if reply.status_code not in (400, 403, 404, 409, 501):
            opened.append(f"{path} {body}: {reply.status_code} {reply.text[:200]}")
    assert opened == []
    assert await _picture(world) == before


Attempt = tuple[str, str, Any]


def _servers_with(ids: dict[str, str], own: dict[str, str]) -> Iterator[Attempt]:
    server = {"name": "s", "imageRef": own["image_id"], "flavorRef": "p1.nano"}
    disk = {"uuid": ids["volume_id"], "source_type": "volume", "destination_type": "volume"}
    fields: dict[str, Any]
    for fields in (
        {"imageRef": ids["image_id"]},
        {"flavorRef": ids["flavor_id"]},
        {"key_name": ids["keypair"]},
        {"networks": [{"uuid": ids["network_id"]}]},
        {"networks": [{"port": ids["port_id"]}]},
        {"block_device_mapping_v2": [disk]},
        {"security_groups": [{"name": ids["security_group_id"]}]},
    ):
        networks = [{"uuid": own["network_id"]}]
        body = {"server": {**server, "networks": networks, **fields}}
        yield "POST", "/compute/v2.1/servers", body


def _volumes_with(ids: dict[str, str]) -> Iterator[Attempt]:
    sources = {"imageRef": "image_id", "source_volid": "volume_id", "volume_type": "type_id"}
    for name, thing in sources.items():
        yield "POST", "/volume/v3/volumes", {"volume": {"size": 1, name: ids[thing]}}


def _ports_with(ids: dict[str, str], own: dict[str, str]) -> Iterator[Attempt]:
    fields: dict[str, Any]
    for fields in (
        {"network_id": ids["network_id"]},
        {"device_id": ids["server_id"]},
        {"device_id": ids["router_id"]},
        {"device_owner": "network:dhcp"},
        {"security_groups": [ids["security_group_id"]]},
        {"project_id": ids["project_id"]},
    ):
        yield "POST", "/network/v2.0/ports", {"port": {"network_id": own["network_id"], **fields}}


def _networks_with(ids: dict[str, str], own: dict[str, str]) -> Iterator[Attempt]:
    root = "/network/v2.0"
    subnet = {"network_id": ids["network_id"], "cidr": "10.9.0.0/24", "ip_version": 4}
    floating = {"floating_network_id": ids["external_id"], "port_id": ids["port_id"]}
    rule = {"security_group_id": ids["security_group_id"], "direction": "ingress"}
    leg = f"{root}/routers/{own['router_id']}/add_router_interface"
    yield "POST", f"{root}/networks", {"network": {"project_id": ids["project_id"]}}
    yield "POST", f"{root}/subnets", {"subnet": subnet}
    yield "POST", f"{root}/floatingips", {"floatingip": floating}
    yield "POST", f"{root}/security-group-rules", {"security_group_rule": rule}
    yield "PUT", leg, {"subnet_id": ids["subnet_id"]}
    yield "PUT", leg, {"port_id": ids["port_id"]}


async def add_own_things(world: World) -> dict[str, str]:
    """What the stranger has: a network, a router and an image."""
    neutron = Neutron(world.cloud)
    network, _ = await neutron.make_network("10.2.2.0/24", STRANGER)
    router = await neutron.make("routers", STRANGER, name="own")
    fields = {"disk_format": "qcow2", "user": STRANGER}
    image = await create_active(world.cloud, make_qcow2(), **fields)
    return {"network_id": network["id"], "router_id": router["id"], "image_id": image["id"]}


async def test_headers_and_bodies_do_not_say_who_one_is(world: World) -> None:
    """OSSA-2026-001 and 2026-015: only the token does."""
    victim = world.ids["project_id"]
    claims = {
        **{"x-project-id": victim, "x-tenant-id": victim, "x-user-id": world.ids["user_id"]},
        **{"x-roles": "admin", "x-is-admin-project": "true", "x-identity-status": "Confirmed"},
    }
    path = f"/compute/v2.1/servers/{world.ids['server_id']}"
    assert (await world.cloud.http.get(path, headers=claims)).status_code == 401
    reply = await world.cloud.call("GET", path, user=STRANGER, headers=claims)
    assert reply.status_code == 404
    query = f"?user_id={world.ids['user_id']}&target.user.id={world.ids['user_id']}"
    reply = await world.cloud.call("GET", f"/identity/v3/users{query}", user=STRANGER)
    assert reply.status_code == 403


async def test_hosts_are_not_served_by_tokens(world: World) -> None:
    token = await world.cloud.token("admin")
    image = f"/host/v1/images/{world.ids['image_id']}/data"
    for headers in ({}, {"x-auth-token": token}, {"authorization": f"Bearer {token}"}):
        for method, path in (
            ("GET", "/host/v1/desired"),
            ("POST", "/host/v1/report"),
            ("GET", image),
            ("PUT", image),
        ):
            body: Any = {"facts": {}} if method == "POST" else None
            reply = await world.cloud.http.request(method, path, json=body, headers=headers)
            assert reply.status_code in (400, 401), f"{method} {path}: {reply.text}"
            assert reply.status_code == 401 or method == "POST"
