"""Conversations about links that open consoles; `test_console_sockets` opens them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cloud import BASE
from compute.servers import ComputeCloud
from pilvi.compute.model.console import WAITING_MAX_SERVER


async def ask(
    compute: ComputeCloud, id: str, protocol: str = "vnc", type: str = "novnc", **options: Any
) -> Any:
    body = {"remote_console": {"protocol": protocol, "type": type}}
    return await compute.call("POST", f"/servers/{id}/remote-consoles", body, **options)


async def test_each_kind_has_its_link(compute: ComputeCloud) -> None:
    id = await compute.active()
    reply = await ask(compute, id)
    assert reply.status_code == 200
    console = reply.json()["remote_console"]
    assert (console["protocol"], console["type"]) == ("vnc", "novnc")
    url = urlsplit(console["url"])
    assert console["url"].startswith(f"{BASE}/console/vnc?")
    assert parse_qs(url.query)["path"][0].startswith("console/vnc?token=")
    console = (await ask(compute, id, "serial", "serial")).json()["remote_console"]
    assert console["url"].startswith(f"{BASE}/console/serial?token=")


@pytest.mark.parametrize(
    "kind", [("spice", "spice-html5"), ("vnc", "serial"), ("mks", "webmks"), ("vnc", "xvpvnc")]
)
async def test_what_is_not_offered_is_refused_with_what_is(
    compute: ComputeCloud, kind: tuple[str, str]
) -> None:
    reply = await ask(compute, await compute.active(), *kind)
    assert reply.status_code == 400
    message = reply.json()["badRequest"]["message"]
    assert "'novnc'" in message
    assert "'serial'" in message


async def test_the_actions_are_there_before_2_6_and_the_collection_from_then(
    compute: ComputeCloud,
) -> None:
    id = await compute.active()
    for action, type in (("os-getVNCConsole", "novnc"), ("os-getSerialConsole", "serial")):
        reply = await compute.act(id, action, {"type": type}, version="2.5")
        assert reply.status_code == 200, reply.text
        assert reply.json()["console"]["type"] == type
        assert reply.json()["console"]["url"].startswith(f"{BASE}/console/")
        reply = await compute.act(id, action, {"type": "odd"}, version="2.5")
        assert reply.status_code == 400
        reply = await compute.act(id, action, {"type": type}, version="2.6")
        assert reply.status_code == 404
    assert (await ask(compute, id, version="2.5")).status_code == 404
    assert (await ask(compute, id, version="2.6")).status_code == 200
    reply = await compute.act(id, "os-getSPICEConsole", {"type": "spice-html5"}, version="2.1")
    assert reply.status_code == 501


async def test_a_guest_that_does_not_run_has_no_console(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert (await compute.act(id, "os-stop")).status_code == 202
    await compute.wait(id, "SHUTOFF")
    reply = await ask(compute, id)
    assert reply.status_code == 409
    assert "does not run" in reply.json()["conflictingRequest"]["message"]
    assert (await compute.act(id, "shelve")).status_code == 202
    await compute.wait(id, "SHELVED_OFFLOADED")
    reply = await ask(compute, id)
    assert reply.status_code == 409
    assert "vm_state shelved_offloaded" in reply.json()["conflictingRequest"]["message"]


async def test_a_locked_server_can_be_looked_at(compute: ComputeCloud) -> None:
    id = await compute.active()
    assert (await compute.act(id, "lock")).status_code == 202
    assert (await ask(compute, id)).status_code == 200


@pytest.mark.edge("compute", "2.31")
async def test_an_admin_sees_what_a_token_opens_without_using_it(compute: ComputeCloud) -> None:
    id = await compute.active()
    url = (await ask(compute, id, "serial", "serial")).json()["remote_console"]["url"]
    path = "/os-console-auth-tokens/" + parse_qs(urlsplit(url).query)["token"][0]
    for _ in range(2):
        reply = await compute.call("GET", path, user="admin")
        assert reply.status_code == 200, reply.text
    console = reply.json()["console"]
    assert console["instance_uuid"] == id
    assert (console["host"], console["port"], console["tls_port"]) == ("cloud.test", 80, None)
    reply = await compute.call("GET", path, user="admin", version="2.98")
    assert "tls_port" not in reply.json()["console"]
    assert (await compute.call("GET", path, user="admin", version="2.31")).status_code == 200
    assert (await compute.call("GET", path, user="admin", version="2.30")).status_code == 400
    assert (await compute.call("GET", path)).status_code == 403
    assert (await compute.call("GET", path + "x", user="admin")).status_code == 404
    await compute.delete(id)
    assert (await compute.call("GET", path, user="admin")).status_code == 404


async def test_links_are_bounded_and_their_tokens_are_not_kept(compute: ComputeCloud) -> None:
    id, tokens = await compute.active(), []
    for _ in range(WAITING_MAX_SERVER + 2):
        url = (await ask(compute, id, "serial", "serial")).json()["remote_console"]["url"]
        tokens.append(parse_qs(urlsplit(url).query)["token"][0])
    found = [
        (await compute.call("GET", f"/os-console-auth-tokens/{one}", user="admin")).status_code
        for one in tokens
    ]
    assert found == [404, 404, *[200] * WAITING_MAX_SERVER]
    kept = b"".join(path.read_bytes() for path in compute.cloud.settings.api_dir.glob("pilvi.db*"))
    assert not [one for one in tokens if one.encode() in kept]
