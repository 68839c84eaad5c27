"""Logging in, keeping tokens, finding endpoints, older clouds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client_world import pilvi, say, small_cloud
from pilvi.client.config import Cloud
from pilvi.client.session import Session, login_body
from pilvi.errors import InvalidRequest, NotFound
from pilvi.testing.server import CloudServer


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudServer]:
    """A fake cloud that this process's clients use."""
    with small_cloud(tmp_path) as server:
        yield server


def kept(tmp_path: Path) -> list[Path]:
    """Files of kept tokens."""
    return sorted((tmp_path / "cache" / "pilvi" / "tokens").glob("*.json"))


def revoke_kept(cloud: CloudServer, tmp_path: Path) -> None:
    """Let the cloud forget the one token that is kept."""
    token = json.loads(kept(tmp_path)[0].read_text())["id"]
    headers = {"x-auth-token": token, "x-subject-token": token}
    gone = httpx.delete(f"{cloud.auth_url}/v3/auth/tokens", headers=headers)
    assert gone.status_code == 204


def test_a_token_is_kept_for_its_owner_alone_and_used_again(
    cloud: CloudServer, tmp_path: Path
) -> None:
    first = json.loads(say("token issue -f json"))["id"]
    [file] = kept(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert "admin-secret" not in file.read_text() + file.name
    assert json.loads(say("token issue -f json"))["id"] == first


def test_each_identity_has_its_own(cloud: CloudServer, tmp_path: Path) -> None:
    mine = json.loads(say("token issue -f json"))
    others = json.loads(say("--os-cloud pilvi-demo token issue -f json"))
    assert mine["user_id"] != others["user_id"]
    assert len(kept(tmp_path)) == 2
    with_admin = json.loads(say("--os-project-name admin token issue -f json"))
    assert with_admin["project_id"] != mine["project_id"]


def test_a_wrong_password_finds_no_kept_token(
    cloud: CloudServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("server list")
    file = tmp_path / "clouds.yaml"
    file.write_text(file.read_text().replace("admin-secret", "mistyped"))
    said = pilvi("server list")
    assert (said.status, said.out) == (1, "")
    assert "401" in said.err and "mistyped" not in said.err


def test_a_revoked_token_is_got_anew(cloud: CloudServer, tmp_path: Path) -> None:
    say("server list")
    [file] = kept(tmp_path)
    token = json.loads(file.read_text())
    revoke_kept(cloud, tmp_path)
    say("server list")
    assert json.loads(kept(tmp_path)[0].read_text())["id"] != token["id"]


def test_a_revoked_token_does_not_break_a_download(cloud: CloudServer, tmp_path: Path) -> None:
    image = json.loads(say("image show pilvi-guest -f json"))
    revoke_kept(cloud, tmp_path)
    say(f"image save --file {tmp_path}/back {image['id']}")
    assert (tmp_path / "back").stat().st_size == image["size"]


def test_a_secret_that_is_half_written_is_not_used(cloud: CloudServer, tmp_path: Path) -> None:
    say("flavor list")
    [file] = kept(tmp_path)
    (file.parent / "secret").write_bytes(b"")
    say("flavor list")
    assert kept(tmp_path) == [file]


@pytest.mark.parametrize("spoil", ["mode", "expiry", "rubbish", "link"])
def test_what_is_not_safe_or_good_is_not_used(
    cloud: CloudServer, tmp_path: Path, spoil: str
) -> None:
    before = json.loads(say("token issue -f json"))["id"]
    [file] = kept(tmp_path)
    if spoil == "mode":
        file.chmod(0o644)
    elif spoil == "expiry":
        file.write_text(json.dumps({**json.loads(file.read_text()), "expires_at": 30.0}))
    elif spoil == "rubbish":
        file.write_text("{")
    else:
        elsewhere = tmp_path / "elsewhere.json"
        file.rename(elsewhere)
        file.symlink_to(elsewhere)
    assert json.loads(say("token issue -f json"))["id"] != before
    assert not file.is_symlink() and file.stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_kept_it_works_all_the_same(
    cloud: CloudServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "below"))
    assert "p1.nano" in say("flavor list")


def test_an_application_credential_logs_in(
    cloud: CloudServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cloud.connect("demo") as demo:
        made = demo.identity.create_application_credential(demo.current_user_id, "ci")
    monkeypatch.delenv("OS_CLOUD")
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
    monkeypatch.setenv("OS_AUTH_URL", cloud.auth_url)
    monkeypatch.setenv("OS_APPLICATION_CREDENTIAL_ID", made.id)
    monkeypatch.setenv("OS_APPLICATION_CREDENTIAL_SECRET", made.secret)
    assert "private" in say("network list -f value -c Name")


def test_an_unknown_region_is_said(cloud: CloudServer) -> None:
    said = pilvi("--os-region-name Nowhere server list")
    assert said.status == 1 and "in the region 'Nowhere'" in said.err


def test_a_version_that_an_older_cloud_does_not_know_is_lowered(
    cloud: CloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        __import__("pilvi.client.session").client.session.MICROVERSIONS, "compute", (2, 999)
    )
    assert re.search("p1.nano", say("flavor list"))


def test_login_names_what_is_missing() -> None:
    def nobody() -> str:
        raise InvalidRequest("nobody to ask")

    with pytest.raises(InvalidRequest, match="auth_url"):
        login_body({}, nobody)
    with pytest.raises(InvalidRequest, match="username"):
        login_body({"auth_url": "x"}, nobody)
    with pytest.raises(InvalidRequest, match="nobody to ask"):
        login_body({"auth_url": "x", "username": "me"}, nobody)


def test_a_service_that_is_not_there_is_said(cloud: CloudServer) -> None:
    auth = {key: str(value) for key, value in cloud.credentials("demo").items()}
    with pytest.raises(NotFound, match="catalog"):
        Session(Cloud(auth, interface="moon")).get("compute", "/servers")


def test_an_address_without_the_path_is_told_what_is_missing(
    cloud: CloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = cloud.auth_url.removesuffix("/identity")
    assert address != cloud.auth_url
    said = pilvi(f"--os-auth-url {address} server list")
    assert said.status == 1 and f"identity service at {address}" in said.err
    assert "OS_AUTH_URL" in said.err and "/identity/v3" in said.err
