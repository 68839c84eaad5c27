"""Conversations about extensions and the version's own document."""

from cloud import Cloud
from compute.servers import ROOT


async def test_old_clients_find_what_they_look_for(seeded: Cloud) -> None:
    listed = (await seeded.call("GET", f"{ROOT}/extensions")).json()["extensions"]
    hosts = next(one for one in listed if one["alias"] == "os-hosts")
    assert hosts["name"] == "Hosts"
    shown = await seeded.call("GET", f"{ROOT}/extensions/os-hosts")
    assert shown.json() == {"extension": hosts}
    assert (await seeded.call("GET", f"{ROOT}/extensions/os-cells")).status_code == 404


async def test_the_version_is_found_by_its_id(seeded: Cloud) -> None:
    shown = await seeded.call("GET", f"{ROOT}/versions/v2.1")
    assert shown.json()["version"]["id"] == "v2.1"
    assert (await seeded.call("GET", f"{ROOT}/versions/v9")).status_code == 404
