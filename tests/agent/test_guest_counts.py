"""What is told of what guests use."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import msgspec

from host_server import make_test_settings
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.guest_counts import GuestCounter
from pilvi.agent.outbox import Outbox
from pilvi.agent.ports.fake import FakePort, FakePortDriver
from pilvi.agent.ports.fake_traffic import FakeTraffic
from pilvi.agent.ports.steps import TapSeen
from pilvi.agent.ports.traffic import Traffic
from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.fake_vm import FakeVm
from pilvi.agent.vms.local_vm import Process
from pilvi.host_api.contract import Assignment, Desired, Kind
from pilvi.host_api.vms import Nic
from vm_world import make_spec


@dataclass
class Host:
    """A fake host with one guest on two ports."""

    vms: FakeVms
    ports: FakePortDriver
    traffic: FakeTraffic
    counter: GuestCounter


def make_host(folder: Path) -> Host:
    desired = DesiredState(folder, durable=False)
    nics = [
        Nic(port_id=f"{n}0000000-0000-4000-8000-00000000000{n}", mac=f"fa:16:3e:00:00:0{n}", mtu=1)
        for n in (1, 2)
    ]
    spec = msgspec.Raw(msgspec.json.encode(make_spec(server_id="s1", nics=nics)))
    wish = Assignment(kind=Kind.VM, id="s1", generation=1, revision=1, present=True, spec=spec)
    desired.apply(Desired(host_id="h", revision=1, assignments=[wish]))
    context = AgentContext(
        make_test_settings(folder / "own", host_lease_s=0.03), desired, Outbox(), lambda *_: None
    )
    vms, ports = FakeVms(), FakePortDriver()
    for nic in nics:
        ports.ports[nic.port_id] = FakePort(TapSeen(1, None, 1450, is_up=True))
    traffic = FakeTraffic(ports)
    traffic.passed[nics[0].port_id] = Traffic(received=1, sent=20)
    traffic.passed[nics[1].port_id] = Traffic(received=300, sent=4000)
    return Host(vms, ports, traffic, GuestCounter(context, vms, traffic))


async def test_a_guests_ports_are_added_up(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    assert await host.counter.measure() == [], "it has no process yet"
    host.vms.vms["s1"] = FakeVm(process=Process.RUNNING, started_at=1.0)
    [counts] = await host.counter.measure()
    assert counts.server_id == "s1"
    assert counts.cpu_s > 0
    assert (counts.read_bytes, counts.written_bytes) == (512, 0)
    assert (counts.received_bytes, counts.sent_bytes) == (301, 4020)


async def test_a_sum_without_one_of_its_ports_is_not_told(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    host.vms.vms["s1"] = FakeVm(process=Process.RUNNING, started_at=1.0)
    host.ports.ports.popitem()
    [counts] = await host.counter.measure()
    assert (counts.received_bytes, counts.sent_bytes) == (None, None)
    assert counts.cpu_s > 0


async def test_what_is_taken_is_taken_once_and_measured_again(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    assert host.counter.take() is None
    task = asyncio.create_task(host.counter.watch())
    found = []
    async with asyncio.timeout(10):
        while len(found) < 2:
            if (taken := host.counter.take()) is not None:
                found.append(taken)
                assert host.counter.take() is None
            await asyncio.sleep(0.005)
    task.cancel()
    assert found == [[], []]
