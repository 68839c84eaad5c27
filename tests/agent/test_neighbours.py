from pathlib import Path

import msgspec
import pytest

from pilvi.agent.desired import DesiredState
from pilvi.agent.neighbours import list_neighbours
from pilvi.host_api.contract import Assignment, Desired, Kind
from pilvi.host_api.networks import NetworkSpec, PortSpec, RouterInterface, RouterSpec
from pilvi.host_api.vms import (
    CaptureSpec,
    GuestDocuments,
    Nic,
    Power,
    RebootKind,
    VmSpec,
    VolumeConnection,
)
from pilvi.host_api.volumes import VolumeSpec

VOLUME = VolumeConnection(
    attachment_id="a1",
    volume_id="v1",
    device="vdc",
    portal="127.0.0.1:3260",
    iqn="iqn.x:a1",
    lun=1,
    username="u",
    password="p",
    size_bytes=1,
)
VM = VmSpec(
    server_id="s1",
    project_id="p1",
    name="one",
    vcpus=1,
    memory_mib=64,
    power=Power.RUNNING,
    boot_generation=1,
    boot_kind=RebootKind.HARD,
    image_generation=1,
    disks=[],
    volumes=[VOLUME],
    nics=[Nic(port_id="p1", mac="02:00:00:00:00:01", mtu=1450)],
    config_drive=False,
    documents=GuestDocuments(meta_data={}, network_data={}, ec2={}),
)
PORT = PortSpec(
    port_id="p1",
    server_id="s1",
    network_id="n1",
    segment=1,
    mac="02:00:00:00:00:01",
    addresses=["10.0.0.5"],
    allowed_pairs=[],
    port_security=True,
    admin_state_up=True,
    rules=[],
)
NETWORK = NetworkSpec(
    network_id="n1",
    project_id="p1",
    segment=1,
    mtu=1450,
    is_external=False,
    subnets=[],
    leases=[],
)
ROUTER = RouterSpec(
    router_id="r1",
    project_id="p1",
    admin_state_up=True,
    interfaces=[
        RouterInterface(
            port_id="p2", network_id="n1", mac="02:00:00:00:00:02", address="10.0.0.1/24"
        )
    ],
    gateway=None,
    gateway_next_hop=None,
    snat=True,
    floating_ips=[],
    routes=[],
)
SPECS: dict[tuple[Kind, str], msgspec.Struct] = {
    (Kind.VM, "s1"): VM,
    (Kind.PORT, "p1"): PORT,
    (Kind.NETWORK, "n1"): NETWORK,
    (Kind.ROUTER, "r1"): ROUTER,
    (Kind.VOLUME, "v1"): VolumeSpec(volume_id="v1", project_id="p1", size_bytes=1, exports=[]),
    (Kind.CAPTURE, "i1"): CaptureSpec(
        image_id="i1", server_id="s1", device="vda", disk_format="qcow2"
    ),
}


@pytest.fixture
def desired(tmp_path: Path) -> DesiredState:
    state = DesiredState(tmp_path)
    wishes = [
        Assignment(
            kind=kind,
            id=id,
            generation=1,
            revision=1,
            present=True,
            spec=msgspec.Raw(msgspec.json.encode(spec)),
        )
        for (kind, id), spec in SPECS.items()
    ]
    state.apply(Desired(host_id="h", revision=1, assignments=wishes))
    return state


@pytest.mark.parametrize(
    ("key", "neighbours"),
    [
        ((Kind.VM, "s1"), {(Kind.PORT, "p1")}),
        ((Kind.PORT, "p1"), {(Kind.VM, "s1")}),
        ((Kind.NETWORK, "n1"), set()),
        ((Kind.ROUTER, "r1"), set()),
        ((Kind.VOLUME, "v1"), {(Kind.VM, "s1")}),
        ((Kind.CAPTURE, "i1"), {(Kind.VM, "s1")}),
        ((Kind.VM, "unknown"), set()),
    ],
)
def test_whoever_looks_at_it_is_named(
    desired: DesiredState, key: tuple[Kind, str], neighbours: set[tuple[Kind, str]]
) -> None:
    assert list_neighbours(desired, *key) == neighbours


def test_an_unreadable_wish_has_no_neighbours(desired: DesiredState) -> None:
    broken = Assignment(
        kind=Kind.PORT, id="p1", generation=2, revision=2, present=True, spec=msgspec.Raw(b"{}")
    )
    desired.apply(Desired(host_id="h", revision=2, assignments=[broken]))
    assert list_neighbours(desired, Kind.PORT, "p1") == set()
