"""Conversations about flavors."""

import pytest

from cloud import Cloud
from image_files import add_user

ROOT = "/compute/v2.1/flavors"
NEWEST = {"openstack-api-version": "compute 2.96"}


async def test_the_shipped_flavors_are_there(seeded: Cloud) -> None:
    listed = (await seeded.call("GET", f"{ROOT}/detail")).json()["flavors"]
    found = {one["name"]: (one["vcpus"], one["ram"], one["disk"]) for one in listed}
    assert found["m1.tiny"] == (1, 512, 1)
    assert found["m1.xlarge"] == (8, 16384, 160)
    assert found["p1.nano"] == (1, 128, 1)
    page = (await seeded.call("GET", f"{ROOT}?limit=2")).json()
    assert [one["id"] for one in page["flavors"]] == ["1", "2"]
    path = page["flavors_links"][0]["href"].partition("http://cloud.test")[2]
    more = (await seeded.call("GET", path)).json()
    assert [one["id"] for one in more["flavors"]] == ["3", "4"]
    large = (await seeded.call("GET", f"{ROOT}?minRam=8192&minDisk=100")).json()
    assert [one["name"] for one in large["flavors"]] == ["m1.xlarge"]


async def test_an_admin_adds_edits_and_deletes_one(seeded: Cloud) -> None:
    fields = {"name": "mine", "ram": 64, "vcpus": "2", "disk": 3, "description": "d"}
    made = await seeded.call("POST", ROOT, {"flavor": fields}, user="admin", headers=NEWEST)
    assert made.status_code == 200, made.text
    flavor = made.json()["flavor"]
    assert (flavor["vcpus"], flavor["swap"], flavor["extra_specs"]) == (2, 0, {})
    again = await seeded.call("POST", ROOT, {"flavor": fields}, user="admin", headers=NEWEST)
    assert again.status_code == 409
    path = f"{ROOT}/{flavor['id']}"
    body = {"flavor": {"description": "new"}}
    changed = await seeded.call("PUT", path, body, user="admin", headers=NEWEST)
    assert changed.json()["flavor"]["description"] == "new"
    specs = {"extra_specs": {"a:b": "c", "n": 1}}
    assert (await seeded.call("POST", f"{path}/os-extra_specs", specs, user="admin")).json() == {
        "extra_specs": {"a:b": "c", "n": "1"}
    }
    one = await seeded.call("PUT", f"{path}/os-extra_specs/n", {"n": "2"}, user="admin")
    assert one.json() == {"n": "2"}
    assert (await seeded.call("GET", f"{path}/os-extra_specs/n")).json() == {"n": "2"}
    assert (await seeded.call("GET", f"{path}/os-extra_specs")).json() == {
        "extra_specs": {"a:b": "c", "n": "2"}
    }
    gone = await seeded.call("DELETE", f"{path}/os-extra_specs/n", user="admin")
    assert gone.status_code == 200
    assert (await seeded.call("GET", f"{path}/os-extra_specs/n")).status_code == 404
    assert (await seeded.call("DELETE", path, user="admin")).status_code == 202
    assert (await seeded.call("GET", path)).status_code == 404


async def test_members_change_no_flavors(seeded: Cloud) -> None:
    fields = {"name": "mine", "ram": 64, "vcpus": 1, "disk": 3}
    assert (await seeded.call("POST", ROOT, {"flavor": fields})).status_code == 403
    assert (await seeded.call("DELETE", f"{ROOT}/1")).status_code == 403
    specs = {"extra_specs": {"a": "b"}}
    assert (await seeded.call("POST", f"{ROOT}/1/os-extra_specs", specs)).status_code == 403


async def test_bad_flavors_are_refused(seeded: Cloud) -> None:
    good = {"name": "mine", "ram": 64, "vcpus": 1, "disk": 3}
    for change, status in (
        ({"name": "x" * 256}, 400),
        ({"name": " "}, 400),
        ({"id": "a/b"}, 400),
        ({"ram": 0}, 400),
        ({"vcpus": -1}, 400),
        ({"disk": 2**31}, 400),
        ({"rxtx_factor": 0}, 400),
        ({"color": "red"}, 400),
        ({"name": "m1.tiny"}, 409),
        ({"id": "1"}, 409),
        ({"swap": -1}, 400),
        ({"swap": "x"}, 400),
    ):
        body = {"flavor": {**good, **change}}
        reply = await seeded.call("POST", ROOT, body, user="admin", headers=NEWEST)
        assert reply.status_code == status, (change, reply.text)


async def test_a_private_flavor_is_for_those_who_have_access(seeded: Cloud) -> None:
    fields = {"name": "mine", "id": "9", "ram": 64, "vcpus": 1, "disk": 3}
    fields |= {"os-flavor-access:is_public": False}
    await seeded.call("POST", ROOT, {"flavor": fields}, user="admin")
    assert (await seeded.call("GET", f"{ROOT}/9")).status_code == 404
    assert (await seeded.call("GET", f"{ROOT}/9", user="admin")).status_code == 200
    demo = seeded.project_ids["demo"]
    given = {"addTenantAccess": {"tenant": demo}}
    reply = await seeded.call("POST", f"{ROOT}/9/action", given, user="admin")
    assert reply.json() == {"flavor_access": [{"flavor_id": "9", "tenant_id": demo}]}
    again = await seeded.call("POST", f"{ROOT}/9/action", given, user="admin")
    assert again.status_code == 409
    assert (await seeded.call("GET", f"{ROOT}/9")).status_code == 200
    names = [one["name"] for one in (await seeded.call("GET", ROOT)).json()["flavors"]]
    assert "mine" in names
    await add_user(seeded, "eve", "other")
    assert (await seeded.call("GET", f"{ROOT}/9", user="eve")).status_code == 404
    assert (await seeded.call("GET", f"{ROOT}/9/os-extra_specs", user="eve")).status_code == 404
    taken = {"removeTenantAccess": {"tenant": demo}}
    reply = await seeded.call("POST", f"{ROOT}/9/action", taken, user="admin")
    assert reply.json() == {"flavor_access": []}
    assert (await seeded.call("GET", f"{ROOT}/9")).status_code == 404
    private = await seeded.call("GET", f"{ROOT}?is_public=false", user="admin")
    assert [one["id"] for one in private.json()["flavors"]] == ["9"]
    everything = await seeded.call("GET", f"{ROOT}?is_public=none", user="admin")
    assert len(everything.json()["flavors"]) == 8
    public = await seeded.call("GET", f"{ROOT}/1/os-flavor-access", user="admin")
    assert public.status_code == 404


async def test_swap_is_an_empty_text_until_2_75(seeded: Cloud) -> None:
    fields = {"id": "9", "ram": 64, "vcpus": 1, "disk": 3}
    for name, swap in (("plain", 0), ("swapping", "512")):
        body = {"flavor": {**fields, "id": name, "name": name, "swap": swap}}
        reply = await seeded.call("POST", ROOT, body, user="admin")
        assert reply.status_code == 200, reply.text
    for version, none in (("2.74", ""), ("2.75", 0)):
        headers = {"openstack-api-version": f"compute {version}"}
        for name, shown in (("plain", none), ("swapping", 512)):
            reply = await seeded.call("GET", f"{ROOT}/{name}", headers=headers)
            assert reply.json()["flavor"]["swap"] == shown


@pytest.mark.edge("compute", "2.86")
async def test_known_extra_specs_are_checked_since_2_86(seeded: Cloud) -> None:
    path = f"{ROOT}/1/os-extra_specs"
    for version, status in (("2.85", 200), ("2.86", 400)):
        headers = {"openstack-api-version": f"compute {version}"}
        for specs in ({"hw:cpu_policy": "sharrred"}, {"hw:cpu_polciy": "shared"}):
            body = {"extra_specs": specs}
            reply = await seeded.call("POST", path, body, user="admin", headers=headers)
            assert reply.status_code == status, (version, specs)
    good = {"hw:cpu_policy": "shared"}
    reply = await seeded.call("PUT", f"{path}/hw:cpu_policy", good, user="admin", headers=NEWEST)
    assert reply.json() == good
    bad = {"hw:cpu_policy": "x"}
    reply = await seeded.call("PUT", f"{path}/hw:cpu_policy", bad, user="admin", headers=NEWEST)
    assert reply.status_code == 400
