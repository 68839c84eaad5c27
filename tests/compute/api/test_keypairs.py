"""Conversations about key pairs."""

from cloud import Cloud
from image_files import add_user
from pilvi.compute.model.keypair import generate

ROOT = "/compute/v2.1/os-keypairs"
NEWEST = {"openstack-api-version": "compute 2.96"}


async def test_a_key_is_imported_shown_and_deleted(seeded: Cloud) -> None:
    public = generate()[1]
    body = {"keypair": {"name": "me@home", "public_key": public}}
    made = await seeded.call("POST", ROOT, body, headers=NEWEST)
    assert made.status_code == 201, made.text
    assert "private_key" not in made.json()["keypair"]
    assert (await seeded.call("POST", ROOT, body, headers=NEWEST)).status_code == 409
    shown = (await seeded.call("GET", f"{ROOT}/me@home", headers=NEWEST)).json()["keypair"]
    assert (shown["public_key"], shown["type"], shown["deleted"]) == (public, "ssh", False)
    listed = (await seeded.call("GET", ROOT, headers=NEWEST)).json()["keypairs"]
    assert [one["keypair"]["name"] for one in listed] == ["me@home"]
    assert (await seeded.call("DELETE", f"{ROOT}/me@home", headers=NEWEST)).status_code == 204
    assert (await seeded.call("DELETE", f"{ROOT}/me@home", headers=NEWEST)).status_code == 404


async def test_a_key_is_made_for_older_versions_only(seeded: Cloud) -> None:
    body = {"keypair": {"name": "made"}}
    older = {"openstack-api-version": "compute 2.91"}
    made = await seeded.call("POST", ROOT, body, headers=older)
    assert made.status_code == 201
    assert made.json()["keypair"]["private_key"].startswith("-----BEGIN OPENSSH")
    assert (await seeded.call("POST", ROOT, body, headers=NEWEST)).status_code == 400


async def test_bad_keys_and_names_are_400(seeded: Cloud) -> None:
    for fields in (
        {"name": "a", "public_key": "garbage"},
        {"name": "a/b", "public_key": generate()[1]},
        {"name": "x" * 256, "public_key": generate()[1]},
        {"name": "a", "public_key": generate()[1], "type": "gpg"},
        {"name": "a", "public_key": generate()[1], "type": "x509"},
        {"name": "a", "public_key": generate()[1], "color": "red"},
    ):
        reply = await seeded.call("POST", ROOT, {"keypair": fields}, headers=NEWEST)
        assert reply.status_code == 400, (fields, reply.text)


async def test_an_x509_key_is_made_with_its_certificate(seeded: Cloud) -> None:
    body = {"keypair": {"name": "a", "type": "x509"}}
    versions = {"openstack-api-version": "compute 2.91"}
    made = (await seeded.call("POST", ROOT, body, headers=versions)).json()["keypair"]
    assert made["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert made["public_key"].startswith("-----BEGIN CERTIFICATE-----")
    assert len(made["fingerprint"].split(":")) == 20
    shown = (await seeded.call("GET", f"{ROOT}/a", headers=versions)).json()["keypair"]
    assert shown["type"] == "x509" and shown["public_key"] == made["public_key"]
    reply = await seeded.call("POST", ROOT, body, headers=NEWEST)
    assert reply.status_code == 400


async def test_keys_belong_to_users(seeded: Cloud) -> None:
    await seeded.call("POST", ROOT, {"keypair": {"name": "mine"}})
    await add_user(seeded, "eve", "demo")
    assert (await seeded.call("GET", f"{ROOT}/mine", user="eve", project="eve")).status_code == 404
    me = (await seeded.call("GET", f"{ROOT}/mine")).json()["keypair"]["user_id"]
    theirs = await seeded.call(
        "GET", f"{ROOT}/mine?user_id={me}", user="eve", project="eve", headers=NEWEST
    )
    assert theirs.status_code == 403
    admin = await seeded.call("GET", f"{ROOT}/mine?user_id={me}", user="admin", headers=NEWEST)
    assert admin.json()["keypair"]["name"] == "mine"


async def test_lists_are_paged(seeded: Cloud) -> None:
    for name in ("a", "b", "c"):
        await seeded.call("POST", ROOT, {"keypair": {"name": name}})
    page = (await seeded.call("GET", f"{ROOT}?limit=2", headers=NEWEST)).json()
    assert [one["keypair"]["name"] for one in page["keypairs"]] == ["a", "b"]
    assert "marker=b" in page["keypairs_links"][0]["href"]
    rest = (await seeded.call("GET", f"{ROOT}?marker=b", headers=NEWEST)).json()
    assert [one["keypair"]["name"] for one in rest["keypairs"]] == ["c"]
    assert (await seeded.call("GET", f"{ROOT}?marker=zz", headers=NEWEST)).status_code == 400
