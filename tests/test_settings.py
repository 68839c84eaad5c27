"""Settings: kept, read back, refused."""

from pathlib import Path

import pytest

from pilvi.errors import InvalidRequest
from pilvi.settings import Settings, load_settings, save_settings


def test_kept_and_read_back(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path), listen_port=1234, name_prefix="two")
    save_settings(settings)
    assert load_settings(tmp_path) == settings


@pytest.mark.parametrize(
    "text", ["listen_port = 0", "color = 1", "listen_port = 'a'", "= 3", "name_prefix = 'A-b'"]
)
def test_a_bad_file_is_refused_and_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(InvalidRequest, match=r"settings\.toml"):
        load_settings(tmp_path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="pilvi up"):
        load_settings(tmp_path)


def test_clouds_have_uids_of_their_own() -> None:
    one, two = Settings(state_dir="/a"), Settings(state_dir="/b")
    assert one.uid_base != two.uid_base
    mine = {one.uid_api, one.uid_services, one.uid_volumes, one.uid_guest_first}
    assert len(mine) == 4
    assert one.uid_guest_last < one.uid_base + 10_000


def test_tls_everywhere_but_on_loopback() -> None:
    assert not Settings().tls
    assert Settings(listen_host="192.0.2.7").tls
    assert Settings(listen_host="10.0.0.1").base_url == "https://10.0.0.1:8774"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104  # refused
def test_an_address_that_nobody_can_reach_is_refused(tmp_path: Path, host: str) -> None:
    (tmp_path / "settings.toml").write_text(f'listen_host = "{host}"\n')
    with pytest.raises(InvalidRequest, match="name one that leads to this machine"):
        load_settings(tmp_path)


def test_settings_with_a_database_s_password_are_the_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    save_settings(Settings(state_dir=str(tmp_path)))
    assert path.stat().st_mode & 0o777 == 0o644
    url = "postgresql://pilvi:word@db.test/pilvi"
    save_settings(Settings(state_dir=str(tmp_path), database_url=url))
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_settings(tmp_path).database_url == url


def test_agents_look_for_the_api_at_its_addresses(tmp_path: Path) -> None:
    settings = Settings(listen_port=1234)
    assert settings.control_plane_urls == ("http://127.0.0.1:1234",)
    settings = Settings(api_urls=("https://one.test:1/", "https://two.test:2"))
    assert settings.control_plane_urls == ("https://one.test:1", "https://two.test:2")


def test_what_processes_share_is_the_api_s_folder_unless_named() -> None:
    assert Settings(state_dir="/s").shared == Path("/s/api")
    assert Settings(state_dir="/s", shared_dir="/n").shared == Path("/n")
