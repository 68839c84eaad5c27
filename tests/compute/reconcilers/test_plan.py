"""Plans: from values, and in a small world that is killed anywhere."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pilvi.compute.model.state import Desired
from pilvi.compute.reconcilers.plan import plan_server
from pilvi.compute.reconcilers.server_sight import Sight, VolumeSight
from pilvi.compute.reconcilers.step import (
    AssignVm,
    CancelCaptures,
    Claim,
    FollowPowerOff,
    GiveUp,
    MarkAttached,
    NoteFault,
    ReleaseAll,
    ReleasePort,
    ReleaseVolume,
    Remove,
    Step,
    Wait,
    Withdraw,
)
from pilvi.host_api.vms import Power

SETTLED = Sight(
    has_host=True,
    is_assigned=True,
    is_held=True,
    assigned_generation=1,
    is_settled=True,
    is_launched=True,
    power=Power.RUNNING,
    boot_generation=1,
)


def change(**values: object) -> Sight:
    return dataclasses.replace(SETTLED, **values)  # type: ignore[arg-type]


def test_a_new_server_is_claimed_then_assigned() -> None:
    assert plan_server(Desired(), Sight()) == [Claim(), AssignVm(())]


def test_what_agrees_needs_nothing() -> None:
    assert plan_server(Desired(), SETTLED) == []


def test_a_port_that_is_gone_is_taken_from_the_wish() -> None:
    lost = change(has_lost_port=True, is_settled=False, power=Power.STOPPED)
    assert plan_server(Desired(), lost) == [AssignVm(())]
    assert plan_server(Desired(present=False), lost)[0] == Withdraw()


def test_a_launch_waits_for_its_volumes() -> None:
    volume = VolumeSight(attachment_id="a", is_wanted=True)
    seen = Sight(volumes=(volume,))
    assert plan_server(Desired(), seen) == [Claim(), Wait("its volumes to be exported")]
    ready = dataclasses.replace(volume, is_exported=True)
    plan = plan_server(Desired(), Sight(has_host=True, volumes=(ready,)))
    assert plan == [AssignVm(("a",))]


def test_a_target_that_is_silent_for_a_while_is_not_taken_away() -> None:
    volume = VolumeSight(
        attachment_id="a", is_wanted=True, is_assigned=True, is_attached=True, is_noted=True
    )
    assert plan_server(Desired(), change(volumes=(volume,))) == []


def test_a_volume_on_its_way_does_not_keep_the_server_from_changing() -> None:
    volume = VolumeSight(attachment_id="a", is_wanted=True)
    plan = plan_server(Desired(generation=2), change(volumes=(volume,)))
    assert plan == [AssignVm(())]


def test_a_volume_is_noted_when_the_guest_has_it_or_the_stopped_vm_is_as_wished() -> None:
    volume = VolumeSight(attachment_id="a", is_wanted=True, is_assigned=True, is_attached=True)
    seen = change(volumes=(volume,), is_settled=False)
    assert MarkAttached("a") in plan_server(Desired(), seen)
    unseen = dataclasses.replace(volume, is_attached=False)
    assert MarkAttached("a") not in plan_server(
        Desired(), change(volumes=(unseen,), is_settled=False)
    )
    assert MarkAttached("a") in plan_server(Desired(), change(volumes=(unseen,)))


def test_a_volume_is_released_only_when_the_guest_has_let_go() -> None:
    volume = VolumeSight(attachment_id="a", is_wanted=False, is_assigned=True, is_attached=True)
    assert plan_server(Desired(), change(volumes=(volume,))) == [AssignVm(())]
    told = dataclasses.replace(volume, is_assigned=False)
    waiting = plan_server(Desired(), change(volumes=(told,), is_settled=False))
    assert waiting == [Wait("the host to agree")]
    starting = dataclasses.replace(told, is_attached=False)
    waiting = plan_server(Desired(), change(volumes=(starting,), is_settled=False))
    assert waiting == [Wait("the host to agree")]
    gone = dataclasses.replace(told, is_attached=False)
    assert plan_server(Desired(), change(volumes=(gone,))) == [ReleaseVolume("a")]


def test_a_port_is_released_only_when_the_guest_has_let_go() -> None:
    seen = change(leaving_ports=("p",), attached_ports=frozenset({"p"}))
    assert plan_server(Desired(), seen) == []
    assert plan_server(Desired(), change(leaving_ports=("p",))) == [ReleasePort("p")]


def test_a_guest_that_turned_itself_off_is_followed() -> None:
    assert plan_server(Desired(), change(power=Power.STOPPED)) == [FollowPowerOff()]
    rebooting = Desired(boot_generation=2)
    assert plan_server(rebooting, change(power=Power.STOPPED)) == []


def test_a_fault_ends_a_launch_and_is_noted_on_a_launched_server() -> None:
    fault = {"terminal_fault": "disk full", "is_settled": False}
    assert plan_server(Desired(), change(is_launched=False, **fault)) == [GiveUp("disk full")]
    assert plan_server(Desired(), change(**fault)) == [NoteFault("disk full")]
    assert plan_server(Desired(), change(is_failed=True, **fault)) == []
    assert plan_server(Desired(generation=2), change(**fault)) == [AssignVm(())]


def test_what_was_given_up_gives_everything_back_and_stays() -> None:
    seen = change(is_given_up=True)
    assert plan_server(Desired(), seen)[0] == Withdraw()
    assert plan_server(Desired(), Sight(is_given_up=True, has_host=True)) == [ReleaseAll()]
    assert plan_server(Desired(), Sight(is_given_up=True)) == []


def test_the_vm_goes_before_what_it_uses() -> None:
    absent = Desired(present=False)
    assert plan_server(absent, SETTLED) == [Withdraw(), Wait("the host to remove the vm")]
    held = change(is_assigned=False)
    assert plan_server(absent, held) == [Wait("the host to remove the vm")]
    assert plan_server(absent, Sight(has_host=True)) == [ReleaseAll()]
    volume = VolumeSight(attachment_id="a", is_wanted=True)
    assert plan_server(absent, Sight(volumes=(volume,))) == [ReleaseAll()]
    assert plan_server(absent, Sight()) == [Remove()]
    assert CancelCaptures() in plan_server(absent, change(is_capturing=True))


@dataclass(frozen=True)
class Told:
    """What the host was told last."""

    number: int
    generation: int
    ids: tuple[str, ...]
    present: bool
    power: Power
    boot: int


@dataclass
class World:
    """A server, its host, its volumes: everything that can move, moved one step at a time."""

    desired: Desired = Desired()
    volumes: dict[str, bool] = field(default_factory=dict)
    """Wanted or not, by attachment."""
    claimed: bool = False
    told: Told | None = None
    fetched: Told | None = None
    """What the host has read; it may act on that late."""
    seen_number: int = 0
    vm: Power | None = None
    boot: int = -1
    guest_has: set[str] = field(default_factory=set)
    exported: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    launched: bool = False
    removed: bool = False
    fails: bool = False
    given_up: bool = False

    def sight(self) -> Sight:
        told = self.told
        agrees = told is not None and self.seen_number == told.number
        has_failed = self.fails and agrees and told is not None and told.present
        return Sight(
            has_host=self.claimed,
            is_assigned=told is not None and told.present,
            is_held=told is not None,
            assigned_generation=told.generation if told else None,
            is_settled=agrees and not self.fails,
            is_launched=self.launched,
            power=self.vm,
            boot_generation=self.boot,
            terminal_fault="full" if has_failed else None,
            is_given_up=self.given_up,
            volumes=tuple(
                VolumeSight(
                    attachment_id=id,
                    is_wanted=wanted,
                    is_exported=id in self.exported and id not in self.released,
                    is_assigned=told is not None and told.present and id in told.ids,
                    is_attached=id in self.guest_has,
                    is_noted=id in self.noted,
                )
                for id, wanted in self.volumes.items()
            ),
        )

    def apply(self, step: Step) -> None:
        match step:
            case Claim():
                self.claimed = True
            case AssignVm(ids):
                assert self.claimed
                assert all(id in self.exported for id in ids), "told of a volume without a target"
                self.tell(ids, present=True)
            case MarkAttached(id):
                self.noted.add(id)
            case ReleaseVolume(id):
                self.release(id)
            case GiveUp():
                self.given_up = True
            case FollowPowerOff():
                self.wish(power=Power.STOPPED)
            case Withdraw():
                assert self.told is not None
                if self.told.present:
                    self.tell((), present=False)
            case ReleaseAll():
                assert self.told is None, "released under a vm"
                for id in list(self.volumes):
                    self.release(id)
                if not self.volumes:
                    self.claimed = False
            case Remove():
                assert not (self.claimed or self.told or self.volumes)
                self.removed = True

    def tell(self, ids: tuple[str, ...], *, present: bool) -> None:
        number = self.told.number + 1 if self.told else self.seen_number + 1
        wish = self.desired
        self.told = Told(number, wish.generation, ids, present, wish.power, wish.boot_generation)

    def wish(self, **values: Any) -> None:
        raised = self.desired.generation + 1
        self.desired = dataclasses.replace(self.desired, generation=raised, **values)

    def release(self, id: str) -> None:
        assert id not in self.guest_has, "a target was taken from a guest"
        if id in self.released and id not in self.exported:
            del self.volumes[id]
        self.released.add(id)

    def host_fetches(self) -> None:
        self.fetched = self.told

    def host_acts(self) -> None:
        """Do what was read, which may not be the newest."""
        wish = self.fetched
        if wish is None:
            return
        self.seen_number = wish.number
        if not wish.present:
            self.vm, self.guest_has, self.boot = None, set(), -1
            if self.told == wish:
                self.told = self.fetched = None
            return
        if self.fails:
            return
        if wish.power is Power.STOPPED or self.vm is not Power.STOPPED or self.boot < wish.boot:
            self.vm = wish.power
        self.boot, self.launched = wish.boot, True
        self.guest_has = set(wish.ids) if self.vm is not Power.STOPPED else set()
        assert not self.guest_has & self.released, "a guest got a target that was given back"

    def targets_act(self) -> None:
        for id in self.volumes:
            if id in self.released:
                self.exported.discard(id)
            else:
                self.exported.add(id)

    def user_acts(self, act: str) -> None:
        match act:
            case "delete":
                self.wish(present=False)
            case "stop":
                self.wish(power=Power.STOPPED)
            case "start":
                boot = self.desired.boot_generation + 1
                self.wish(power=Power.RUNNING, boot_generation=boot)
            case "attach":
                if not self.given_up and self.desired.present:
                    self.volumes[f"v{self.desired.generation}"] = True
                    self.wish()
            case "detach":
                self.volumes = dict.fromkeys(self.volumes, False)
                self.wish()
            case "guest_off":
                if self.vm is Power.RUNNING:
                    self.vm, self.guest_has = Power.STOPPED, set()
            case "fail":
                self.fails = not self.launched


ACTS = ["delete", "stop", "start", "attach", "detach", "guest_off", "fail"]
WORK = st.tuples(st.integers(0, 4), st.booleans())
OTHERS = st.sampled_from(["host", "host_fetches", "host_acts", "targets", *ACTS])
MOVES = st.one_of(WORK, WORK, OTHERS)


@settings(max_examples=4 * settings.default.max_examples)
@given(st.lists(MOVES, max_size=30), st.booleans(), st.booleans())
def test_it_converges_killed_anywhere_with_steps_doubled_and_wishes_changed(
    moves: list[str | tuple[int, bool]], is_launched: bool, is_deleted: bool
) -> None:
    world = World()
    if is_launched:
        world.user_acts("attach")
        run_to_the_end(world)
    for move in moves:
        if world.removed:
            break
        if isinstance(move, tuple):
            killed_after, doubled = move
            for step in plan_server(world.desired, world.sight())[:killed_after]:
                world.apply(step)
                if doubled and not isinstance(step, ReleaseVolume | Remove | FollowPowerOff):
                    world.apply(step)
        elif move.startswith("host"):
            if move != "host_acts":
                world.host_fetches()
            if move != "host_fetches":
                world.host_acts()
        elif move == "targets":
            world.targets_act()
        else:
            world.user_acts(move)
    if is_deleted and not world.removed:
        world.user_acts("delete")
    run_to_the_end(world)
    check_end(world)


def run_to_the_end(world: World) -> None:
    for _ in range(40):
        if world.removed:
            return
        for step in plan_server(world.desired, world.sight()):
            world.apply(step)
        world.host_fetches()
        world.host_acts()
        world.targets_act()


def check_end(world: World) -> None:
    if not world.desired.present:
        assert world.removed
        assert not (world.claimed or world.told or world.volumes or world.guest_has)
        return
    if world.given_up:
        assert not (world.claimed or world.told or world.volumes)
        return
    assert plan_server(world.desired, world.sight()) == []
    assert world.vm is world.desired.power
    assert all(world.volumes.values())
    if world.vm is Power.RUNNING:
        assert world.guest_has == set(world.volumes)
    assert world.noted >= set(world.volumes)
