"""A fake cloud with one of everything, and what `pilvi audit` says of it."""

import time
from typing import Any

import httpx
from openstack.connection import Connection

from pilvi.commands.audit import Result, audit
from pilvi.testing.server import CloudServer

AGAIN_S = 0.3


def audit_cloud(server: CloudServer, *, answer_s: float = 20.0) -> Result:
    """What the command comes to, with shorter pauses."""
    connection = server.connect("admin")
    token = connection.authorize()

    def call(method: str, path: str) -> Any:
        reply = httpx.request(
            method, f"{server.url}/audit/v1{path}", headers={"x-auth-token": token}, timeout=30
        )
        assert reply.is_success, reply.text
        return reply.json()

    return audit(call, answer_s=answer_s, again_s=AGAIN_S, poll_s=0.02)


def until(look: Any, timeout_s: float = 30.0) -> Any:
    """What `look` gives once it is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)
    return found


def start_server(connection: Connection, name: str = "one", **fields: Any) -> str:
    """A server that is ACTIVE."""
    network = connection.network.find_network("private", ignore_missing=False)
    fields.setdefault("networks", [{"uuid": network.id}])
    if "image_id" not in fields and "block_device_mapping" not in fields:
        fields["image_id"] = connection.image.find_image("pilvi-guest", ignore_missing=False).id
    made = connection.compute.create_server(name=name, flavor_id="p1.nano", **fields)
    connection.compute.wait_for_server(made, interval=0.02, wait=30)
    return str(made.id)


def make_everything(connection: Connection) -> dict[str, str]:
    """One of everything that hosts hold; ids by word."""
    ids = {"server": start_server(connection, config_drive=True)}
    block, network = connection.block_storage, connection.network
    volume = block.create_volume(size=1, name="data")
    block.wait_for_status(volume, "available", interval=0.02, wait=30)
    connection.compute.create_volume_attachment(ids["server"], volume_id=volume.id)
    until(lambda: block.get_volume(volume.id).status == "in-use")
    snapshot = block.create_snapshot(volume_id=volume.id, force=True, name="then")
    block.wait_for_status(snapshot, "available", interval=0.02, wait=30)
    backup = block.create_backup(volume_id=volume.id, force=True, name="safe")
    block.wait_for_status(backup, "available", interval=0.02, wait=30)
    router = next(iter(network.routers()))
    external = next(iter(network.networks(is_router_external=True)))
    port = next(iter(network.ports(device_id=ids["server"])))
    floating = network.create_ip(floating_network_id=external.id, port_id=port.id)
    ids |= {
        "volume": volume.id,
        "snapshot": snapshot.id,
        "backup": backup.id,
        "router": router.id,
        "port": port.id,
        "network": port.network_id,
        "floating_ip": floating.id,
    }
    return ids
