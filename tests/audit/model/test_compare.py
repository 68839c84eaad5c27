"""The comparison, on books and sights that are written by hand or drawn at random."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pilvi.audit.model.books import (
    AttachmentEntry,
    Books,
    FloatingIpEntry,
    HostSight,
    PortEntry,
    ServerEntry,
    Wish,
)
from pilvi.audit.model.compare import ARRIVING_IDLE_S, BASE_IDLE_S, compare, list_in_work
from pilvi.audit.model.difference import Difference, Verdict, confirm
from pilvi.audit.model.expected import _BY_KIND, expected
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import OWNERS, Holding, HoldingKind
from pilvi.host_api.networks import AddressSetSpec, NetworkSpec, PortSpec, RouterSpec
from pilvi.host_api.volumes import BackupSpec, Export, SnapshotSpec, VolumeSpec
from pilvi.image.model.stored_file import StoredFile
from vm_world import make_spec

NOW = 1_000_000.0
HOST, OTHER_HOST = "host-1", "host-2"
KINDS = [
    Kind.VM,
    Kind.PORT,
    Kind.NETWORK,
    Kind.ROUTER,
    Kind.VOLUME,
    Kind.SNAPSHOT,
    Kind.BACKUP,
    Kind.ADDRESS_SET,
]


def make_wish_spec(kind: Kind, id: str) -> msgspec.Struct:
    project_id = str(uuid.UUID(int=1))
    match kind:
        case Kind.VM:
            return make_spec(server_id=id, config_drive=True)
        case Kind.PORT:
            return PortSpec(
                port_id=id,
                server_id=id,
                network_id=id,
                segment=1,
                mac="fa:16:3e:00:00:01",
                addresses=["10.0.0.5"],
                allowed_pairs=[],
                port_security=True,
                admin_state_up=True,
                rules=[],
            )
        case Kind.NETWORK:
            return NetworkSpec(
                network_id=id,
                project_id=project_id,
                segment=1,
                mtu=1450,
                is_external=True,
                subnets=[],
                leases=[],
            )
        case Kind.ROUTER:
            return RouterSpec(
                router_id=id,
                project_id=project_id,
                admin_state_up=True,
                interfaces=[],
                gateway=None,
                gateway_next_hop=None,
                snat=True,
                floating_ips=[],
                routes=[],
            )
        case Kind.VOLUME:
            export = Export(attachment_id=id, iqn=f"iqn.{id}", lun=1, username="u", password="p")
            return VolumeSpec(
                volume_id=id, project_id=project_id, size_bytes=1 << 20, exports=[export]
            )
        case Kind.SNAPSHOT:
            return SnapshotSpec(snapshot_id=id, volume_id=id, project_id=project_id)
        case Kind.BACKUP:
            return BackupSpec(backup_id=id, project_id=project_id, volume_id=id)
    return AddressSetSpec(set_id=id, addresses=[])


def make_wish(kind: Kind, number: int, *, is_settled: bool = True, present: bool = True) -> Wish:
    id = str(uuid.UUID(int=number))
    spec = msgspec.json.encode(make_wish_spec(kind, id))
    return Wish(HOST, kind, id, present, is_settled and present, spec)


def hold(wish: Wish) -> list[Holding]:
    """Exactly what a host holds that fulfilled a wish."""
    wanted = expected(wish.kind, wish.id, wish.spec)
    found = [
        Holding(kind=kind, owner=wanted.owner, part=part, name=f"{kind} {part}")
        for kind, part in sorted(wanted.must)
    ]
    return [*found, Holding(kind=HoldingKind.WISH, owner=wish.id, part=wish.kind)]


def make_books(wishes: Sequence[Wish], **more: object) -> Books:
    objects: dict[Kind, set[str]] = {}
    for wish in wishes:
        objects.setdefault(wish.kind, set()).add(wish.id)
    named = {kind: frozenset(ids) for kind, ids in objects.items()}
    values = {"taken_at": NOW, "wishes": tuple(wishes), "objects": named, **more}
    return Books(**values)  # type: ignore[arg-type]


def see(items: Sequence[Holding], host: str = HOST) -> list[HostSight]:
    return [HostSight(host, f"name of {host}", tuple(items))]


WISHES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(10, 40)), min_size=1, max_size=8, unique=True
).map(lambda drawn: [make_wish(kind, number) for kind, number in drawn])


@given(WISHES)
@settings(deadline=None, max_examples=60)
def test_hosts_that_hold_what_they_should_differ_in_nothing(wishes: list[Wish]) -> None:
    items = [item for wish in wishes for item in hold(wish)]
    assert compare(make_books(wishes), see(items)) == []


@given(WISHES, st.data())
@settings(deadline=None, max_examples=60)
def test_what_is_taken_away_is_missing_and_nothing_else(
    wishes: list[Wish], data: st.DataObject
) -> None:
    items = [item for wish in wishes for item in hold(wish)]
    lost = data.draw(st.sampled_from([one for one in items if one.kind is not HoldingKind.WISH]))
    items.remove(lost)
    (found,) = compare(make_books(wishes), see(items))
    assert (found.kind, found.verdict, found.part) == (lost.kind, Verdict.MISSING, lost.part)
    assert found.owner.endswith(str(lost.owner))


@given(WISHES, st.data())
@settings(deadline=None, max_examples=60)
def test_what_nobody_wants_is_leaked_and_nothing_else(
    wishes: list[Wish], data: st.DataObject
) -> None:
    items = [item for wish in wishes for item in hold(wish)]
    kind = data.draw(st.sampled_from([*OWNERS, HoldingKind.FILE, HoldingKind.LINK]))
    names = [None, str(uuid.UUID(int=99))] if kind in OWNERS else [None]
    stranger = data.draw(st.sampled_from(names))
    stray = Holding(kind=kind, owner=stranger, part="x", name="stray", bytes=7, since=NOW - 60)
    (found,) = compare(make_books(wishes), see([*items, stray]))
    assert (found.kind, found.verdict, found.bytes) == (kind, Verdict.LEAKED, 7)
    assert found.since == NOW - 60 and found.host == f"name of {HOST}"
    assert found.owner.endswith(stranger or "")


@given(WISHES, st.data())
@settings(deadline=None, max_examples=60)
def test_of_a_wish_under_way_nothing_is_said_whatever_is_there(
    wishes: list[Wish], data: st.DataObject
) -> None:
    waiting = data.draw(st.sampled_from(wishes))
    gone = data.draw(st.booleans())
    changed = [
        replace(one, is_settled=False, present=not gone) if one is waiting else one
        for one in wishes
    ]
    items = [item for wish in wishes if wish is not waiting for item in hold(wish)]
    own = data.draw(st.lists(st.sampled_from(hold(waiting)), unique=True))
    assert compare(make_books(changed), see([*items, *own])) == []
    assert list_in_work(make_books(changed)) == [f"{waiting.kind} {waiting.id}"]


def test_a_thing_on_the_wrong_host_is_leaked_there_and_missing_here() -> None:
    wish = make_wish(Kind.SNAPSHOT, 10)
    sights = see([]) + see([hold(wish)[0]], OTHER_HOST)
    found = compare(make_books([wish]), sights)
    assert [(one.host, one.verdict) for one in found] == [
        (f"name of {HOST}", Verdict.MISSING),
        (f"name of {OTHER_HOST}", Verdict.LEAKED),
    ]


def test_a_second_process_of_one_guest_is_leaked() -> None:
    wish = make_wish(Kind.VM, 10)
    items = hold(wish)
    process = next(one for one in items if one.kind is HoldingKind.PROCESS)
    found = compare(make_books([wish]), see([*items, process]))
    assert [(one.kind, one.verdict) for one in found] == [(HoldingKind.PROCESS, Verdict.LEAKED)]


def test_a_host_that_did_not_answer_is_missing_nothing() -> None:
    assert compare(make_books([make_wish(Kind.VOLUME, 10)]), []) == []


def test_a_cached_image_is_leaked_once_nobody_will_ever_use_it() -> None:
    def judge(age_s: float, part: str = "", known: bool = False) -> list[Difference]:
        held = Holding(kind=HoldingKind.BASE, owner="i", part=part, since=NOW - age_s)
        ids = frozenset({"i"}) if known else frozenset[str]()
        return compare(make_books([], image_ids=ids), see([held]))

    assert judge(BASE_IDLE_S - 1) == []
    assert len(judge(BASE_IDLE_S + 1)) == 1
    assert judge(BASE_IDLE_S + 1, known=True) == []
    assert judge(BASE_IDLE_S + 1, part="used") == []
    assert judge(ARRIVING_IDLE_S - 1, part="arriving") == []
    assert len(judge(ARRIVING_IDLE_S + 1, part="arriving", known=True)) == 1


def test_what_lies_among_the_things_of_others_is_not_judged() -> None:
    held = Holding(kind=HoldingKind.BACKUP, owner="theirs", is_shared=True)
    assert compare(make_books([]), see([held])) == []


def test_allocations_agree_with_the_flavors_of_settled_servers() -> None:
    due = {"s": {HOST: {"VCPU": 1, "MEMORY_MB": 96}}}
    server = ServerEntry("s", True, due, frozenset({"s"}))
    books = make_books([], servers=(server,), claims=due)
    assert compare(books, []) == []
    (wrong,) = compare(replace(books, claims={"s": {HOST: {"VCPU": 2, "MEMORY_MB": 96}}}), [])
    assert (wrong.verdict, wrong.owner) == (Verdict.WRONG, "server s")
    (missing,) = compare(replace(books, claims={}), [])
    assert missing.verdict is Verdict.MISSING
    (leaked,) = compare(replace(books, servers=()), [])
    assert (leaked.verdict, leaked.owner) == (Verdict.LEAKED, "consumer s")
    on_its_way = replace(books, servers=(replace(server, is_settled=False),), claims={})
    assert compare(on_its_way, []) == []


def test_attachments_ports_and_floating_ips_have_somebody() -> None:
    server = ServerEntry("s", True, {}, frozenset({"s"}), frozenset({"a"}))
    books = make_books(
        [],
        servers=(server,),
        attachments=(AttachmentEntry("a", "s", "v"),),
        ports=(PortEntry("p", "s", None, frozenset({"10.0.0.5"})),),
        floating_ips=(FloatingIpEntry("f", "198.18.0.9", "p", "10.0.0.5"),),
    )
    assert compare(books, []) == []
    without = compare(replace(books, servers=()), [])
    assert sorted(one.kind for one in without) == ["attachment", "port"]
    stranger = replace(books, attachments=(AttachmentEntry("b", "s", "v"),))
    assert [one.verdict for one in compare(stranger, [])] == [Verdict.LEAKED, Verdict.MISSING]
    nowhere = replace(books, floating_ips=(FloatingIpEntry("f", "198.18.0.9", "p", "10.9.9.9"),))
    assert [one.kind for one in compare(nowhere, [])] == ["floating IP"]


def test_an_assignment_without_an_object_is_leaked() -> None:
    wish = make_wish(Kind.ADDRESS_SET, 10)
    found = compare(replace(make_books([wish]), objects={}), see(hold(wish)))
    assert [(one.kind, one.owner) for one in found] == [("assignment", f"address_set {wish.id}")]


def test_files_of_the_image_store_have_a_row_and_images_their_file() -> None:
    def file(folder: str, name: str, *, is_written: bool = False) -> StoredFile:
        return StoredFile(folder, name, 1, NOW, is_written)

    books = make_books([], contents=frozenset({"c"}), needed_contents=frozenset({"c"}))
    assert compare(replace(books, files=(file("blobs", "c"),)), []) == []
    (missing,) = compare(books, [])
    assert (missing.verdict, missing.name) == (Verdict.MISSING, "blobs/c")
    stray = (file("blobs", "c"), file("blobs", "d"), file("trash", "e"), file("incoming", "f"))
    found = compare(replace(books, files=stray), [])
    assert [one.name for one in found] == ["blobs/d", "incoming/f", "trash/e"]
    written = (file("blobs", "c"), file("incoming", "f", is_written=True), file("incoming", "g"))
    known = replace(books, files=written, upload_ids=frozenset({"g"}))
    assert compare(known, []) == []


def test_a_stored_image_is_as_large_as_its_row_says() -> None:
    file = StoredFile("blobs", "c", 1, NOW, False, 1000)
    books = make_books(
        [], contents=frozenset({"c"}), needed_contents=frozenset({"c"}), content_bytes={"c": 1000}
    )
    assert compare(replace(books, files=(file,)), []) == []
    assert compare(replace(books, files=(replace(file, size_bytes=None),)), []) == []
    (wrong,) = compare(replace(books, files=(replace(file, size_bytes=999),)), [])
    assert (wrong.verdict, wrong.part) == (Verdict.WRONG, "blobs/c")
    assert wrong.name == "blobs/c is of 999 bytes in place of 1000"


def test_disks_volumes_and_cached_images_are_as_large_as_the_database_says() -> None:
    wishes = [make_wish(Kind.VM, 10), make_wish(Kind.VOLUME, 11)]
    base = Holding(kind=HoldingKind.BASE, owner="image", part="used", name="b", size_bytes=7)
    books = make_books(wishes, image_ids=frozenset({"image"}), image_bytes={"image": 7})
    right = [base]
    for wish in wishes:
        sizes = expected(wish.kind, wish.id, wish.spec).sizes
        assert sizes
        for item in hold(wish):
            right.append(
                msgspec.structs.replace(item, size_bytes=sizes.get((item.kind, item.part)))
            )
    assert compare(books, see(right)) == []
    sized = [item for item in right if item.size_bytes is not None]
    assert {item.kind for item in sized} == {HoldingKind.BASE, HoldingKind.DISK, HoldingKind.VOLUME}
    for item in sized:
        shrunk = msgspec.structs.replace(item, size_bytes=(item.size_bytes or 0) - 1)
        (found,) = compare(books, see([*(one for one in right if one is not item), shrunk]))
        assert (found.verdict, found.kind) == (Verdict.WRONG, item.kind)
        assert f"in place of {item.size_bytes}" in found.name


def test_only_what_two_looks_show_is_a_difference() -> None:
    one = Difference("h", "tap", Verdict.LEAKED, "port 1", name="tap1", since=1.0)
    later = replace(one, since=2.0)
    other = replace(one, owner="port 2", name="tap2")
    assert confirm([one, other], [later]) == [later]
    assert confirm([other], [later]) == []


def test_every_kind_of_wish_is_known() -> None:
    assert set(_BY_KIND) == set(Kind)
