"""Key pairs and application credentials: secrets are shown once, and work."""

import html
import re
from pathlib import Path

import yaml

from dashboard.person import Person, World, refusal_of
from pilvi.core.db import now
from pilvi.dashboard.pages.access import find_identity, write_clouds


def shown_text(page: str) -> str:
    """The text that a page shows once."""
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert found is not None
    return html.unescape(found[1])


async def test_a_private_key_is_shown_once(demo: Person) -> None:
    reply = await demo.send("key-pairs/new", {"name": "mine"})
    assert reply.status_code == 200
    key = shown_text(reply.text)
    assert key.startswith("-----BEGIN")
    assert "mine.pem" in reply.text
    page = await demo.open("key-pairs/mine")
    assert "PRIVATE" not in page
    assert "ssh-" in page
    form = {"text": key, "file_name": "mine.pem"}
    file = await demo.send("download", form)
    assert file.text.strip() == key.strip()
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''mine.pem"
    assert file.headers["content-type"] == "application/octet-stream"
    assert await demo.do("key-pairs/mine/delete") == "key-pairs"
    assert "No key pairs yet" in await demo.open("key-pairs")


async def test_a_bad_public_key_is_refused(demo: Person) -> None:
    reply = await demo.send("key-pairs/new", {"name": "x", "public_key": "nonsense"})
    assert reply.status_code == 400
    assert "nonsense</textarea>" in reply.text
    assert refusal_of(reply).startswith("Cannot")


async def test_a_downloads_name_is_only_a_name(demo: Person) -> None:
    form = {"text": "x", "file_name": '../a"b;\r\nc: d'}
    reply = await demo.send("download", form)
    assert reply.headers["content-disposition"] == "attachment; filename*=UTF-8''.._a_b___c__d"


async def test_a_credentials_clouds_yaml_lets_in(demo: Person) -> None:
    form = {"name": "robot", "description": "of CI", "expires": "2090-12-31"}
    reply = await demo.send("credentials/new", form)
    cloud = yaml.safe_load(shown_text(reply.text))["clouds"]["pilvi"]
    auth = cloud["auth"]
    assert cloud["auth_type"] == "v3applicationcredential"
    assert auth["auth_url"].endswith("/identity/v3") or auth["auth_url"].endswith("/identity")
    named = {
        "id": auth["application_credential_id"],
        "secret": auth["application_credential_secret"],
    }
    identity = {"methods": ["application_credential"], "application_credential": named}
    body = {"auth": {"identity": identity}}
    made = await demo.api.post("/identity/v3/auth/tokens", json=body)
    assert made.status_code == 201
    assert made.json()["token"]["project"]["id"] == demo.project_id
    at = f"credentials/{named['id']}"
    assert named["secret"] not in await demo.open(at)
    assert "31 Dec 2090" in await demo.open("credentials")
    assert await demo.do(f"{at}/delete") == "credentials"
    again = await demo.api.post("/identity/v3/auth/tokens", json=body)
    assert again.status_code == 401


async def test_a_credential_ends_with_its_last_day(demo: Person) -> None:
    today = now().date().isoformat()
    assert (await demo.send("credentials/new", {"name": "t", "expires": today})).status_code == 200
    user_id = (
        await demo.ask("GET", "/identity/v3/auth/tokens", headers={"x-subject-token": demo.token})
    )["token"]["user"]["id"]
    found = await demo.ask("GET", f"/identity/v3/users/{user_id}/application_credentials")
    assert found["application_credentials"][0]["expires_at"].startswith(f"{today}T23:59:59")
    reply = await demo.send("credentials/new", {"name": "t", "expires": "tomorrow"})
    words = "Cannot read 'tomorrow' as a day: write it like 2030-12-31"
    assert (reply.status_code, refusal_of(reply)) == (400, words)


async def test_a_cloud_with_its_own_authority_hands_it_out(
    world: World, demo: Person, tmp_path: Path
) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("an authority")
    world.cloud.plane.dashboard._authority = authority
    reply = await demo.send("credentials/new", {"name": "robot"})
    cloud = yaml.safe_load(shown_text(reply.text))["clouds"]["pilvi"]
    assert cloud["cacert"] == "~/.config/openstack/ca.pem"
    assert 'href="/dashboard/ca.pem"' in reply.text
    file = await world.browser().get("/dashboard/ca.pem")
    assert file.text == "an authority"


async def test_one_without_has_none(demo: Person) -> None:
    reply = await demo.send("credentials/new", {"name": "robot"})
    assert "cacert" not in reply.text
    assert (await demo.get("/dashboard/ca.pem")).status_code == 404


def test_a_clouds_yaml_needs_an_identity_service() -> None:
    endpoint = {"interface": "public", "url": "http://x/identity", "region": "R"}
    catalog = [{"type": "identity", "endpoints": [{**endpoint, "interface": "admin"}, endpoint]}]
    assert find_identity(catalog) == ("http://x/identity", "R")
    assert find_identity([]) == ("", "")
    assert "auth_url: u" in write_clouds({"id": "i", "secret": "s"}, ("u", "R"))
