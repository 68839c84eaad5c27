"""The metadata server: over the application, and from real guests."""

import asyncio
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent.ports.small_host import SmallHost, network, port, rule, uuid, vm
from agent.ports.virtual_guest import Guests
from pilvi.agent.ports import metadata
from pilvi.agent.ports.documents import list_ports_of_server
from pilvi.agent.ports.linux.dhcp_spaces import CONNECTIONS_PER_GUEST_MAX
from pilvi.agent.ports.metadata import PATH_CHARACTERS_MAX, Metadata
from pilvi.agent.ports.metadata_tree import document_name, encode_document, posted_name
from pilvi.host_api.contract import Kind

root = pytest.mark.root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for address in ("10.0.0.11", "10.0.0.12"):
        document = encode_document({"uuid": address}, {}, {"instance-id": address}, b"\0\xff")
        (tmp_path / document_name(address)).write_bytes(document)
    return tmp_path


def client(folder: Path, address: str) -> TestClient:
    descriptor = os.open(folder, os.O_RDONLY)
    return TestClient(Metadata(descriptor), client=(address, 40000))


def test_a_guest_is_known_by_where_it_calls_from(folder: Path) -> None:
    for address in ("10.0.0.11", "10.0.0.12"):
        answer = client(folder, address).get("/openstack/latest/meta_data.json")
        assert answer.json() == {"uuid": address}
        assert answer.headers["content-type"] == "application/json"


def test_what_a_request_says_of_its_origin_is_ignored(folder: Path) -> None:
    forged = {
        "X-Forwarded-For": "10.0.0.12",
        "X-Real-IP": "10.0.0.12",
        "Forwarded": "for=10.0.0.12",
        "X-Instance-ID": "10.0.0.12",
        "Host": "10.0.0.12",
    }
    answer = client(folder, "10.0.0.11").get("/latest/meta-data/instance-id", headers=forged)
    assert answer.text == "10.0.0.11"


def test_a_stranger_and_an_unknown_path_get_404(folder: Path) -> None:
    assert client(folder, "10.0.0.13").get("/openstack/latest/meta_data.json").status_code == 404
    known = client(folder, "10.0.0.11")
    for path in ("/nothing", "/openstack/1999-01-01", "/latest/meta-data/../../etc", "/a" * 9000):
        assert known.get(path).status_code == 404
    assert len("/a" * 9000) > PATH_CHARACTERS_MAX


def test_nothing_can_be_changed(folder: Path) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = client(folder, "10.0.0.11").request(method, "/openstack/latest/meta_data.json")
        assert answer.status_code == 405


def test_user_data_comes_byte_for_byte(folder: Path) -> None:
    known = client(folder, "10.0.0.11")
    for path in ("/openstack/latest/user_data", "/latest/user-data", "/2009-04-04/user-data"):
        assert known.get(path).content == b"\0\xff"


def test_a_changed_document_is_served_at_once(folder: Path) -> None:
    known = client(folder, "10.0.0.11")
    changed = encode_document({"uuid": "new"}, {}, {}, None)
    (folder / document_name("10.0.0.11")).write_bytes(changed)
    assert known.get("/openstack/latest/meta_data.json").json() == {"uuid": "new"}
    (folder / document_name("10.0.0.11")).unlink()
    assert known.get("/openstack/latest/meta_data.json").status_code == 404


@root
async def test_each_guest_reads_its_own_documents(host: SmallHost, guests: Guests) -> None:
    for number in (11, 12):
        host.assign(Kind.VM, uuid(number + 0x1000), vm(number, user_data=b"#!/bin/sh\n"))
    for guest, number in zip(await guests.pair(), (11, 12), strict=True):
        meta_data = json.loads(await guest.fetch("/openstack/latest/meta_data.json"))
        assert meta_data["uuid"] == uuid(number + 0x1000)
        assert await guest.fetch("/latest/meta-data/instance-id") == f"i-{number:08x}"
        key = await guest.fetch("/2009-04-04/meta-data/public-keys/0/openssh-key")
        assert key == "ssh-ed25519 AAAA mine"
        assert await guest.fetch("/latest/user-data") == "#!/bin/sh\n"


@root
async def test_metadata_is_reached_without_any_rule(host: SmallHost, guests: Guests) -> None:
    host.assign(Kind.VM, uuid(0x100B), vm(11))
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    blocked = port(11, rules=[rule("egress", remotes=[])])
    guest = await guests.boot(blocked)
    assert await guest.fetch("/latest/meta-data/instance-id") == "i-0000000b"
    assert not await guest.pings("10.0.1.2")


@root
async def test_a_guest_that_holds_connections_does_not_keep_others_out(
    host: SmallHost, guests: Guests
) -> None:
    for number in (11, 12):
        host.assign(Kind.VM, uuid(number + 0x1000), vm(number))
    greedy, modest = await guests.pair()
    for _ in range(CONNECTIONS_PER_GUEST_MAX + 8):
        assert await greedy.fetch("/latest/meta-data/instance-id") == "i-0000000b"
    held = [await greedy.connect("169.254.169.254", 80) for _ in range(CONNECTIONS_PER_GUEST_MAX)]
    assert not await greedy.reaches("169.254.169.254", 80)
    assert await modest.fetch("/latest/meta-data/instance-id") == "i-0000000c"
    for connection in held:
        connection.close()
    assert await greedy.fetch("/latest/meta-data/instance-id") == "i-0000000b"


@root
async def test_documents_follow_the_vm(host: SmallHost, guests: Guests) -> None:
    host.assign(Kind.VM, uuid(0x100B), vm(11, "before"))
    first, _ = await guests.pair()
    assert "before" in await first.fetch("/openstack/latest/meta_data.json")
    for wish, expected in ((vm(11, "after"), "after"), (None, "")):
        host.assign(Kind.VM, uuid(0x100B), wish)
        for port_id in list_ports_of_server(host.desired, uuid(0x100B)):
            host.loop.wake(Kind.PORT, port_id)
        while not host.loop.idle:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        answer = await first.fetch("/openstack/latest/meta_data.json")
        assert expected in answer and bool(answer) == bool(expected)


def posting_client(folder: Path, address: str) -> tuple[TestClient, Path]:
    posted = folder / "posted"
    posted.mkdir(exist_ok=True)
    documents, box = os.open(folder, os.O_RDONLY), os.open(posted, os.O_RDONLY)
    return TestClient(Metadata(documents, box), client=(address, 40000)), posted


def test_a_password_waits_until_somebody_took_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest, posted = posting_client(folder, "10.0.0.11")
    path = "/openstack/2013-10-17/password"
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(guest.post, path, content=b"sealed")
        file = posted / posted_name("10.0.0.11")
        deadline = time.monotonic() + 30
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert file.read_bytes() == b"sealed"
        file.unlink()
        assert answer.result().status_code == 200
    monkeypatch.setattr(metadata, "POSTED_S", 0.1)
    assert guest.post(path, content=b"sealed").status_code == 503
    assert list(posted.iterdir()) == []


def test_what_is_no_password_of_a_known_guest_is_refused(folder: Path) -> None:
    guest, posted = posting_client(folder, "10.0.0.11")
    for content in (b"x" * 257, b"\0", b"sealed\0", b"\x1b[2J", "\u00e9".encode(), b"\xff"):
        assert guest.post("/openstack/latest/password", content=content).status_code == 400
    for path in ("/openstack/2013-04-04/password", "/openstack/latest/meta_data.json", "/"):
        assert guest.post(path, content=b"x").status_code == 405
    stranger, _ = posting_client(folder, "10.0.0.13")
    assert stranger.post("/openstack/latest/password", content=b"x").status_code == 404
    assert list(posted.iterdir()) == []
