"""The processes of a DHCP namespace: a wrong start is told, a dead one is noticed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.links import links_of
from pilvi.agent.ports.linux.services import Services
from pilvi.errors import Unavailable
from pilvi.settings import Settings

pytestmark = pytest.mark.root

GOOD = "port=0\ninterface=lo\nbind-interfaces\nleasefile-ro\ndhcp-range=10.0.0.0,static\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return fresh_settings(tmp_path)


@pytest.fixture
def space(settings: Settings) -> Iterator[str]:
    name = f"{settings.name_prefix}gn"
    namespaces.create(name)
    with links_of(name) as links:
        links.change("lo", up=True)
    yield name
    namespaces.remove(name)


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Readable for the services' user, below a folder that is not."""
    folder = tmp_path / "network"
    folder.mkdir(mode=0o750)
    os.chown(folder, 0, settings.uid_services)
    return folder


def test_a_wrong_configuration_is_told_with_the_log(
    settings: Settings, space: str, folder: Path
) -> None:
    (folder / "bad.conf").write_text("no-such-option\n")
    services = Services(settings.uid_services)
    with pytest.raises(Unavailable) as refused:
        services.start_dnsmasq(space, folder, "bad.conf")
    assert "bad.conf" in refused.value.detail
    assert namespaces.list_processes(space) == []
    assert services.find(space, "dnsmasq") is None


def test_a_process_is_adopted_by_the_next_agent_and_missed_when_it_dies(
    settings: Settings, space: str, folder: Path
) -> None:
    (folder / "good.conf").write_text(GOOD)
    first = Services(settings.uid_services)
    first.start_dnsmasq(space, folder, "good.conf")
    first.close()
    second = Services(settings.uid_services)
    assert second.find(space, "dnsmasq") == "--conf-file=good.conf"
    assert second.list_broken() == []
    for _ in range(3):
        second.reload(space)
    (only,) = namespaces.list_processes(space)
    namespaces.kill(only.pid, space)
    assert second.list_broken() == [space]
    assert second.find(space, "dnsmasq") is None
    assert second.list_broken() == []
    second.close()


def test_a_second_start_takes_the_place_of_the_first(
    settings: Settings, space: str, folder: Path
) -> None:
    services = Services(settings.uid_services)
    for name in ("one.conf", "two.conf"):
        (folder / name).write_text(GOOD)
        services.start_dnsmasq(space, folder, name)
    assert [p.arguments[-1] for p in namespaces.list_processes(space)] == ["--conf-file=two.conf"]
    services.end(space, "dnsmasq")
    services.end(space, "dnsmasq")
    assert namespaces.list_processes(space) == []
    services.close()
