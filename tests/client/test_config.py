"""Which cloud is meant."""

from pathlib import Path

import pytest

from pilvi.client.config import read_cloud
from pilvi.errors import InvalidRequest

CLOUDS = """
clouds:
  home:
    auth: {auth_url: "http://home/identity", username: me, password: secret, project_name: mine}
    region_name: Here
    interface: internal
    cacert: /ca.pem
  work:
    auth: {auth_url: "https://work", username: you, tenant_name: old}
    verify: false
    image_endpoint_override: https://images/v2
  far:
    profile: somebody
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "clouds.yaml").write_text(CLOUDS)
    return {
        "HOME": str(tmp_path),
        "OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml"),
        "PILVI_STATE_DIR": str(tmp_path / "none"),
    }


def test_a_cloud_is_read_from_the_file(environment: dict[str, str]) -> None:
    cloud = read_cloud({"cloud": "home"}, environment)
    assert cloud.auth["username"] == "me" and cloud.auth["password"] == "secret"
    assert (cloud.region, cloud.interface, cloud.cacert) == ("Here", "internal", "/ca.pem")
    assert cloud.is_verified
    assert read_cloud({}, {**environment, "OS_CLOUD": "home"}) == cloud


def test_old_names_overrides_and_verification(environment: dict[str, str]) -> None:
    cloud = read_cloud({"cloud": "work"}, environment)
    assert cloud.auth["project_name"] == "old"
    assert not cloud.is_verified
    assert cloud.endpoints == {"image": "https://images/v2"}


def test_options_go_before_the_file_and_the_environment_fills_gaps(
    environment: dict[str, str],
) -> None:
    environment |= {"OS_PASSWORD": "typed", "OS_REGION_NAME": "There", "OS_USERNAME": "other"}
    cloud = read_cloud({"cloud": "work", "project_id": "p1"}, environment)
    assert cloud.auth["password"] == "typed"
    assert cloud.auth["username"] == "you"
    assert cloud.region == "There"
    assert cloud.auth["project_id"] == "p1" and "project_name" not in cloud.auth
    assert read_cloud({"cloud": "home", "region_name": "X"}, environment).region == "X"


def test_secrets_may_stand_in_a_file_of_their_own(
    environment: dict[str, str], tmp_path: Path
) -> None:
    secure = tmp_path / "secure.yaml"
    secure.write_text("clouds: {work: {auth: {password: hidden}}}")
    environment["OS_CLIENT_SECURE_FILE"] = str(secure)
    assert read_cloud({"cloud": "work"}, environment).auth["password"] == "hidden"


def test_the_environment_alone_is_enough(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "OS_AUTH_URL": "http://x", "OS_USERNAME": "me"}
    assert read_cloud({}, environment).auth == {"auth_url": "http://x", "username": "me"}


def test_the_cloud_of_this_machine_is_the_last_resort(tmp_path: Path) -> None:
    (tmp_path / "clouds.yaml").write_text(CLOUDS.replace("home", "pilvi"))
    environment = {"HOME": "/nonexistent", "PILVI_STATE_DIR": str(tmp_path)}
    assert read_cloud({}, environment).auth["username"] == "me"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "one of home, work, far"),
        ({"cloud": "moon"}, "there are home, work, far"),
        ({"cloud": "far"}, "cannot use the profile 'somebody'"),
    ],
)
def test_what_cannot_be_told_is_said(
    environment: dict[str, str], given: dict[str, str], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        read_cloud(given, environment)


def test_a_file_that_is_no_yaml_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "clouds.yaml").write_text("{")
    with pytest.raises(InvalidRequest, match="cannot read .*clouds.yaml"):
        read_cloud({"cloud": "home"}, environment)
    (tmp_path / "clouds.yaml").write_text("[]")
    with pytest.raises(InvalidRequest, match="cannot find 'clouds'"):
        read_cloud({"cloud": "home"}, environment)
