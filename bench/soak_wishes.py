"""What users of the soak do beside the wishes of the simulation: what leaves records behind."""

import json
import uuid

from pilvi.testing.login import PASSWORDS, login_body
from pilvi.testing.simulation.network import Request
from pilvi.testing.simulation.users import User

_TOKENS = "/identity/v3/auth/tokens"


async def log_in_and_out(user: User) -> None:
    """A token that is given back: revoked ones are remembered until they expire."""
    body = json.dumps(login_body("demo", PASSWORDS["demo"], "demo")).encode()
    reply = await user.client.network.call(
        Request("", "POST", _TOKENS, "", user.client.versions, body)
    )
    token = reply.headers["x-subject-token"]
    headers = {"x-auth-token": token, "x-subject-token": token}
    await user.client.network.call(Request("", "DELETE", _TOKENS, "", headers))


async def repeat_request(user: User) -> None:
    """A request that comes twice with one Idempotency-Key: its answer is kept."""
    await user.client.call("GET", "/identity/v3/auth/projects")
    headers = {
        **user.client.versions,
        "x-auth-token": user.client._token,
        "idempotency-key": uuid.uuid4().hex,
    }
    body = json.dumps({"security_group": {"name": user.name()}}).encode()
    path = "/network/v2.0/security-groups"
    ids = set()
    for _ in range(2):
        reply = await user.client.network.call(Request("", "POST", path, "", headers, body))
        if reply.is_success:
            ids.add(reply.json()["security_group"]["id"])
    assert len(ids) <= 1, "the same request made two things"
    for id in ids:
        await user.client.call("DELETE", f"{path}/{id}")


async def use_keypair(user: User) -> None:
    """A key pair, made and dropped."""
    name = user.name()
    body = {"keypair": {"name": name, "public_key": _KEY}}
    reply = await user.client.call("POST", "/compute/v2.1/os-keypairs", body)
    if reply.is_success:
        await user.client.call("DELETE", f"/compute/v2.1/os-keypairs/{name}")


async def ask_for_console(user: User) -> None:
    """A link to a console that nobody opens."""
    server = user.pick("server")
    if server is not None:
        path = f"/compute/v2.1/servers/{server.id}/remote-consoles"
        body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
        await user.client.call("POST", path, body)


async def tag_server(user: User) -> None:
    """A tag and a key of metadata."""
    server = user.pick("server")
    if server is not None:
        path = f"/compute/v2.1/servers/{server.id}"
        await user.client.call("PUT", f"{path}/tags/{user.chance.choice('abcdef')}")
        await user.client.call("POST", f"{path}/metadata", {"metadata": {"soak": user.name()}})


async def look_around(user: User) -> None:
    """What a person or a tool looks at."""
    for path in (
        "/compute/v2.1/servers/detail?limit=20",
        "/volume/v3/volumes/detail?limit=20",
        "/network/v2.0/ports?limit=20",
        "/image/v2/images?limit=20",
    ):
        await user.client.call("GET", path)


RECORDS = [log_in_and_out, repeat_request, use_keypair, ask_for_console, tag_server, look_around]
"""Every wish of this file."""

_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfRHLBQBhAVTmc7FOqVnVgCzR2VMmmSKg0hzTgEnvT soak@pilvi"
