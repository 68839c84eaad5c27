"""DHCP with real leases: obtained, changed, given back, served through a restart."""

import asyncio
import socket
from pathlib import Path

import pytest

from agent.ports.small_host import SmallHost, mac, network, port, uuid
from agent.ports.virtual_guest import Guests
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.dhcp_spaces import DhcpSpaces, render_release
from pilvi.agent.ports.linux.driver import LinuxPortDriver
from pilvi.agent.ports.linux.fabric import Fabric
from pilvi.agent.ports.metadata_tree import posted_name
from pilvi.agent.ports.names import CloudNames
from pilvi.agent.ports.steps import Posted
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import Lease

root = pytest.mark.root


def test_a_release_names_the_client_the_address_and_the_server() -> None:
    packet = render_release("10.0.0.2", "fa:16:3e:00:00:0b", "10.0.0.11")
    assert packet[12:16] == socket.inet_aton("10.0.0.11")
    assert packet[28:34] == bytes.fromhex("fa163e00000b")
    assert packet[236:243] == b"\x63\x82\x53\x63\x35\x01\x07"
    assert packet.endswith(b"\x36\x04" + socket.inet_aton("10.0.0.2") + b"\xff")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"c2VhbGVk\r\n\tYQ==\n", "c2VhbGVk\r\n\tYQ==\n"),
        (b"\\u0000", "\\u0000"),
        (b"\0", None),
        (b"sealed\x07", None),
        (b"\xff", None),
    ],
)
def test_what_a_guest_posted_is_read_only_where_it_can_be_printed(
    tmp_path: Path, content: bytes, text: str | None
) -> None:
    folder = tmp_path / uuid(1) / "posted"
    folder.mkdir(parents=True)
    (folder / posted_name("10.0.1.11")).write_bytes(content)
    spaces = DhcpSpaces(CloudNames("t"), Fabric("t"), tmp_path, 0)
    found = spaces.list_posted()
    spaces.close()
    assert found == ([] if text is None else [Posted(uuid(1), "10.0.1.11", text)])


@root
async def test_a_guest_gets_its_address_mtu_routes_and_name_servers(
    host: SmallHost, guests: Guests
) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    guest = await guests.boot(port(11), dhcp=False)
    lease = await guest.ask_dhcp()
    assert "ip=10.0.1.11 mask=24 mtu=1450 router=10.0.1.1 dns=9.9.9.9" in lease.output
    routes = "169.254.169.254/32 10.0.1.2 10.77.0.0/16 10.0.1.9 0.0.0.0/0 10.0.1.1"
    assert f"routes={routes}" in lease.output


@root
async def test_a_guest_without_an_entry_gets_nothing(host: SmallHost, guests: Guests) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[12]))
    guest = await guests.boot(port(11), dhcp=False)
    assert not (await guest.ask_dhcp()).ok


@root
async def test_an_entry_that_comes_later_is_served_by_the_same_process(
    host: SmallHost, guests: Guests
) -> None:
    host.assign(Kind.NETWORK, uuid(1), network())
    guest = await guests.boot(port(11), dhcp=False)
    before = _pids(host, 1)
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    await host.settle()
    assert "ip=10.0.1.11" in (await guest.ask_dhcp()).output
    assert _pids(host, 1) == before


@root
async def test_an_address_goes_to_its_next_owner_at_once(host: SmallHost, guests: Guests) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    await guests.boot(port(11))
    heir = Lease(port_id=uuid(12), mac=mac(12), address="10.0.1.11", hostname="heir")
    host.assign(Kind.PORT, uuid(11), None)
    host.assign(Kind.NETWORK, uuid(1), network(leases=[heir]))
    await host.settle()
    second = await guests.boot(port(12, addresses=["10.0.1.11"]), dhcp=False)
    assert "ip=10.0.1.11" in (await second.ask_dhcp()).output


@root
async def test_a_process_that_dies_is_started_again(host: SmallHost, guests: Guests) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    guest = await guests.boot(port(11))
    before = _pids(host, 1)
    assert len(before) == 2
    for pid in before:
        namespaces.kill(pid, _space(host, 1))
    async with asyncio.timeout(8):
        while len(_pids(host, 1)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert not _pids(host, 1) & before
    assert "ip=10.0.1.11" in (await guest.ask_dhcp()).output


@root
async def test_both_processes_run_without_root(host: SmallHost) -> None:
    host.assign(Kind.NETWORK, uuid(1), network())
    await host.settle()
    await _until_unprivileged(host)
    uid = str(host.settings.uid_services)
    for pid in _pids(host, 1):
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {uid}
        assert status["Groups"].strip() == ""
        assert status["NoNewPrivs"] == "1"
        # CAP_NET_BIND_SERVICE, CAP_NET_ADMIN and CAP_NET_RAW are bits 10, 12 and 13.
        assert int(status["CapEff"], 16) & ~0x3400 == 0


@root
async def test_a_restarted_agent_leaves_a_healthy_network_alone(
    host: SmallHost, guests: Guests
) -> None:
    first, second = await guests.pair()
    before = _pids(host, 1)
    numbers = await host.driver.see_port(uuid(11), 1)
    await host.stop()
    again = SmallHost(host.settings, LinuxPortDriver(host.settings))
    try:
        await again.start()
        await again.settle()
        assert _pids(host, 1) == before
        assert await again.driver.see_port(uuid(11), 1) == numbers
        assert again.woken == []
        assert "ip=10.0.1.12" in (await second.ask_dhcp()).output
        assert (await first.run("ip link show eth0")).ok
    finally:
        await again.stop()


@root
async def test_an_absent_network_leaves_nothing(host: SmallHost) -> None:
    host.assign(Kind.NETWORK, uuid(1), network(ports=[11]))
    await host.settle()
    pids = _pids(host, 1)
    host.assign(Kind.NETWORK, uuid(1), None)
    await host.settle()
    assert not host.seen(Kind.NETWORK, uuid(1)).present
    assert not namespaces.exists(_space(host, 1))
    assert not (host.settings.agent_dir / "networks" / uuid(1)).exists()
    assert await host.driver.see_bridge(1) is None
    assert not any(namespaces.open_process(pid, _space(host, 1)) for pid in pids)


@root
async def test_dhcp_comes_and_goes_with_the_wish(host: SmallHost) -> None:
    spec = network()
    without = network(subnets=[])
    for wish, is_there in ((without, False), (spec, True), (without, False)):
        host.assign(Kind.NETWORK, uuid(1), wish)
        await host.settle()
        assert namespaces.exists(_space(host, 1)) == is_there


def _space(host: SmallHost, number: int) -> str:
    return f"{host.settings.name_prefix}-dhcp-{uuid(number)}"


def _pids(host: SmallHost, number: int) -> set[int]:
    return {process.pid for process in namespaces.list_processes(_space(host, number))}


async def _until_unprivileged(host: SmallHost) -> None:
    """The metadata server begins as root, until everything is imported."""
    async with asyncio.timeout(8):
        while not all(_uid(pid) == host.settings.uid_services for pid in _pids(host, 1)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _uid(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("Uid:")[2].split()[0])
