"""Bad input gets a clear error in the service's own format, and is never a defect of the cloud."""

import copy
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud import Cloud, login
from every_route import Request, World, running_world
from image_files import OCTETS, create, make_qcow2, make_vmdk_descriptor, show, upload

LONG = "x" * 300
IDENTITY, IMAGE, COMPUTE = "/identity/v3", "/image/v2", "/compute/v2.1"
VOLUME, NETWORK, PLACEMENT = "/volume/v3", "/network/v2.0", "/placement"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A cloud in which project demo has one of everything."""
    async with running_world(tmp_path) as running:
        yield running


def told(reply: httpx.Response, path: str) -> str:
    """The message of a fault, which must have the format of the service that the path names."""
    body, status = reply.json(), reply.status_code
    if path.startswith(IDENTITY):
        assert body["error"]["code"] == status
        text = body["error"]["message"]
    elif path.startswith(IMAGE):
        assert body["code"].startswith(str(status))
        text = body["message"]
    elif path.startswith(NETWORK):
        assert set(body["NeutronError"]) == {"type", "message", "detail"}
        text = body["NeutronError"]["message"]
    elif path.startswith(PLACEMENT):
        assert body["errors"][0]["status"] == status
        text = body["errors"][0]["detail"]
    else:
        ((name, fault),) = body.items()
        assert name[0].islower() and fault["code"] == status
        text = fault["message"]
    assert text.startswith("cannot "), text
    found: str = text
    return found


_SERVER = {"name": LONG, "flavorRef": "1", "imageRef": "i", "networks": "auto"}
TOO_LONG = {
    f"{IDENTITY}/projects": {"project": {"name": LONG}},
    f"{IDENTITY}/users": {"user": {"name": LONG}},
    f"{IMAGE}/images": {"name": LONG},
    f"{COMPUTE}/servers": {"server": _SERVER},
    f"{COMPUTE}/flavors": {"flavor": {"name": LONG, "ram": 1, "vcpus": 1, "disk": 1}},
    f"{COMPUTE}/os-keypairs": {"keypair": {"name": LONG, "public_key": "k"}},
    f"{VOLUME}/volumes": {"volume": {"size": 1, "name": LONG}},
    f"{VOLUME}/types": {"volume_type": {"name": LONG}},
    f"{NETWORK}/networks": {"network": {"name": LONG}},
    f"{NETWORK}/subnets": {"subnet": {"name": LONG}},
    f"{NETWORK}/ports": {"port": {"name": LONG}},
    f"{NETWORK}/routers": {"router": {"name": LONG}},
    f"{NETWORK}/security-groups": {"security_group": {"name": LONG}},
}


@pytest.mark.parametrize("path", TOO_LONG)
async def test_a_name_of_300_characters_is_400_and_says_the_limit(cloud: Cloud, path: str) -> None:
    headers = {"openstack-api-version": "compute 2.96, volume 3.71"}
    reply = await cloud.call("POST", path, TOO_LONG[path], user="admin", headers=headers)
    assert reply.status_code == 400, reply.text
    assert re.search(r"name|255|64", told(reply, path))


UNKNOWN = {
    f"{IDENTITY}/domains": {"domain": {"name": "d", "colour": 1}},
    f"{COMPUTE}/servers": {"server": {**_SERVER, "name": "s", "colour": 1}},
    f"{COMPUTE}/flavors": {
        "flavor": {"name": "f", "ram": 1, "vcpus": 1, "disk": 1, "colour": 1},
    },
    f"{COMPUTE}/os-keypairs": {"keypair": {"name": "k", "colour": 1}},
    f"{VOLUME}/volumes": {"volume": {"size": 1, "colour": 1}},
    f"{NETWORK}/networks": {"network": {"colour": 1}},
    f"{NETWORK}/ports": {"port": {"colour": 1}},
    f"{NETWORK}/security-group-rules": {"security_group_rule": {"colour": 1}},
}


@pytest.mark.parametrize("path", UNKNOWN)
async def test_an_unknown_field_is_400_and_is_named(cloud: Cloud, path: str) -> None:
    headers = {"openstack-api-version": "compute 2.96, volume 3.71"}
    reply = await cloud.call("POST", path, UNKNOWN[path], user="admin", headers=headers)
    assert reply.status_code == 400, reply.text
    assert "colour" in told(reply, path)


async def test_a_wrong_password_is_401_and_tells_no_more_than_a_wrong_user(cloud: Cloud) -> None:
    path, texts = f"{IDENTITY}/auth/tokens", []
    for name, password in (("demo", "wrong"), ("nobody", "wrong"), ("demo", "x" * (1 << 19))):
        reply = await cloud.http.post(path, json=login(name, "demo", password))
        assert reply.status_code == 401
        texts.append(told(reply, path))
    assert len(set(texts)) == 1


BAD_IMAGES = {
    "backing file": ("qcow2", make_qcow2(backing_offset=4096)),
    "data_file": ("qcow2", make_qcow2(features=4)),
    "qcow2": ("raw", make_qcow2()),
    "raw": ("qcow2", b"no qcow2" * 512),
    "vmdk": ("raw", make_vmdk_descriptor()),
}


@pytest.mark.parametrize("what", BAD_IMAGES)
async def test_an_image_that_is_not_what_it_says_or_reads_other_files(
    cloud: Cloud, what: str
) -> None:
    disk_format, data = BAD_IMAGES[what]
    image = await create(cloud, disk_format=disk_format)
    reply = await upload(cloud, image["id"], data)
    assert reply.status_code in (400, 415), reply.text
    assert what in told(reply, IMAGE)
    assert (await show(cloud, image["id"]))["status"] == "queued"
    assert (await cloud.call("GET", f"{IMAGE}/images/{image['id']}/file")).status_code != 200


# Values that no field was made for; JSON text, as Python cannot write some of them.
NASTY = (
    *("null", "-1", "9223372036854775808", "1e308", '""', '"a\\u0000b"', '"\\ud800"', '"²"'),
    *(
        '"\\u4e00\\ud83d\\ude00"',
        '"../../etc"',
        '"a\\nb"',
        f'"{LONG}"',
        "[[null]]",
        '{"\\u0000": "\\u0000"}',
        "9" * 400,
    ),
)
NO_JSON = (
    *(b"", b"null", b"[]", b'"x"', b"\xff\xfe", b"NaN", b'{"a": 1e999}', b"1" * 5000),
    *(b"[" * 50000, b'{"a":' * 50000),
)
# In a path or a query; Python refuses to read a number of more than 4300 digits.
NASTY_TEXTS = ("%00", LONG, "%C2%B2", "9" * 5000)


def spoil(value: Any) -> Iterator[bytes]:
    """A body with each of its parts replaced by each nasty value."""
    for steps, part in _parts(value):
        changed = copy.deepcopy(value)
        if steps:
            holder = changed
            for step in steps[:-1]:
                holder = holder[step]
            holder[steps[-1]] = "@@"
        else:
            changed = "@@"
        text = json.dumps(changed)
        # A whole part only has the wrong type; what its text holds is not looked at.
        for nasty in NASTY if isinstance(part, str | int) else NASTY[:2]:
            yield text.replace('"@@"', nasty).encode()


def _parts(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield steps, value
    if isinstance(value, dict | list):
        for step, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _parts(part, (*steps, step))


def _is_defect(reply: httpx.Response) -> bool:
    return reply.status_code >= 500 and reply.status_code != 501


async def test_no_body_is_a_defect(world: World) -> None:
    token, defects = await world.cloud.token("admin", "demo"), []
    for request in world.requests():
        if request.body is None or isinstance(request.body, bytes):
            continue
        unread = () if request.names_a_thing else NO_JSON
        for body in (*unread, *spoil(request.body)):
            reply = await world.send(request, token, body=body)
            if _is_defect(reply):
                defects.append(f"{request.name} {body[:200]!r}: {reply.text[:100]}")
            elif reply.status_code >= 400:
                told(reply, request.path)
    assert defects == []


async def test_no_path_or_query_is_a_defect(world: World) -> None:
    token, defects = await world.cloud.token("admin", "demo"), []
    for request in world.requests():
        for path in _bad_paths(request):
            reply = await world.send(request, token, path=path)
            if _is_defect(reply):
                defects.append(f"{path[:200]}: {reply.text[:100]}")
    assert defects == []


def _bad_paths(request: Request) -> Iterator[str]:
    for text in NASTY_TEXTS:
        if request.names_a_thing:
            yield request.service.root + re.sub(r"\{[^}]*\}", text, request.route.path)
        elif request.route.method == "GET":
            names = ("limit", "marker", "sort_key", "name", "changes-since", "offset", "resources")
            for name in names:
                yield f"{request.path}?{name}={text}"


async def test_a_method_that_a_path_has_not_is_405_in_the_services_words(cloud: Cloud) -> None:
    for path in (
        *(f"{IDENTITY}/users", f"{IMAGE}/images", f"{COMPUTE}/servers", f"{VOLUME}/volumes"),
        *(f"{NETWORK}/networks", f"{PLACEMENT}/resource_providers"),
    ):
        reply = await cloud.call("PATCH", path, {})
        assert reply.status_code == 405 and "GET" in reply.headers["allow"], path
        assert "method" in told(reply, path)


@pytest.mark.parametrize("text", ["", "x", "2.²", "²", "9" * 5000, "2." + "9" * 5000, "2.\xa0"])
async def test_no_version_is_a_defect(cloud: Cloud, text: str) -> None:
    for name, path in (("compute", COMPUTE), ("volume", VOLUME), ("placement", PLACEMENT)):
        headers = [(b"openstack-api-version", f"{name} {text}".encode("latin-1"))]
        token = await cloud.token("admin")
        headers.append((b"x-auth-token", token.encode()))
        collection = {"compute": "/flavors", "volume": "/types", "placement": "/usages"}[name]
        reply = await cloud.http.get(path + collection, headers=headers)
        assert reply.status_code < 500, reply.text


@pytest.mark.parametrize("text", ["\xff", "é", "\x01", "a" * 100_000, "=" * 300, "gAAAAA"])
async def test_no_token_text_is_a_defect(cloud: Cloud, text: str) -> None:
    headers = [(b"x-auth-token", text.encode("latin-1"))]
    reply = await cloud.http.get(f"{COMPUTE}/servers", headers=headers)
    assert reply.status_code == 401


async def test_bytes_that_are_no_image_are_no_defect(cloud: Cloud) -> None:
    image = await create(cloud, disk_format="qcow2")
    path = f"{IMAGE}/images/{image['id']}/file"
    for size in ("-1", "x", "²", "9" * 30):
        headers = [
            (b"x-openstack-image-size", size.encode("latin-1")),
            (b"x-auth-token", (await cloud.token()).encode()),
            (b"content-type", OCTETS["content-type"].encode()),
        ]
        reply = await cloud.http.put(path, content=b"x", headers=headers)
        assert reply.status_code == 400, reply.text
        assert "x-openstack-image-size" in told(reply, IMAGE)
    assert (await show(cloud, image["id"]))["status"] == "queued"
