"""The versions, and the API under its oldest version's name."""

from cloud import Cloud


async def test_both_versions_are_listed_and_their_links_lead_to_them(seeded: Cloud) -> None:
    reply = await seeded.call("GET", "/compute/", user=None)
    versions = reply.json()["versions"]
    assert [(one["id"], one["version"]) for one in versions] == [("v2.0", ""), ("v2.1", "2.104")]
    for one in versions:
        (link,) = one["links"]
        shown = (await seeded.call("GET", link["href"], user=None)).json()["version"]
        assert shown["id"] == one["id"] and shown["links"] == [link]


async def test_the_plain_name_serves_the_oldest_version_only(seeded: Cloud) -> None:
    headers = {"openstack-api-version": "compute 2.61"}
    reply = await seeded.call("GET", "/compute/v2/flavors/1", headers=headers)
    assert reply.headers["openstack-api-version"] == "compute 2.1"
    flavor = reply.json()["flavor"]
    assert "extra_specs" not in flavor
    assert flavor["links"][0]["href"] == "http://cloud.test/compute/v2/flavors/1"
    newer = await seeded.call("GET", "/compute/v2.1/flavors/1", headers=headers)
    assert "extra_specs" in newer.json()["flavor"]


async def test_a_requests_id_is_told_under_both_names(seeded: Cloud) -> None:
    reply = await seeded.call("GET", "/compute/v2.1/servers")
    assert reply.headers["x-compute-request-id"] == reply.headers["x-openstack-request-id"]
