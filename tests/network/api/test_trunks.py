"""Conversations about trunks, which are not served."""

import pytest

from network.neutron import ROOT, Neutron, fault


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_trunks_are_refused_with_what_to_do_instead(neutron: Neutron, method: str) -> None:
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=network["id"])
    body = {"trunk": {"port_id": port["id"]}} if method == "POST" else None
    reply = await neutron.cloud.call(method, f"{ROOT}/trunks", body)
    assert reply.status_code == 501 and "one port for each network" in fault(reply)
    aliases = {row["alias"] for row in (await neutron.get("/extensions"))["extensions"]}
    assert "trunk" not in aliases
    # Nothing of it is left.
    assert (await neutron.get(f"/ports/{port['id']}"))["port"] == port
