"""Audits of a whole fake cloud: clean when it should be, and each kind of leak is named."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update

from audit.audited import audit_cloud, make_everything, start_server, until
from pilvi.agent.ports.fake import FakeNetwork, FakePort
from pilvi.agent.ports.steps import BridgeSeen, DhcpSeen, LoadSet, RouterSeen, TapSeen
from pilvi.agent.vms.fake_vm import FakeVm
from pilvi.agent.vms.local_vm import Process
from pilvi.agent.volumes.driver import FileKind, FileName, SeenTarget
from pilvi.agent.volumes.fake_contents import FakeFile
from pilvi.audit.model.difference import Verdict
from pilvi.audit.model.report import HostState
from pilvi.audit.operations.books import read_books
from pilvi.block_storage.store.tables import attachments
from pilvi.core.db import Transaction
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import AddressSetSpec
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import assign
from pilvi.image.operations.ledger import StoreFiles
from pilvi.network.store.tables import floating_ips, ports
from pilvi.placement.operations.allocations import claim, release
from pilvi.testing.hosts import FakeHost
from pilvi.testing.server import CloudServer, running_server

pytestmark = pytest.mark.xdist_group("pilvi server")
NOBODY, OTHER = str(uuid.UUID(int=7)), str(uuid.UUID(int=8))


@pytest.fixture(scope="module")
def running() -> Iterator[CloudServer]:
    with running_server(2) as server:
        yield server


@dataclass
class Audited:
    """A cloud with one of everything, and the host that has the server."""

    server: CloudServer
    ids: dict[str, str]
    host: FakeHost

    def write(self, change: Callable[[Transaction], object]) -> None:
        """Change the database behind everybody's back."""

        async def work() -> None:
            async with self.server.cloud.db.write() as tx:
                await change(tx)  # type: ignore[misc]

        self.server.run(work)

    def volume_host(self) -> FakeHost:
        """The host on which the volume lies."""
        name = FileName(FileKind.VOLUME, self.ids["volume"])
        found = self.server.hosts.values()
        return next(one for one in found if name in one.drivers.volumes.contents.files)


@pytest.fixture
def cloud(running: CloudServer) -> Audited:
    running.reset()
    ids = make_everything(running.connect())
    running.settle()
    id = ids["server"]
    host = next(host for host in running.hosts.values() if id in host.drivers.vms.vms)
    return Audited(running, ids, host)


def test_nothing_differs_in_a_cloud_with_one_of_everything_and_after_its_end(
    cloud: Audited,
) -> None:
    found = audit_cloud(cloud.server)
    assert found.differences == () and found.silent == () and found.exit_status == 0
    assert found.answered == 2
    connection = cloud.server.connect()
    connection.network.delete_ip(cloud.ids["floating_ip"])
    connection.compute.delete_server(cloud.ids["server"])
    connection.block_storage.delete_backup(cloud.ids["backup"])
    connection.block_storage.delete_snapshot(cloud.ids["snapshot"])
    cloud.server.settle()
    connection.block_storage.delete_volume(cloud.ids["volume"])
    cloud.server.settle()
    found = audit_cloud(cloud.server)
    assert found.differences == () and found.exit_status == 0
    assert not any(host.drivers.vms.vms for host in cloud.server.hosts.values())


def _stray_process(cloud: Audited) -> None:
    cloud.host.drivers.vms.vms[NOBODY] = FakeVm(process=Process.RUNNING, pid=42)


def _stray_disk(cloud: Audited) -> None:
    cloud.host.drivers.vms.vms[cloud.ids["server"]].disks.add(("vdz", 9))


def _stray_state(cloud: Audited) -> None:
    cloud.host.drivers.vms.vms[cloud.ids["server"]].has_state = True


def _stray_tap(cloud: Audited) -> None:
    tap = TapSeen(99, None, 1500, is_up=True)
    cloud.host.drivers.ports.ports[NOBODY] = FakePort(tap, "digest")


def _stray_network(cloud: Audited) -> None:
    dhcp = DhcpSeen("br77", 1500, frozenset(), "config", "leases", metadata_runs=True)
    seen = BridgeSeen(1500, is_ready=True)
    cloud.host.drivers.ports.networks[NOBODY] = FakeNetwork("br77", seen, dhcp)


def _stray_lease(cloud: Audited) -> None:
    network = cloud.host.drivers.ports.networks[cloud.ids["network"]]
    network.leases += "fa:16:3e:00:00:01,10.9.9.9,ghost\n"


def _stray_document(cloud: Audited) -> None:
    network = cloud.host.drivers.ports.networks[cloud.ids["network"]]
    network.documents["10.9.9.9"] = b"{}"


def _stray_router(cloud: Audited) -> None:
    cloud.host.drivers.ports.routers[NOBODY] = RouterSeen(exists=True)


def _stray_leg(cloud: Audited) -> None:
    id = cloud.ids["router"]
    for host in cloud.server.hosts.values():
        router = host.drivers.ports.routers.get(id)
        if router is not None:
            legs = {**router.legs, "leg00000000007": next(iter(router.legs.values()))}
            host.drivers.ports.routers[id] = replace(router, legs=legs)


def _stray_set(cloud: Audited) -> None:
    cloud.host.drivers.ports.sets[NOBODY] = LoadSet(NOBODY, (), "digest")


def _stray_file(kind: FileKind) -> Callable[[Audited], None]:
    def leak(cloud: Audited) -> None:
        cloud.host.drivers.volumes.contents.files[FileName(kind, NOBODY)] = FakeFile(1 << 20)

    return leak


def _stray_target(cloud: Audited) -> None:
    volumes = cloud.volume_host().drivers.volumes
    id = cloud.ids["volume"]
    volumes._targets[(id, "iqn.ghost")] = SeenTarget("iqn.ghost", "print", 1 << 30)


def _stray_backup(cloud: Audited) -> None:
    (cloud.host.agent.settings.backups / NOBODY).mkdir(parents=True)


def _stray_wish(cloud: Audited) -> None:
    (cloud.host.agent.settings.agent_dir / "desired" / f"vm-{NOBODY}.json").write_text("{}")


def _stray_rubbish(cloud: Audited) -> None:
    (cloud.host.agent.settings.agent_dir / "desired" / "rubbish").write_text("x")


def _stray_blob(cloud: Audited) -> None:
    (cloud.server.settings.api_dir / "images" / "blobs" / ("a" * 128)).write_bytes(b"x" * 5000)


def _stray_upload(cloud: Audited) -> None:
    folder = cloud.server.settings.api_dir / "images" / "incoming"
    folder.mkdir(exist_ok=True)
    (folder / NOBODY).write_bytes(b"half an image")


def _stray_allocation(cloud: Audited) -> None:
    who = {"project_id": NOBODY, "user_id": NOBODY, "provider_id": cloud.host.agent.desired.host_id}
    cloud.write(lambda tx: claim(tx, consumer_id=NOBODY, resources={"VCPU": 1}, **who))


def _stray_attachment(cloud: Audited) -> None:
    cloud.write(lambda tx: tx.run(update(attachments).values(server_id=NOBODY)))


def _stray_port(cloud: Audited) -> None:
    change = update(ports).where(ports.c.id == cloud.ids["port"])
    cloud.write(lambda tx: tx.run(change.values(server_id=NOBODY)))


def _stray_assignment(cloud: Audited) -> None:
    spec = AddressSetSpec(set_id=OTHER, addresses=[])
    host_id = HostId(cloud.host.agent.desired.host_id)
    owner = ("nobody", OTHER)  # its own reconciler would take it back at once
    cloud.write(lambda tx: assign(tx, host_id, Kind.ADDRESS_SET, OTHER, spec, owner=owner))


LEAKS: dict[str, tuple[Callable[[Audited], None], list[str]]] = {
    # What is found: kind of the thing, kind and id of its owner.
    "process": (_stray_process, ["guest vm NOBODY", "process vm NOBODY"]),
    "disk": (_stray_disk, ["disk vm SERVER"]),
    "state": (_stray_state, ["saved state vm SERVER"]),
    "tap": (_stray_tap, ["packet filter port NOBODY", "tap port NOBODY"]),
    "network": (
        _stray_network,
        [
            "DHCP namespace network NOBODY",
            "bridge network NOBODY",
            "network service network NOBODY",
            "network service network NOBODY",
        ],
    ),
    "lease": (_stray_lease, ["DHCP entry network NETWORK"]),
    "document": (_stray_document, ["metadata document network NETWORK"]),
    "router": (_stray_router, ["router namespace router NOBODY"]),
    "leg": (_stray_leg, ["router link router ROUTER"]),
    "set": (_stray_set, ["address set address_set NOBODY"]),
    "volume": (_stray_file(FileKind.VOLUME), ["volume file volume NOBODY"]),
    "snapshot": (_stray_file(FileKind.SNAPSHOT), ["snapshot file snapshot NOBODY"]),
    "copy": (_stray_file(FileKind.COPY), ["private copy upload NOBODY"]),
    "target": (_stray_target, ["iSCSI target volume VOLUME"]),
    "backup": (_stray_backup, ["backup backup NOBODY"]),
    "wish": (_stray_wish, ["wish vm NOBODY"]),
    "file": (_stray_rubbish, ["file  "]),
    "blob": (_stray_blob, ["stored image  "]),
    "incoming": (_stray_upload, ["stored image  "]),
    "allocation": (_stray_allocation, ["allocation consumer NOBODY"]),
    "attachment": (_stray_attachment, ["attachment volume VOLUME"]),
    "port": (_stray_port, ["port port PORT"]),
    "assignment": (_stray_assignment, ["assignment address_set OTHER"]),
}


def test_a_leak_of_each_kind_is_named_with_its_owner(cloud: Audited) -> None:
    for make, _ in LEAKS.values():
        make(cloud)
    found = audit_cloud(cloud.server)
    assert found.exit_status == 1
    leaked = [one for one in found.differences if one.verdict is Verdict.LEAKED]
    ids = {id: word.upper() for word, id in {**cloud.ids, "nobody": NOBODY, "other": OTHER}.items()}
    told = []
    for one in leaked:
        kind, _, id = one.owner.partition(" ")
        told.append(f"{one.kind} {kind} {ids.get(id, id)}")
    assert sorted(told) == sorted(word for _, words in LEAKS.values() for word in words)
    others = [one for one in found.differences if one.verdict is not Verdict.LEAKED]
    # A row that belongs to somebody else is missed by whom it belonged to.
    assert {one.kind for one in others} <= {"attachment"}


def _lose_process(cloud: Audited) -> None:
    cloud.host.drivers.vms.vms[cloud.ids["server"]].process = Process.NONE


def _lose_disk(cloud: Audited) -> None:
    cloud.host.drivers.vms.vms[cloud.ids["server"]].disks.clear()


def _lose_tap(cloud: Audited) -> None:
    del cloud.host.drivers.ports.ports[cloud.ids["port"]]


def _lose_lease(cloud: Audited) -> None:
    cloud.host.drivers.ports.networks[cloud.ids["network"]].leases = ""


def _lose_volume(cloud: Audited) -> None:
    files = cloud.volume_host().drivers.volumes.contents.files
    del files[FileName(FileKind.VOLUME, cloud.ids["volume"])]


def _lose_target(cloud: Audited) -> None:
    cloud.volume_host().drivers.volumes._targets.clear()


def _lose_blob(cloud: Audited) -> None:
    for path in (cloud.server.settings.api_dir / "images" / "blobs").iterdir():
        path.unlink()


def _lose_allocation(cloud: Audited) -> None:
    cloud.write(lambda tx: release(tx, cloud.ids["server"]))


LOSSES: dict[str, Callable[[Audited], None]] = {
    "process": _lose_process,
    "disk": _lose_disk,
    "tap": _lose_tap,
    "DHCP entry": _lose_lease,
    "iSCSI target": _lose_target,
    "volume file": _lose_volume,
    "stored image": _lose_blob,
    "allocation": _lose_allocation,
}


def test_what_is_lost_is_named(cloud: Audited) -> None:
    for lose in LOSSES.values():
        lose(cloud)
    found = audit_cloud(cloud.server)
    missing = {one.kind for one in found.differences if one.verdict is Verdict.MISSING}
    assert found.exit_status == 1
    assert missing == {*LOSSES, "packet filter"}


def test_an_allocation_and_a_floating_ip_that_are_wrong_are_named(cloud: Audited) -> None:
    who = {"project_id": NOBODY, "user_id": NOBODY, "provider_id": cloud.host.agent.desired.host_id}
    wrong = {"VCPU": 2, "MEMORY_MB": 77}
    id = cloud.ids["server"]
    cloud.write(lambda tx: claim(tx, consumer_id=id, resources=wrong, **who))
    change = update(floating_ips).values(fixed_address="10.99.99.99")
    cloud.write(lambda tx: tx.run(change))
    found = audit_cloud(cloud.server).differences
    seen = {(one.kind, one.verdict, one.owner) for one in found}
    assert ("allocation", Verdict.WRONG, f"server {id}") in seen
    assert ("floating IP", Verdict.WRONG, f"floating_ip {cloud.ids['floating_ip']}") in seen
    assert "77 MEMORY_MB" in next(one.name for one in found if one.kind == "allocation")


def test_a_host_that_does_not_answer_is_named_and_nothing_is_said_of_what_it_holds(
    cloud: Audited,
) -> None:
    cloud.host.link.is_cut = True
    # What it lost it would mend by itself meanwhile; of this it knows nothing.
    _stray_rubbish(cloud)
    # Long enough for the other host on a busy machine.
    found = audit_cloud(cloud.server, answer_s=3.0)
    assert [(one.name, one.state) for one in found.silent] == [(cloud.host.name, HostState.WAITING)]
    assert found.exit_status == 2 and found.differences == ()
    cloud.host.link.is_cut = False
    again = audit_cloud(cloud.server)
    assert again.silent == () and again.exit_status == 1


def test_a_host_that_cannot_list_everything_is_named(
    cloud: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise Unavailable("cannot filter packets: nft does not answer")

    listers = {**cloud.host.agent.parts.listers, "networks": fail}
    monkeypatch.setattr(cloud.host.agent.auditor, "_listers", listers)
    found = audit_cloud(cloud.server)
    assert [one.state for one in found.silent] == [HostState.FAILED]
    assert "nft does not answer" in found.silent[0].failures[0]
    assert found.exit_status == 2


def test_a_volume_and_an_image_of_another_size_are_named(cloud: Audited) -> None:
    files = cloud.volume_host().drivers.volumes.contents.files
    files[FileName(FileKind.VOLUME, cloud.ids["volume"])].size_bytes -= 512
    (blob,) = (cloud.server.settings.api_dir / "images" / "blobs").iterdir()
    size = blob.stat().st_size
    os.truncate(blob, size - 1)
    try:
        found = audit_cloud(cloud.server)
    finally:
        os.truncate(blob, size)
    assert [(one.verdict, one.kind) for one in found.differences] == [
        (Verdict.WRONG, "stored image"),
        (Verdict.WRONG, "volume file"),
    ]
    assert found.differences[1].owner == f"volume {cloud.ids['volume']}"


def test_work_under_way_is_no_leak(cloud: Audited) -> None:
    for host in cloud.server.hosts.values():
        host.drivers.vms.delay("launch", 2.0)
    connection = cloud.server.connect()
    network = connection.network.find_network("private", ignore_missing=False)
    image = connection.image.find_image("pilvi-guest", ignore_missing=False)
    made = connection.compute.create_server(
        name="slow", flavor_id="p1.nano", image_id=image.id, networks=[{"uuid": network.id}]
    )
    found = audit_cloud(cloud.server)
    assert found.differences == ()
    assert any(made.id in words for words in found.in_work)


def test_a_guest_that_was_resized_or_shelved_holds_what_it_should(cloud: Audited) -> None:
    compute = cloud.server.connect().compute
    id = start_server(cloud.server.connect(), "mover")
    flavor = compute.find_flavor("m1.tiny", ignore_missing=True) or next(
        one for one in compute.flavors() if one.name != "p1.nano"
    )
    compute.resize_server(id, flavor.id)
    until(lambda: compute.get_server(id).status == "VERIFY_RESIZE")
    cloud.server.settle()
    assert audit_cloud(cloud.server).differences == ()
    compute.confirm_server_resize(id)
    cloud.server.settle()
    assert audit_cloud(cloud.server).differences == ()
    compute.suspend_server(id)
    cloud.server.settle()
    assert audit_cloud(cloud.server).differences == ()
    compute.shelve_server(id)
    cloud.server.settle()
    assert audit_cloud(cloud.server).differences == ()


def test_an_audit_that_nobody_began_is_not_found(cloud: Audited) -> None:
    connection = cloud.server.connect("admin")
    for id in ("0", "999999", "x", "-1"):
        reply = connection.session.get(f"{cloud.server.url}/audit/v1/audits/{id}", raise_exc=False)
        assert reply.status_code == 404
        assert reply.json()["auditFault"]["message"].startswith("cannot find the audit")


def test_the_books_say_of_every_kind_of_wish_what_it_is_for(cloud: Audited) -> None:
    """A kind that is not there would be called leaked whenever a host is asked for one."""
    kinds: set[Kind] = set()

    async def work() -> None:
        async with cloud.server.cloud.db.read() as tx:
            books = await read_books(tx, StoreFiles(cloud.server.cloud.plane.blobs))
        kinds.update(books.objects)

    cloud.server.run(work)
    assert kinds == set(Kind)
