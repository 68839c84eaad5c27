"""What a volume needs next."""

import datetime
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pilvi.block_storage.model.attachment import Attachment
from pilvi.block_storage.model.volume import GIB, Volume
from pilvi.block_storage.reconcilers.plan import (
    PATIENCE_S,
    AssignSpec,
    ChooseHost,
    DropAttachment,
    DropVolume,
    NameTarget,
    NoteExport,
    NoteSeen,
    Plan,
    Step,
    View,
    WithdrawSpec,
    make_spec,
    plan_volume,
)
from pilvi.core.reconcile import Again, Done
from pilvi.host_api.contract import HostFault, Kind
from pilvi.host_api.volumes import VolumeSeen, VolumeSpec
from pilvi.hosts.model.host import Held, HostId
from pilvi.scheduler import Candidate
from volume_samples import MOMENT, make_attachment, make_volume

HOST = Candidate(host_id="host", name="host1", disk_gib=100, disk_free_gib=50)
NEW: dict[str, Any] = {"host_id": None, "seen_size_gib": None}


def hold(spec: VolumeSpec, seen: VolumeSeen | None = None, **values: Any) -> Held:
    """What a host was asked for; settled when it shows something, unless told otherwise."""
    chosen: dict[str, Any] = {
        "host_id": HostId("host"),
        "kind": Kind.VOLUME,
        "id": spec.volume_id,
        "generation": 1,
        "present": True,
        "spec": msgspec.json.encode(spec),
        "seen_generation": None if seen is None else 1,
        "seen_present": seen is not None,
        "settled": seen is not None,
        "waiting": "",
        "fault": None,
        "seen": msgspec.json.encode(seen),
        **values,
    }
    return Held(**chosen)


def show(spec: VolumeSpec) -> VolumeSeen:
    return VolumeSeen(
        size_bytes=spec.size_bytes,
        used_bytes=0,
        portal="127.0.0.1:3260",
        exported=[export.attachment_id for export in spec.exports],
    )


def plan(
    volume: Volume,
    *attachments: Attachment,
    held: Held | None = None,
    hosts: list[Candidate] | None = None,
    after_s: float = 0.0,
) -> Plan:
    return plan_volume(
        View(
            volume=volume,
            attachments=attachments,
            held=held,
            candidates=[HOST] if hosts is None else hosts,
            now=MOMENT + datetime.timedelta(seconds=after_s),
            name_prefix="pilvi",
        )
    )


def find_spec(found: Plan) -> VolumeSpec:
    (step,) = [step for step in found.steps if isinstance(step, AssignSpec)]
    return step.spec


def test_a_new_volume_is_given_a_host_and_the_host_a_wish() -> None:
    found = plan(make_volume(**NEW))
    assert found.steps[0] == ChooseHost("host")
    spec = find_spec(found)
    assert (spec.volume_id, spec.size_bytes, spec.exports) == ("volume", GIB, [])


def test_without_any_host_it_waits_then_fails_with_the_reason() -> None:
    down = [replace(HOST, is_alive=False)]
    why = "cannot find a host with room: host1: is down"
    early = plan(make_volume(**NEW), hosts=down)
    assert early.steps == [NoteSeen(None, 1, why, False)]
    assert isinstance(early.result, Again)
    late = plan(make_volume(**NEW), hosts=down, after_s=PATIENCE_S)
    assert late.steps == [NoteSeen(None, 1, why, True)]
    failed = make_volume(**NEW, failed=True, error=why)
    assert plan(failed) == Plan([], Done())


def test_what_fits_no_filesystem_fails_at_once() -> None:
    (step,) = plan(make_volume(**NEW, size_gib=101)).steps
    assert isinstance(step, NoteSeen) and step.failed
    assert "asked for 101 GiB of disk, the filesystem has 100 in all" in step.error


def test_a_volume_that_is_shown_is_there_and_nothing_more_is_done() -> None:
    volume = make_volume(seen_size_gib=None)
    spec = find_spec(plan(volume))
    held = hold(spec, show(spec))
    assert plan(volume, held=held).steps == [NoteSeen(1, 1, "", False)]
    assert plan(make_volume(), held=held) == Plan([], Done())


def test_an_attachment_gets_a_target_of_its_own_and_its_server_hears_of_it() -> None:
    one = make_attachment()
    found = plan(make_volume(), one)
    iqn = "iqn.2026-11.cloud.pilvi:pilvi:attachment"
    assert found.steps[0] == NameTarget("attachment", iqn)
    (export,) = find_spec(found).exports
    assert (export.iqn, export.lun, export.password) == (iqn, 1, one.password)
    named = replace(one, iqn=iqn)
    held = hold(find_spec(found), show(find_spec(found)))
    assert plan(make_volume(), named, held=held).steps == [
        NoteExport("attachment", "server", True, "127.0.0.1:3260")
    ]


def test_a_target_that_is_lost_is_told_and_told_again_when_it_is_back() -> None:
    one = make_attachment(iqn="iqn.x:y", exported=True, portal="127.0.0.1:3260")
    spec = find_spec(plan(make_volume(), one))
    dark = msgspec.structs.replace(show(spec), exported=[])
    held = hold(spec, dark, settled=False)
    assert (
        NoteExport("attachment", "server", False, "") in plan(make_volume(), one, held=held).steps
    )


def test_a_released_attachment_goes_only_when_a_settled_host_has_no_target() -> None:
    one = make_attachment(iqn="iqn.x:y", exported=True, portal="127.0.0.1:3260", present=False)
    before = find_spec(plan(make_volume(), replace(one, present=True)))
    found = plan(make_volume(), one, held=hold(before, show(before)))
    assert find_spec(found).exports == []
    without = find_spec(found)
    late = hold(without, show(before), seen_generation=0)
    assert DropAttachment("attachment", "server") not in plan(make_volume(), one, held=late).steps
    gone = hold(without, show(without))
    assert plan(make_volume(), one, held=gone).steps == [DropAttachment("attachment", "server")]


def test_a_released_attachment_goes_at_once_where_no_host_was_ever_asked() -> None:
    one, two = make_attachment(present=False), make_attachment(id="kept")
    gone = DropAttachment("attachment", "server")
    assert plan(make_volume(**NEW, failed=True), one, two) == Plan([gone], Done())
    down = [replace(HOST, is_alive=False)]
    assert plan(make_volume(**NEW), one, two, hosts=down).steps[0] == gone
    assert gone in plan(make_volume(**NEW, size_gib=101), one, two).steps


def test_a_volume_that_is_not_wished_is_withdrawn_and_forgotten_when_it_is_gone() -> None:
    spec = find_spec(plan(make_volume()))
    held = hold(spec, show(spec))
    volume = make_volume(present=False)
    assert plan(volume, held=held).steps == [WithdrawSpec()]
    assert plan(volume, held=replace(held, present=False)).steps == []
    assert plan(volume) == Plan([DropVolume()], Done())


def test_faults_are_told_and_terminal_ones_fail() -> None:
    volume = make_volume(seen_size_gib=None)
    spec = find_spec(plan(volume))
    for terminal, after_s, failed in ((True, 0, True), (False, 0, False), (False, 61, True)):
        fault = HostFault(kind="NoCapacity", message="cannot grow", terminal=terminal)
        held = hold(spec, seen_generation=1, fault=fault)
        found = plan(volume, held=held, after_s=after_s)
        assert found.steps == [NoteSeen(None, 1, "cannot grow", failed)]
    healed = make_volume(seen_size_gib=None, failed=True, error="cannot grow")
    assert plan(healed, held=hold(spec, show(spec))).steps == [NoteSeen(1, 1, "", False)]


def test_a_host_that_is_down_is_named_while_it_is_waited_for() -> None:
    volume = make_volume(present=False)
    spec = find_spec(plan(make_volume()))
    held = hold(spec, show(spec), present=False)
    found = plan(volume, held=held, hosts=[replace(HOST, is_alive=False)])
    (step,) = found.steps
    assert isinstance(step, NoteSeen)
    assert "cannot reach host host1" in step.error and not step.failed


class World:
    """A volume's rows and its host, as far as plans can tell."""

    def __init__(self) -> None:
        self.volume: Volume | None = make_volume(**NEW)
        self.attachments: dict[str, Attachment] = {}
        self.held: Held | None = None
        self.made = 0

    def look(self) -> bool:
        """Plan and take every step; whether there was anything to do."""
        if self.volume is None:
            return False
        found = plan(self.volume, *self.attachments.values(), held=self.held)
        for step in found.steps:
            self.take(step)
        return bool(found.steps)

    def take(self, step: Step) -> None:
        assert self.volume is not None
        match step:
            case ChooseHost(host_id):
                assert self.volume.host_id is None
                self.volume = replace(self.volume, host_id=host_id)
            case NameTarget(id, iqn):
                self.attachments[id] = replace(self.attachments[id], iqn=iqn)
            case AssignSpec(_, spec):
                self.wish(spec=msgspec.json.encode(spec), present=True)
            case WithdrawSpec():
                self.wish(present=False)
            case NoteSeen(size, content, error, failed):
                self.volume = replace(
                    self.volume,
                    seen_size_gib=size,
                    seen_content=content,
                    error=error,
                    failed=failed,
                )
            case NoteExport(id, _, exported, portal):
                one = self.attachments[id]
                self.attachments[id] = replace(one, exported=exported, portal=portal)
            case DropAttachment(id, _):
                assert id not in self.targets(), "a target is still there"
                del self.attachments[id]
            case DropVolume():
                assert self.held is None, "the host still has it"
                assert not self.attachments
                self.volume = None

    def wish(self, **values: Any) -> None:
        if self.held is None:
            spec = msgspec.json.decode(values["spec"], type=VolumeSpec)
            self.held = hold(spec)
        else:
            self.held = replace(self.held, generation=self.held.generation + 1, **values)

    def targets(self) -> list[str]:
        """What the host really exports, as of the wish that it last acted on."""
        seen = self.held.decode_seen(VolumeSeen) if self.held else None
        return seen.exported if seen else []

    def host_acts(self) -> None:
        """The host fulfils the newest wish and says so."""
        if self.held is None:
            return
        if not self.held.present:
            self.held = None
            return
        seen = show(msgspec.json.decode(self.held.spec, type=VolumeSpec))
        self.held = replace(
            self.held,
            seen_generation=self.held.generation,
            seen_present=True,
            settled=True,
            fault=None,
            seen=msgspec.json.encode(seen),
        )

    def host_loses_targets(self) -> None:
        """The host's target service ended; it says so and is at it again."""
        seen = self.held.decode_seen(VolumeSeen) if self.held else None
        if self.held is not None and seen is not None:
            dark = msgspec.json.encode(msgspec.structs.replace(seen, exported=[]))
            self.held = replace(self.held, settled=False, seen=dark)

    def attach(self) -> None:
        is_there = self.volume and self.volume.present and self.volume.seen_size_gib
        if is_there and not self.attachments:
            self.made += 1
            one = make_attachment(f"a{self.made}")
            self.attachments[one.id] = one

    def release(self) -> None:
        self.attachments = {id: replace(one, present=False) for id, one in self.attachments.items()}

    def extend(self) -> None:
        if self.volume and self.volume.present and not self.attachments:
            self.volume = replace(self.volume, size_gib=self.volume.size_gib + 1)

    def delete(self) -> None:
        if self.volume and not self.attachments:
            self.volume = replace(self.volume, present=False)


@settings(max_examples=4 * settings.default.max_examples)
@given(
    st.lists(
        st.sampled_from(
            ["look", "host_acts", "host_loses_targets", "attach", "release", "extend", "delete"]
        ),
        max_size=40,
    )
)
def test_whatever_happens_in_between_it_converges(happenings: list[str]) -> None:
    world = World()
    for happening in happenings:
        getattr(world, happening)()
    for _ in range(6):
        while world.look():
            pass
        world.host_acts()
    assert not world.look()
    if world.volume is None:
        assert world.held is None
        return
    assert world.volume.present
    assert world.volume.seen_size_gib == world.volume.size_gib
    assert not (world.volume.error or world.volume.failed)
    assert sorted(world.targets()) == sorted(world.attachments)
    assert all(one.present and one.exported for one in world.attachments.values())


def test_a_target_with_a_new_account_answers_when_its_host_speaks_of_that_one() -> None:
    one = make_attachment(iqn="iqn.x:a1", exported=True, portal="127.0.0.1:3260")
    volume = make_volume()
    spec = make_spec(volume, [one], {one.id: one.iqn})
    shut_out = replace(one, password="another-password", exported=False, portal="")
    before = plan(volume, shut_out, held=hold(spec, show(spec)))
    assert find_spec(before).exports[0].password == "another-password"
    assert not [step for step in before.steps if isinstance(step, NoteExport)]
    asked = find_spec(before)
    # What is seen of the older wish, or told beside a fault, shows the older account's target.
    fault = HostFault(kind="Unavailable", message="no")
    for old in (
        hold(asked, show(spec), generation=2, settled=False),
        hold(asked, show(spec), generation=2, seen_generation=2, settled=False, fault=fault),
    ):
        assert not [s for s in plan(volume, shut_out, held=old).steps if isinstance(s, NoteExport)]
    answered = hold(asked, show(asked), generation=2, seen_generation=2)
    steps = plan(volume, shut_out, held=answered).steps
    assert NoteExport(one.id, one.server_id, True, "127.0.0.1:3260") in steps
