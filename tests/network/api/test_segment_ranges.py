"""Conversations about ranges of segmentation ids, and about the ids that networks get."""

from typing import Any

import pytest

from network.neutron import Neutron, fault

RANGES = "network-segment-ranges"


async def make(neutron: Neutron, minimum: int, maximum: int, **fields: Any) -> dict[str, Any]:
    """A range; shared unless the fields say otherwise."""
    numbers = {"network_type": "vxlan", "minimum": minimum, "maximum": maximum}
    return await neutron.make(RANGES, "admin", **numbers, **fields)


async def number_of(neutron: Neutron, user: str = "demo") -> int:
    """The segmentation id of a new network."""
    network = await neutron.make("networks", user)
    shown = (await neutron.get(f"/networks/{network['id']}", "admin"))["network"]
    number: int = shown["provider:segmentation_id"]
    return number


async def test_a_range_is_made_shown_changed_and_removed(neutron: Neutron) -> None:
    made = await make(neutron, 100, 104, name="r", description="d")
    assert (made["shared"], made["default"], made["project_id"]) == (True, False, None)
    assert (made["available"], made["used"]) == ([100, 101, 102, 103, 104], {})
    path = f"/{RANGES}/{made['id']}"
    assert (await neutron.get(path, "admin"))["network_segment_range"] == made
    for query, count in (("shared=true", 1), ("minimum=100", 1), ("default=true", 0)):
        found = (await neutron.get(f"/{RANGES}?{query}", "admin"))["network_segment_ranges"]
        assert len(found) == count, query
    reply = await neutron.put(RANGES, made["id"], "admin", name="s", maximum=102)
    changed = reply.json()["network_segment_range"]
    assert (changed["name"], changed["available"]) == ("s", [100, 101, 102])
    assert changed["revision_number"] > made["revision_number"]
    assert (await neutron.put(RANGES, made["id"], "admin", shared=False)).status_code == 400
    assert await neutron.delete(RANGES, made["id"], "admin") == 204
    assert await neutron.delete(RANGES, made["id"], "admin") == 404


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"minimum": 5, "maximum": 4}, 400),
        ({"minimum": 0, "maximum": 4}, 400),
        ({"minimum": 1, "maximum": 1 << 24}, 400),
        ({"minimum": 1, "maximum": 2, "network_type": "vlan"}, 400),
        ({"minimum": 1, "maximum": 2, "physical_network": "external"}, 400),
        ({"minimum": 1, "maximum": 2, "shared": False}, 400),
        ({"minimum": 1}, 400),
        ({"minimum": 110, "maximum": 120}, 409),
    ],
)
async def test_what_is_no_range_is_refused(
    neutron: Neutron, fields: dict[str, Any], status: int
) -> None:
    await make(neutron, 100, 110)
    reply = await neutron.post(RANGES, "admin", **{"network_type": "vxlan", **fields})
    assert reply.status_code == status, reply.text
    assert len((await neutron.get(f"/{RANGES}", "admin"))["network_segment_ranges"]) == 1


async def test_ranges_have_two_paths(neutron: Neutron) -> None:
    made = await make(neutron, 100, 110)
    other = "network_segment_ranges"
    listed = (await neutron.get(f"/{other}?name=", "admin"))["network_segment_ranges"]
    shown = (await neutron.get(f"/{other}/{made['id']}", "admin"))["network_segment_range"]
    assert listed == [made] == [shown]
    assert await neutron.delete(other, made["id"], "admin") == 204


async def test_ranges_are_for_admins(neutron: Neutron) -> None:
    made = await make(neutron, 100, 110)
    for reply in (
        await neutron.post(RANGES, network_type="vxlan", minimum=1, maximum=2),
        await neutron.put(RANGES, made["id"], name="x"),
    ):
        assert reply.status_code == 403
    assert await neutron.delete(RANGES, made["id"]) == 403


async def test_networks_take_their_projects_numbers_then_shared_ones(neutron: Neutron) -> None:
    ids = neutron.cloud.project_ids
    own = {"shared": False, "project_id": ids["demo"]}
    await make(neutron, 500, 501, **own)
    shared = await make(neutron, 700, 700)
    assert [await number_of(neutron) for _ in range(3)] == [500, 501, 700]
    shown = (await neutron.get(f"/{RANGES}/{shared['id']}", "admin"))["network_segment_range"]
    assert (shown["used"], shown["available"]) == ({"700": ids["demo"]}, [])
    # Neither demo nor anybody else gets one beyond the ranges now.
    for user in ("demo", "admin"):
        full = await neutron.post("networks", user)
        assert full.status_code == 409 and "range" in fault(full)
    # An admin may still name one.
    fields = {"provider__network_type": "vxlan", "provider__segmentation_id": 9}
    assert (await neutron.post("networks", "admin", **fields)).status_code == 201


async def test_without_shared_ranges_others_stay_out_of_a_projects_range(
    neutron: Neutron,
) -> None:
    before = await number_of(neutron)
    own = {"shared": False, "project_id": neutron.cloud.project_ids["demo"]}
    await make(neutron, before + 1, before + 5, **own)
    assert await number_of(neutron, "admin") == before + 6
    assert await number_of(neutron) == before + 1


async def test_numbers_that_networks_have_keep_their_range(neutron: Neutron) -> None:
    made = await make(neutron, 100, 110)
    network = await neutron.make("networks")
    for change in ({"minimum": 101}, {"minimum": 200, "maximum": 210}):
        reply = await neutron.put(RANGES, made["id"], "admin", **change)
        assert reply.status_code == 409, change
    assert (await neutron.put(RANGES, made["id"], "admin", maximum=100)).status_code == 200
    assert await neutron.delete(RANGES, made["id"], "admin") == 409
    assert await neutron.delete("networks", network["id"]) == 204
    await neutron.cloud.settle()
    assert await neutron.delete(RANGES, made["id"], "admin") == 204
