"""Servers that move: single answers, then two hosts on which everything is killed anywhere."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.blanks import blank_server
from pilvi.compute.model.allowed import Action, Allowed, may
from pilvi.compute.model.flavor import SEEDS
from pilvi.compute.model.server import Server, WayBack
from pilvi.compute.model.state import Desired, Resize, VmState, Word
from pilvi.compute.reconcilers.plan import plan_server
from pilvi.compute.reconcilers.plan_moves import plan_resize, plan_shelf
from pilvi.compute.reconcilers.server_sight import Carry, OldSight, Sight, VolumeSight
from pilvi.compute.reconcilers.sight import Places, observe, sight_of
from pilvi.compute.reconcilers.step import (
    AbandonResize,
    AbandonShelf,
    Arrive,
    AssignVm,
    BeginCarry,
    CancelCaptures,
    Claim,
    ClaimResize,
    DropCarriers,
    EndResize,
    FollowPowerOff,
    ForgetWayBack,
    GoBack,
    MarkAttached,
    Offload,
    ReleaseAll,
    ReleaseVolume,
    Remove,
    Step,
    StopOld,
    Wait,
    Withdraw,
    WithdrawNew,
    WithdrawOld,
)
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import Power, VmSeen
from pilvi.hosts.model.host import Held, HostId

HOSTS = ("a", "b")
SMALL, BIG = SEEDS[0], SEEDS[1]
RUNS = Sight(
    has_host=True,
    is_assigned=True,
    is_held=True,
    assigned_generation=1,
    is_settled=True,
    is_launched=True,
    power=Power.RUNNING,
)


def test_a_shelf_stops_copies_and_only_then_gives_up() -> None:
    wish = Desired(generation=2, shelved=True)
    assert plan_shelf(wish, RUNS) == [AssignVm(())]
    told = dataclasses.replace(RUNS, assigned_generation=2)
    assert plan_shelf(wish, told) == [Wait("the guest to stop")]
    off = dataclasses.replace(told, power=Power.STOPPED)
    assert plan_shelf(wish, off) == [BeginCarry()]
    failed = dataclasses.replace(off, carry=Carry.FAILED, carry_fault="no")
    assert plan_shelf(wish, failed) == [AbandonShelf("no")]
    assert Withdraw() in plan_shelf(wish, dataclasses.replace(off, carry=Carry.ARRIVED))
    assert Withdraw() in plan_shelf(wish, dataclasses.replace(off, has_local_disks=False))
    assert plan_shelf(wish, Sight(has_host=True, is_launched=True)) == [Offload()]
    assert plan_shelf(wish, Sight(is_launched=True)) == []
    given = VolumeSight(attachment_id="v", is_wanted=True)
    taken = VolumeSight(attachment_id="w", is_wanted=False)
    shelved = Sight(is_launched=True, volumes=(given, taken))
    assert plan_shelf(wish, shelved) == [MarkAttached("v"), ReleaseVolume("w")]


def test_a_word_is_carried_out_where_the_disks_are() -> None:
    assert plan_resize(Word.PENDING, RUNS) == [ClaimResize()]
    here = dataclasses.replace(RUNS, has_way_back=True)
    assert plan_resize(Word.PENDING, here) is None
    assert plan_resize(Word.CONFIRMED, here) == [ForgetWayBack()]
    assert plan_resize(Word.REVERTED, here) == [GoBack()]
    old = OldSight(is_assigned=True, is_held=True)
    moved = dataclasses.replace(here, is_same_host=False, old=old)
    assert WithdrawOld() in (plan_resize(Word.CONFIRMED, moved) or [])
    assert WithdrawNew() in (plan_resize(Word.REVERTED, moved) or [])
    new = dataclasses.replace(moved, is_assigned=False, is_held=False)
    assert StopOld() in (plan_resize(Word.PENDING, new) or [])
    stopped = dataclasses.replace(new, old=dataclasses.replace(old, is_stopped=True))
    assert plan_resize(Word.PENDING, stopped) == [BeginCarry()]
    arrived = dataclasses.replace(stopped, carry=Carry.ARRIVED)
    assert plan_resize(Word.PENDING, arrived) == [Arrive(), AssignVm(())]


@dataclass
class Machine:
    """What one host was told and what it has."""

    number: int = 0
    generation: int = 0
    present: bool = False
    told: bool = False
    power: Power = Power.STOPPED
    boot: int = -1
    image: int = -1
    layers: tuple[int, ...] = ()
    carried: str = ""
    seen_number: int = 0
    vm: VmSeen | None = None
    content: str = ""
    """What the guest's disk holds: by whom it was made and grown."""

    def held(self, host: str) -> Held | None:
        if not self.told:
            return None
        seen = b"null" if self.vm is None else msgspec.json.encode(self.vm)
        return Held(
            host_id=HostId(host),
            kind=Kind.VM,
            id="s",
            generation=self.number,
            present=self.present,
            spec=b"",
            seen_generation=self.seen_number or None,
            seen_present=self.vm is not None,
            settled=self.seen_number == self.number,
            waiting="",
            fault=None,
            seen=seen,
        )


@dataclass
class World:
    """One server and two hosts, moved one step at a time."""

    server: Server = field(default_factory=lambda: blank_server(flavor=SMALL))
    machines: dict[str, Machine] = field(default_factory=lambda: {h: Machine() for h in HOSTS})
    claims: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Host and flavor, by consumer."""
    carry: Carry = Carry.NONE
    carried: str = ""
    """Content of the image that carries the disk."""
    fails_copies: bool = False
    removed: bool = False

    def look(self) -> list[Step]:
        here = self.machines[self.server.host_id] if self.server.host_id else None
        held = here.held(self.server.host_id or "") if here else None
        old_id = self.server.way_back.host_id if self.server.way_back else None
        old = None
        if old_id not in (None, self.server.host_id):
            old = self.machines[str(old_id)].held(str(old_id))
        self.server = dataclasses.replace(
            self.server, observed=observe(self.server, held, self.carry)
        )
        return plan_server(
            self.server.desired, sight_of(self.server, Places(held, old), self.carry)
        )

    def change(self, **values: Any) -> None:
        self.server = dataclasses.replace(self.server, **values)

    def wish(self, **values: Any) -> None:
        desired = self.server.desired
        raised = dataclasses.replace(desired, generation=desired.generation + 1, **values)
        self.change(desired=raised)

    def note(self, **values: Any) -> None:
        self.change(observed=dataclasses.replace(self.server.observed, **values))

    def apply(self, step: Step) -> None:
        server, desired = self.server, self.server.desired
        match step:
            case Claim():
                self.claims["server"] = ("a", server.flavor.id)
                self.change(host_id="a")
                self.note(is_claimed=True)
            case AssignVm():
                self.assign()
            case Withdraw():
                for machine in self.machines.values():
                    self.withdraw(machine)
            case WithdrawNew():
                self.withdraw(self.machines[str(server.host_id)])
            case WithdrawOld():
                assert server.way_back is not None
                self.withdraw(self.machines[server.way_back.host_id])
            case BeginCarry():
                assert self.carry is Carry.NONE
                self.carry = Carry.UNDER_WAY
                self.change(carriers={"vda": "i"})
            case DropCarriers():
                self.drop()
            case Offload():
                assert not self.machines[str(server.host_id)].told
                self.claims.pop("server", None)
                self.change(host_id=None, assigned_generation=None)
                self.note(is_offloaded=True)
            case AbandonShelf():
                self.drop()
                self.wish(shelved=False, boot_generation=desired.boot_generation + 1)
            case FollowPowerOff():
                self.wish(power=Power.STOPPED)
            case CancelCaptures():
                self.note(is_capturing=False)
            case ReleaseAll():
                assert not any(machine.told for machine in self.machines.values())
                self.drop()
                self.claims.clear()
                self.change(host_id=None, way_back=None)
                self.note(is_claimed=False)
            case Remove():
                assert not self.claims and self.carry is Carry.NONE
                self.removed = True
            case _:
                self.apply_move(step)

    def apply_move(self, step: Step) -> None:
        server, desired = self.server, self.server.desired
        resize = desired.resize
        match step:
            case ClaimResize():
                assert resize is not None and server.host_id is not None
                host = server.host_id
                if resize.is_migration:
                    host = "b" if host == "a" else "a"
                is_same = host == server.host_id
                self.claims["migration"] = self.claims.pop("server")
                self.claims["server"] = (host, resize.flavor.id)
                back = WayBack(
                    migration_id="migration",
                    host_id=server.host_id,
                    flavor=server.flavor,
                    image_generation=desired.image_generation,
                    layers={"vda": server.layers_of("vda")},
                    sources=server.sources,
                )
                generation = desired.generation + 1
                layers = {"vda": (*back.layers["vda"], generation)} if is_same else {}
                self.change(
                    flavor=resize.flavor,
                    host_id=host,
                    way_back=back,
                    layers=layers,
                    assigned_generation=server.assigned_generation if is_same else None,
                )
                self.wish(image_generation=generation, boot_generation=desired.boot_generation + 1)
            case StopOld():
                assert server.way_back is not None
                machine = self.machines[server.way_back.host_id]
                if machine.power is not Power.STOPPED:
                    machine.number, machine.power = machine.number + 1, Power.STOPPED
            case Arrive():
                assert self.carry is Carry.ARRIVED
            case ForgetWayBack():
                self.claims.pop("migration", None)
                self.change(way_back=None)
                self.note(is_resized=False)
            case GoBack():
                self.go_back()
            case EndResize():
                self.change(desired=dataclasses.replace(desired, resize=None))
            case AbandonResize():
                assert resize is not None
                back_ = dataclasses.replace(resize, word=Word.REVERTED)
                self.wish(resize=back_ if server.way_back else None)
            case Wait():
                pass
            case _:
                raise AssertionError(step)

    def go_back(self) -> None:
        back = self.server.way_back
        assert back is not None
        if back.host_id != self.server.host_id:
            assert not self.machines[str(self.server.host_id)].told
        self.drop()
        self.claims["server"] = self.claims.pop("migration")
        self.change(
            flavor=back.flavor,
            host_id=back.host_id,
            layers=back.layers,
            assigned_generation=None,
            way_back=None,
        )
        boot = self.server.desired.boot_generation + 1
        self.wish(image_generation=back.image_generation, boot_generation=boot)
        self.note(is_resized=False)

    def drop(self) -> None:
        self.carry = Carry.NONE
        self.change(carriers={})

    def assign(self) -> None:
        server, desired = self.server, self.server.desired
        machine = self.machines[str(server.host_id)]
        machine.number, machine.generation = machine.number + 1, desired.generation
        machine.told = machine.present = True
        machine.power = Power.STOPPED if desired.shelved else desired.power
        machine.boot, machine.image = desired.boot_generation, desired.image_generation
        machine.layers, machine.carried = server.layers_of("vda"), self.carried
        self.change(assigned_generation=desired.generation)

    @staticmethod
    def withdraw(machine: Machine) -> None:
        if machine.told and machine.present:
            machine.number, machine.present = machine.number + 1, False

    def host_acts(self, host: str) -> None:
        machine = self.machines[host]
        if not machine.told:
            return
        machine.seen_number = machine.number
        if not machine.present:
            machine.vm, machine.told, machine.content = None, False, ""
            return
        if machine.vm is None:
            machine.content = machine.carried or "made"
        grown = len(machine.layers) - 1
        machine.content = machine.content.rstrip("+") + "+" * grown
        running = [
            h for h, one in self.machines.items() if one.vm and one.vm.power is Power.RUNNING
        ]
        if machine.power is Power.RUNNING:
            assert running in ([], [host]), "a guest never runs on two hosts"
        machine.vm = VmSeen(
            power=machine.power,
            boot_generation=machine.boot,
            image_generation=machine.image,
            attached_volumes=[],
            attached_ports=[],
            accelerator="tcg",
        )

    def copies(self) -> None:
        if self.carry is not Carry.UNDER_WAY:
            return
        back = self.server.way_back
        source = self.machines[back.host_id if back else str(self.server.host_id)]
        assert source.vm is None or source.vm.power is not Power.RUNNING, "copied while it ran"
        self.carry = Carry.FAILED if self.fails_copies else Carry.ARRIVED
        self.carried = source.content.rstrip("+")

    def user_acts(self, name: str) -> None:
        desired = self.server.desired
        boot = desired.boot_generation + 1
        if name == "fail copies":
            self.fails_copies = not self.fails_copies
            return
        action = Action(name)
        if not isinstance(may(action, self.server), Allowed):
            return
        match action:
            case Action.DELETE:
                self.wish(present=False)
            case Action.STOP:
                self.wish(power=Power.STOPPED)
            case Action.START | Action.HARD_REBOOT:
                self.wish(power=Power.RUNNING, boot_generation=boot)
            case Action.SUSPEND:
                self.wish(power=Power.SUSPENDED)
            case Action.RESUME:
                self.wish(power=Power.RUNNING)
            case Action.RESIZE | Action.MIGRATE:
                other = BIG if self.server.flavor is SMALL else SMALL
                is_migration = action is Action.MIGRATE
                flavor = self.server.flavor if is_migration else other
                resize = Resize(migration_id="m", flavor=flavor, is_migration=is_migration)
                self.wish(resize=resize)
            case Action.CONFIRM_RESIZE | Action.REVERT_RESIZE:
                assert desired.resize is not None
                is_good = action is Action.CONFIRM_RESIZE
                word = Word.CONFIRMED if is_good else Word.REVERTED
                self.wish(resize=dataclasses.replace(desired.resize, word=word))
            case Action.SHELVE:
                self.wish(shelved=True)
            case Action.UNSHELVE:
                image = desired.generation + 1
                self.change(layers={})
                self.wish(
                    shelved=False,
                    power=Power.RUNNING,
                    boot_generation=boot,
                    image_generation=image,
                )


ACTS = (
    *("delete", "stop", "start", "hard_reboot", "suspend", "resume", "resize", "migrate"),
    *("confirmResize", "revertResize", "shelve", "unshelve", "fail copies"),
)
MOVES = st.one_of(
    st.tuples(st.integers(0, 4), st.booleans()),
    st.sampled_from(["a", "b", "copies"]),
    st.just("everything"),
    st.sampled_from(ACTS),
)
_ONCE = (Offload, GoBack, ClaimResize, AbandonShelf, AbandonResize, BeginCarry, FollowPowerOff)


def act(world: World, move: Any) -> None:
    if isinstance(move, tuple):
        killed_after, doubled = move
        for step in world.look()[:killed_after]:
            world.apply(step)
            if doubled and not isinstance(step, (*_ONCE, Remove, ForgetWayBack)):
                world.apply(step)
    elif move in HOSTS:
        world.host_acts(move)
    elif move == "copies":
        world.copies()
    elif move == "everything":
        run(world, 30)
    else:
        world.look()
        world.user_acts(move)


def run(world: World, rounds: int = 60) -> None:
    for _ in range(rounds):
        if world.removed:
            return
        steps = world.look()
        for step in steps:
            world.apply(step)
        for host in HOSTS:
            world.host_acts(host)
        world.copies()
        if not steps:
            return


@settings(max_examples=4 * settings.default.max_examples)
@given(st.lists(MOVES, max_size=40), st.booleans())
def test_it_converges_from_anywhere_with_everything_given_back(
    moves: list[Any], is_deleted: bool
) -> None:
    world = World()
    run(world)
    for move in moves:
        if world.removed:
            return
        act(world, move)
    world.fails_copies = False
    if is_deleted and not world.removed:
        world.user_acts("delete")
    run(world)
    check(world)


def check(world: World) -> None:
    server = world.server
    if not server.desired.present:
        assert world.removed
        assert not world.claims
        assert not any(machine.told for machine in world.machines.values())
        return
    assert world.look() == []
    state = server.condition
    assert state.task_state is None, state
    if state.vm_state is VmState.SHELVED_OFFLOADED:
        assert not world.claims
        assert world.carry is Carry.ARRIVED
        return
    assert world.carry is Carry.NONE
    assert world.claims["server"] == (server.host_id, server.flavor.id)
    holders = {host for host, machine in world.machines.items() if machine.told}
    if state.vm_state is VmState.RESIZED:
        assert server.way_back is not None
        assert world.claims["migration"] == (server.way_back.host_id, server.way_back.flavor.id)
        assert holders == {server.host_id, server.way_back.host_id}
    else:
        assert server.way_back is None and set(world.claims) == {"server"}
        assert holders == {server.host_id}
    machine = world.machines[str(server.host_id)]
    assert machine.vm is not None
    assert machine.vm.power is server.desired.power
    assert machine.vm.image_generation == server.desired.image_generation
    assert machine.content.rstrip("+") == "made"
