"""What must hold at every moment."""

import random
from pathlib import Path

import msgspec
import pytest

from pilvi.agent.vms.fake_vm import FakeVm
from pilvi.agent.vms.local_vm import Plug
from pilvi.agent.vms.local_vm import Process as VmProcess
from pilvi.agent.volumes.driver import SeenTarget, fingerprint
from pilvi.errors import Unavailable
from pilvi.host_api.vms import VolumeConnection
from pilvi.host_api.volumes import Export
from pilvi.settings import Settings
from pilvi.testing.simulation.hardware import Hardware
from pilvi.testing.simulation.invariants import find_doubled_guests, find_doubled_writers


def connect(attachment_id: str, volume_id: str, password: str = "secret") -> VolumeConnection:
    return VolumeConnection(
        attachment_id=attachment_id,
        volume_id=volume_id,
        device="vdb",
        portal="127.0.0.1:3260",
        iqn=f"iqn.x:{attachment_id}",
        lun=1,
        username="user",
        password=password,
        size_bytes=1,
    )


def let_in(host: Hardware, connection: VolumeConnection) -> None:
    export = msgspec.convert(msgspec.structs.asdict(connection), Export)
    target = SeenTarget(connection.iqn, fingerprint(export), 1)
    host.drivers.volumes._targets[connection.volume_id, connection.iqn] = target


def test_two_guests_of_a_server_and_two_writers_of_a_volume_are_found(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path), fake=True)
    one, two = (Hardware.make(settings, name, random.Random(1)) for name in ("one", "two"))
    one.drivers.vms.vms["a"] = FakeVm(process=VmProcess.RUNNING, volumes={"x": Plug.WHOLE})
    two.drivers.vms.vms["a"] = FakeVm(process=VmProcess.NONE)
    two.drivers.vms.vms["b"] = FakeVm(process=VmProcess.PAUSED, volumes={"y": Plug.WHOLE})
    one.connections["x"], two.connections["y"] = connect("x", "v"), connect("y", "w")
    for connection in (connect("x", "v"), connect("y", "v")):
        let_in(two, connection)
    assert not [*find_doubled_guests([one, two]), *find_doubled_writers([one, two])]
    two.drivers.vms.vms["a"].process = VmProcess.RUNNING
    two.connections["y"] = connect("y", "v")
    assert list(find_doubled_guests([one, two])) == ["two guests of server a run: on one and two"]
    assert list(find_doubled_writers([one, two])) == [
        "two guests have volume v: a on one and b on two"
    ]


def test_a_guest_that_was_moved_may_run_twice_where_nobody_could_be_asked_but_not_write(
    tmp_path: Path,
) -> None:
    settings = Settings(state_dir=str(tmp_path), fake=True)
    old, new = (Hardware.make(settings, name, random.Random(1)) for name in ("old", "new"))
    for host, password in ((old, "before"), (new, "after")):
        guest = FakeVm(process=VmProcess.RUNNING, volumes={"x": Plug.WHOLE})
        host.drivers.vms.vms["a"] = guest
        host.connections["x"] = connect("x", "v", password)
    let_in(new, connect("x", "v", "after"))
    assert not list(find_doubled_writers([old, new]))
    let_in(old, connect("x", "v", "before"))
    assert list(find_doubled_writers([old, new]))
    assert list(find_doubled_guests([old, new], {"a"}))
    old.is_alone = lambda: True
    old.note_launch("a")
    assert not list(find_doubled_guests([old, new], {"a"}))
    assert list(find_doubled_guests([old, new]))
    old.is_let_in = lambda connection: False
    with pytest.raises(Unavailable, match="lets nobody in"):
        old.attach(connect("x", "v", "before"))
