"""Whose a posted password is, and when its guest is answered."""

from pathlib import Path

from agent.ports.small_host import SmallHost, fresh_settings, port, uuid
from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.passwords import PostedPasswords
from pilvi.agent.ports.steps import Posted
from pilvi.host_api.contract import GuestPassword, Kind


async def test_it_is_the_servers_whose_address_it_came_from(tmp_path: Path) -> None:
    driver = FakePortDriver()
    host = SmallHost(fresh_settings(tmp_path), driver)
    spec = port(11)
    host.assign(Kind.PORT, spec.port_id, spec)
    passwords = PostedPasswords(host.desired, driver)
    mine = Posted(spec.network_id, "10.0.1.11", "sealed")
    driver.posted = [
        mine,
        Posted(spec.network_id, "10.0.1.99", "nobody's"),
        Posted(uuid(9), "10.0.1.11", "of another network"),
    ]
    told = await passwords.read()
    assert told == [GuestPassword(server_id=spec.server_id, password="sealed")]  # noqa: S106
    assert driver.posted == [mine]
    await passwords.note_told(told)
    assert driver.posted == []
    newer = Posted(spec.network_id, "10.0.1.11", "newer")
    driver.posted = [newer]
    assert await passwords.read() != told
    await passwords.note_told(told)
    assert driver.posted == [newer]
