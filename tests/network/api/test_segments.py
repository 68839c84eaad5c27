"""Conversations about segments."""

from network.neutron import ROOT, Neutron, fault


async def test_every_network_is_one_segment(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    found = (await neutron.get(f"/segments?network_id={network['id']}", "admin"))["segments"]
    (segment,) = found
    assert segment["network_type"] == "vxlan" and segment["segmentation_id"] > 0
    shown = (await neutron.get(f"/segments/{segment['id']}", "admin"))["segment"]
    assert shown == segment
    assert (await neutron.cloud.call("GET", f"{ROOT}/segments")).status_code == 403


async def test_a_segment_is_named_and_found_by_its_name(neutron: Neutron) -> None:
    network = await neutron.make("networks", name="n")
    words = {"name": "rack 1", "description": "the left one"}
    reply = await neutron.put("segments", network["id"], "admin", **words)
    changed = reply.json()["segment"]
    assert (changed["name"], changed["description"]) == ("rack 1", "the left one")
    (found,) = (await neutron.get("/segments?name=rack 1", "admin"))["segments"]
    assert found == changed
    by_number = f"/segments?segmentation_id={found['segmentation_id']}"
    assert (await neutron.get(by_number, "admin"))["segments"] == [found]
    # The network is still called what it was.
    assert (await neutron.get(f"/networks/{network['id']}"))["network"]["name"] == "n"
    none = await neutron.put("segments", network["id"], "admin", name=None)
    assert none.json()["segment"]["name"] == ""
    member = await neutron.put("segments", network["id"], name="x")
    assert member.status_code == 403
    wrong = await neutron.put("segments", network["id"], "admin", segmentation_id=7)
    assert wrong.status_code == 400
    assert (await neutron.put("segments", "x", "admin", name="x")).status_code == 404


async def test_a_network_has_no_second_segment_and_keeps_its_first(neutron: Neutron) -> None:
    network = await neutron.make("networks")
    wish = {"network_id": network["id"], "network_type": "vxlan"}
    reply = await neutron.post("segments", "admin", **wish)
    assert reply.status_code == 501 and "cannot add a segment" in fault(reply)
    unknown = {"network_id": "x", "network_type": "vxlan"}
    assert (await neutron.post("segments", "admin", **unknown)).status_code == 404
    path = f"{ROOT}/segments/{network['id']}"
    reply = await neutron.cloud.call("DELETE", path, user="admin")
    assert reply.status_code == 501 and "delete the network" in fault(reply)
    assert len((await neutron.get(f"/segments?id={network['id']}", "admin"))["segments"]) == 1
