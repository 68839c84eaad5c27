"""The plan: single answers, then a simulated host on which everything goes wrong."""

from dataclasses import dataclass, replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pilvi.agent.disks.config_drive import digest
from pilvi.agent.disks.layers import list_layers
from pilvi.agent.vms.local_vm import Button, Ended, LocalDisk, LocalVm, Plug, Process
from pilvi.agent.vms.plan import (
    AttachNic,
    AttachVolume,
    CreateConfigDrive,
    CreateDisk,
    DetachNic,
    DetachVolume,
    EndProcess,
    FetchBase,
    Launch,
    Prepare,
    Press,
    Remove,
    RemoveDisk,
    Step,
    Wait,
    plan_vm,
)
from pilvi.host_api.vms import Power, RebootKind, VmSpec
from vm_world import make_disks, make_documents, make_image, make_nic, make_spec, make_volume

IMAGE_ID = make_image().image_id
DISKS = (LocalDisk("vda", 1), LocalDisk("vdb", 1))
STOPPED = LocalVm(present=True, recorded=True, disks=DISKS)
RUNNING = replace(STOPPED, process=Process.RUNNING, boot_generation=1, image_generation=1, pid=1)


def test_an_absent_vm_needs_nothing() -> None:
    assert plan_vm(None, LocalVm()) == []


def test_a_vm_to_go_is_ended_at_once_and_removed() -> None:
    assert plan_vm(None, RUNNING) == [EndProcess(Ended.ASKED), Remove()]
    assert plan_vm(None, STOPPED) == [Remove()]


def test_a_new_vm_fetches_its_image_before_it_makes_disks() -> None:
    spec = make_spec()
    assert plan_vm(spec, LocalVm()) == [Prepare()]
    empty = LocalVm(present=True, recorded=True)
    assert plan_vm(spec, empty) == [FetchBase(make_image())]
    assert isinstance(plan_vm(spec, replace(empty, fetching=frozenset({IMAGE_ID})))[0], Wait)
    steps = plan_vm(spec, replace(empty, bases=frozenset({IMAGE_ID})))
    assert steps == [CreateDisk(disk, 1) for disk in make_disks()]


def test_a_vm_waits_for_its_ports_before_it_starts() -> None:
    spec = make_spec(nics=[make_nic("p1")])
    assert plan_vm(spec, STOPPED) == [Wait("port p1")]
    assert plan_vm(spec, replace(STOPPED, ready_ports=frozenset({"p1"}))) == [Launch(spec)]


def test_no_guest_begins_while_the_control_plane_is_asked() -> None:
    spec = make_spec()
    for seen in (STOPPED, replace(RUNNING, process=Process.PRELAUNCH)):
        [step] = plan_vm(spec, replace(seen, awaits_word=True))
        assert isinstance(step, Wait) and "control plane" in step.why
    # What runs is left alone, and what is to end ends.
    assert plan_vm(spec, replace(RUNNING, awaits_word=True)) == []
    assert plan_vm(None, replace(RUNNING, awaits_word=True))[0] == EndProcess(Ended.ASKED)


def test_devices_are_given_before_the_first_instruction() -> None:
    volume = make_volume("a")
    spec = make_spec(volumes=[volume])
    held = replace(RUNNING, process=Process.PRELAUNCH)
    assert plan_vm(spec, held) == [AttachVolume(volume), Press(Button.RESUME)]


def test_an_unwanted_device_before_the_first_instruction_means_to_begin_again() -> None:
    held = replace(RUNNING, process=Process.PRELAUNCH, volumes={"a": Plug.WHOLE})
    assert plan_vm(make_spec(), held) == [EndProcess(Ended.ASKED)]


def test_a_config_drive_is_written_anew_when_the_documents_changed() -> None:
    spec = make_spec(config_drive=True, power=Power.STOPPED)
    assert plan_vm(spec, STOPPED) == [CreateConfigDrive(make_documents())]
    assert plan_vm(spec, replace(STOPPED, config_digest=digest(make_documents()))) == []


def test_a_guest_that_turned_itself_off_stays_off_until_a_new_boot() -> None:
    off = replace(RUNNING, process=Process.SHUT_DOWN)
    assert plan_vm(make_spec(), off) == [EndProcess(Ended.GUEST)]
    ended = replace(STOPPED, ended=Ended.GUEST, boot_generation=1, image_generation=1)
    assert plan_vm(make_spec(), ended) == []
    again = make_spec(boot_generation=2)
    assert plan_vm(again, ended) == [Launch(again)]


def test_a_stop_that_was_seen_lets_a_guest_start_again() -> None:
    ended = replace(STOPPED, ended=Ended.GUEST, boot_generation=1, image_generation=1)
    assert plan_vm(make_spec(power=Power.STOPPED), ended) == [EndProcess(Ended.ASKED)]
    noted = replace(ended, ended=Ended.ASKED)
    assert plan_vm(make_spec(), noted) == [Launch(make_spec())]


def test_a_crash_before_our_eyes_is_not_undone_and_a_lost_process_is() -> None:
    gone = replace(RUNNING, process=Process.GONE, pid=None)
    assert plan_vm(make_spec(), replace(gone, witnessed=True)) == [EndProcess(Ended.CRASHED)]
    assert plan_vm(make_spec(), gone) == [EndProcess(Ended.LOST)]
    lost = replace(STOPPED, ended=Ended.LOST, boot_generation=1, image_generation=1)
    assert plan_vm(make_spec(), lost) == [Launch(make_spec())]


def test_a_soft_stop_presses_the_button_waits_and_then_cuts_the_power() -> None:
    spec = make_spec(power=Power.STOPPED, shutdown_timeout_s=60)
    assert plan_vm(spec, RUNNING) == [Press(Button.POWER)]
    asked = replace(RUNNING, shutdown_age_s=5.0, press_age_s=5.0)
    assert plan_vm(spec, asked) == [Wait("the guest to shut down", 1.0)]
    assert plan_vm(spec, replace(asked, press_age_s=11.0)) == [Press(Button.POWER)]
    assert plan_vm(spec, replace(asked, shutdown_age_s=60.0)) == [EndProcess(Ended.ASKED)]
    assert plan_vm(make_spec(power=Power.STOPPED, shutdown_timeout_s=0), RUNNING) == [
        EndProcess(Ended.ASKED)
    ]


def test_a_reboot_is_soft_or_hard_as_asked() -> None:
    soft = make_spec(boot_generation=2)
    assert plan_vm(soft, RUNNING) == [Press(Button.POWER)]
    hard = make_spec(boot_generation=2, boot_kind=RebootKind.HARD)
    assert plan_vm(hard, RUNNING) == [EndProcess(Ended.ASKED)]


def test_a_rebuild_makes_new_disks_before_it_removes_the_old() -> None:
    spec = make_spec(image_generation=2)
    assert plan_vm(spec, RUNNING) == [EndProcess(Ended.ASKED)]
    stopped = replace(STOPPED, bases=frozenset({IMAGE_ID}))
    assert plan_vm(spec, stopped) == [
        *(CreateDisk(disk, 2) for disk in make_disks()),
        RemoveDisk("vda", 1),
        RemoveDisk("vdb", 1),
    ]


def test_a_grown_disk_is_a_layer_on_the_one_before_and_going_back_drops_it() -> None:
    grown = [msgspec.structs.replace(disk, layers=[1, 7]) for disk in make_disks()]
    spec = make_spec(image_generation=7, disks=grown)
    assert plan_vm(spec, STOPPED) == [CreateDisk(disk, 7) for disk in grown]
    made = (*DISKS, LocalDisk("vda", 7), LocalDisk("vdb", 7))
    assert plan_vm(spec, replace(STOPPED, disks=made)) == [Launch(spec)]
    assert plan_vm(make_spec(), replace(STOPPED, disks=made)) == [
        RemoveDisk("vda", 7),
        RemoveDisk("vdb", 7),
    ]


def test_a_guest_is_asked_before_its_disk_grows_and_cut_off_when_its_disk_goes() -> None:
    grown = [msgspec.structs.replace(disk, layers=[1, 7]) for disk in make_disks()]
    spec = make_spec(image_generation=7, disks=grown, boot_generation=2)
    assert plan_vm(spec, RUNNING) == [Press(Button.POWER)]
    resized = replace(RUNNING, image_generation=7)
    assert plan_vm(make_spec(), resized) == [EndProcess(Ended.ASKED)]


def test_a_suspended_guest_is_saved_and_goes_on_from_its_state() -> None:
    suspended = make_spec(power=Power.SUSPENDED)
    assert plan_vm(suspended, RUNNING) == [Press(Button.SAVE)]
    assert isinstance(plan_vm(suspended, replace(RUNNING, process=Process.SAVING))[0], Wait)
    saved = replace(RUNNING, process=Process.SAVED)
    assert plan_vm(suspended, saved) == [EndProcess(Ended.SUSPENDED)]
    off = replace(RUNNING, process=Process.NONE, ended=Ended.SUSPENDED, has_state=True)
    assert plan_vm(suspended, off) == []
    assert plan_vm(make_spec(), off) == [Launch(make_spec())]
    restoring = replace(off, process=Process.RESTORING)
    assert plan_vm(make_spec(), restoring) == [Press(Button.RESTORE)]
    held = replace(off, process=Process.PAUSED)
    assert plan_vm(make_spec(), held) == [Press(Button.RESUME)]


def test_a_new_boot_and_a_stop_remove_a_state_unused() -> None:
    off = replace(RUNNING, process=Process.NONE, ended=Ended.SUSPENDED, has_state=True)
    assert plan_vm(make_spec(boot_generation=2), off) == [EndProcess(Ended.ASKED)]
    assert plan_vm(make_spec(power=Power.STOPPED), off) == [EndProcess(Ended.ASKED)]


def test_a_shutdown_that_is_no_longer_wanted_starts_the_guest_again() -> None:
    asked = replace(RUNNING, shutdown_age_s=5.0)
    assert plan_vm(make_spec(), asked) == []
    assert plan_vm(make_spec(), replace(asked, process=Process.SHUT_DOWN)) == [
        EndProcess(Ended.ASKED)
    ]
    assert plan_vm(make_spec(), replace(asked, shutdown_age_s=99.0)) == [Press(Button.FORGET)]


def test_a_full_disk_holds_the_guest_and_is_tried_again() -> None:
    held = replace(RUNNING, process=Process.OUT_OF_SPACE)
    assert isinstance(plan_vm(make_spec(), held)[0], Wait)
    assert plan_vm(make_spec(), replace(held, space_age_s=6.0)) == [Press(Button.RESUME)]


def test_a_silent_process_is_waited_for_unless_it_is_to_go() -> None:
    silent = replace(RUNNING, process=Process.SILENT)
    assert plan_vm(make_spec(), silent) == [Wait("the guest's process to answer")]
    assert plan_vm(None, silent)[0] == EndProcess(Ended.ASKED)
    assert plan_vm(make_spec(power=Power.STOPPED), silent) == [EndProcess(Ended.ASKED)]


def test_waiting_for_a_device_does_not_hold_up_a_pause() -> None:
    leaving = replace(RUNNING, volumes={"a": Plug.LEAVING})
    assert plan_vm(make_spec(power=Power.PAUSED), leaving) == [
        Press(Button.PAUSE),
        Wait("the guest to give up a device"),
    ]


@dataclass
class Host:
    """A simulated host: what each step does to what is seen, whole or cut short."""

    vm: LocalVm = LocalVm()
    obeys: bool = True

    def take(self, step: Step, *, is_cut: bool = False) -> None:
        vm = self.vm
        is_live = vm.process not in (Process.NONE, Process.GONE)
        match step:
            case Prepare():
                vm = replace(vm, present=True, recorded=not is_cut)
            case FetchBase(image):
                vm = replace(vm, fetching=vm.fetching | {image.image_id})
            case CreateDisk(disk, generation):
                made = {*vm.disks} if is_cut else {*vm.disks, LocalDisk(disk.device, generation)}
                vm = replace(vm, disks=tuple(sorted(made, key=str)))
            case RemoveDisk(device, generation):
                kept = (d for d in vm.disks if (d.device, d.generation) != (device, generation))
                vm = replace(vm, disks=tuple(kept))
            case CreateConfigDrive(documents):
                vm = replace(vm, config_digest="" if is_cut else digest(documents))
            case Launch(spec):
                assert not is_live, "never two processes"
                assert wanted_disks(spec) == {(disk.device, disk.generation) for disk in vm.disks}
                assert not vm.has_state or vm.boot_generation == spec.boot_generation
                held = Process.RESTORING if vm.has_state else Process.PRELAUNCH
                vm = self._launch(spec, Process.GONE if is_cut else held)
            case AttachVolume(volume) if is_live:
                plug = Plug.PARTIAL if is_cut else Plug.WHOLE
                vm = replace(vm, volumes={**vm.volumes, volume.attachment_id: plug})
            case AttachNic(nic) if is_live:
                plug = Plug.PARTIAL if is_cut else Plug.WHOLE
                vm = replace(vm, nics={**vm.nics, nic.port_id: plug})
            case DetachVolume(id) if is_live:
                vm = replace(vm, volumes=self._detach(dict(vm.volumes), id))
            case DetachNic(id) if is_live:
                vm = replace(vm, nics=self._detach(dict(vm.nics), id))
            case Press(button):
                self._press(button)
                return
            case EndProcess(ended):
                is_whole = vm.has_state or vm.process is Process.SAVED
                is_kept = is_whole and (is_cut or ended is Ended.SUSPENDED)
                vm = replace(vm, has_state=is_kept)
                process = Process.GONE if is_cut else Process.NONE
                noted = vm.ended if is_cut else ended
                vm = replace(vm, process=process, ended=noted, volumes={}, nics={})
                vm = replace(vm, shutdown_age_s=None, witnessed=False, pid=None)
            case Remove():
                assert not is_live, "a process never loses its files"
                vm = LocalVm(present=is_cut, bases=vm.bases, fetching=vm.fetching)
        self.vm = vm

    def _launch(self, spec: VmSpec, process: Process) -> LocalVm:
        return replace(
            self.vm,
            process=process,
            boot_generation=spec.boot_generation,
            image_generation=spec.image_generation,
            shutdown_age_s=None,
            witnessed=False,
            pid=1,
        )

    @staticmethod
    def _detach(plugs: dict[str, Plug], id: str) -> dict[str, Plug]:
        if plugs.get(id) is Plug.PARTIAL:
            del plugs[id]
        elif id in plugs:
            plugs[id] = Plug.LEAVING
        return plugs

    def _press(self, button: Button) -> None:
        vm = self.vm
        if vm.process in (Process.NONE, Process.GONE, Process.SHUT_DOWN):
            return
        if button is Button.RESUME:
            self.vm = replace(vm, process=Process.RUNNING, has_state=False)
        elif button is Button.PAUSE:
            self.vm = replace(vm, process=Process.PAUSED, has_state=False)
        elif button is Button.SAVE:
            self.vm = replace(vm, process=Process.SAVING, has_state=False)
        elif button is Button.RESTORE:
            assert vm.has_state, "nothing is restored that was not saved"
            self.vm = replace(vm, process=Process.READING)
        elif button is Button.FORGET:
            self.vm = replace(vm, shutdown_age_s=None)
        else:
            self.vm = replace(vm, shutdown_age_s=vm.shutdown_age_s or 0.0, press_age_s=0.0)

    def happen(self, event: str) -> None:
        """Something that nobody asked for."""
        vm = self.vm
        is_live = vm.process not in (Process.NONE, Process.GONE)
        if event == "power off" and vm.process is Process.RUNNING:
            self.vm = replace(vm, process=Process.SHUT_DOWN)
        elif event == "crash" and is_live:
            begun = vm.process is not Process.PRELAUNCH
            self.vm = replace(vm, process=Process.GONE, witnessed=begun, volumes={}, nics={})
        elif event == "host restart" and is_live:
            self.vm = replace(vm, process=Process.GONE, witnessed=False, volumes={}, nics={})
        elif event == "agent restart":
            self.vm = replace(vm, witnessed=False, fetching=frozenset())
        elif event == "disk full" and vm.process is Process.RUNNING:
            self.vm = replace(vm, process=Process.OUT_OF_SPACE, space_age_s=0.0)
        elif event == "time passes":
            self.pass_time()

    def pass_time(self) -> None:
        """What was waited for comes, or its patience ends."""
        vm = self.vm
        age_s = vm.shutdown_age_s
        if age_s is not None and self.obeys and vm.process is Process.RUNNING:
            self.vm = replace(vm, process=Process.SHUT_DOWN)
            return
        later = {Process.SAVING: Process.SAVED, Process.READING: Process.PAUSED}
        vm = replace(vm, process=later.get(vm.process, vm.process))
        self.vm = replace(
            vm,
            bases=vm.bases | vm.fetching,
            fetching=frozenset(),
            copying=False,
            ready_ports=frozenset({"p1", "p2"}),
            shutdown_age_s=None if age_s is None else age_s + 20,
            press_age_s=vm.press_age_s + 20,
            space_age_s=vm.space_age_s + 20,
            volumes=self._left(vm.volumes),
            nics=self._left(vm.nics),
        )

    @staticmethod
    def _left(plugs: object) -> dict[str, Plug]:
        assert hasattr(plugs, "items")
        return {id: Plug.PARTIAL if plug is Plug.LEAVING else plug for id, plug in plugs.items()}


EVENTS = ("power off", "crash", "host restart", "agent restart", "disk full", "time passes")
VOLUMES = {id: make_volume(id) for id in ("v1", "v2")}
NICS = {id: make_nic(id) for id in ("p1", "p2")}


@st.composite
def changes(draw: st.DrawFn) -> dict[str, object]:
    """What one new wish changes, as a control plane would: generations only rise."""
    return {
        "power": draw(st.sampled_from(Power)),
        "boot_kind": draw(st.sampled_from(RebootKind)),
        "config_drive": draw(st.booleans()),
        "volumes": [VOLUMES[id] for id in draw(st.sets(st.sampled_from(sorted(VOLUMES))))],
        "nics": [NICS[id] for id in draw(st.sets(st.sampled_from(sorted(NICS))))],
        "reboot": draw(st.booleans()),
        "disks": draw(st.sampled_from(["same", "same", "rebuilt", "grown", "gone back"])),
    }


ACTIONS = st.one_of(
    st.just("step"),
    st.just("step twice"),
    st.just("step cut short"),
    st.sampled_from(EVENTS),
    changes(),
)


def next_wish(spec: VmSpec, change: dict[str, object]) -> VmSpec:
    rest = dict(change)
    boot = spec.boot_generation + bool(rest.pop("reboot"))
    layers = spec.disks[0].layers or [spec.image_generation]
    fresh = boot * 1000 + max(layers) + 1
    match rest.pop("disks"):
        case "rebuilt":
            layers = [fresh]
        case "grown":
            layers, boot = [*layers, fresh], boot + 1
        case "gone back" if len(layers) > 1:
            layers, boot = layers[:-1], boot + 1
    if spec.power is Power.SUSPENDED:
        # The devices of a suspended guest stay as they are.
        rest |= {"volumes": spec.volumes, "nics": spec.nics}
    disks = [msgspec.structs.replace(disk, layers=layers) for disk in spec.disks]
    return msgspec.structs.replace(
        spec, boot_generation=boot, image_generation=layers[-1], disks=disks, **rest
    )


def wanted_disks(spec: VmSpec) -> set[tuple[str, int]]:
    generation = spec.image_generation
    return {(d.device, layer) for d in spec.disks for layer in list_layers(d, generation)}


def act(host: Host, spec: VmSpec, action: object) -> VmSpec:
    if isinstance(action, dict):
        return next_wish(spec, action)
    if action in EVENTS:
        host.happen(str(action))
        return spec
    steps = plan_vm(spec, host.vm)
    if steps and not isinstance(steps[0], Wait):
        host.take(steps[0], is_cut=action == "step cut short")
        again = plan_vm(spec, host.vm)
        if action == "step twice" and again and type(again[0]) is type(steps[0]):
            host.take(steps[0])
    return spec


def settle(host: Host, spec: VmSpec | None) -> None:
    """Nothing disturbs any more: it comes to rest."""
    host.pass_time()
    for _ in range(60):
        steps = plan_vm(spec, host.vm)
        if not steps:
            return
        if isinstance(steps[0], Wait):
            host.pass_time()
        else:
            host.take(steps[0])
    raise AssertionError(f"no rest: {steps} of {host.vm}")


@settings(max_examples=2 * settings.default.max_examples)
@given(actions=st.lists(ACTIONS, max_size=30), obeys=st.booleans(), first=changes())
def test_it_converges_from_anywhere(
    actions: list[object], obeys: bool, first: dict[str, object]
) -> None:
    host = Host(obeys=obeys)
    spec = next_wish(make_spec(), first)
    for action in actions:
        spec = act(host, spec, action)
    settle(host, spec)
    vm = host.vm
    assert {(disk.device, disk.generation) for disk in vm.disks} == wanted_disks(spec)
    stays_off = vm.ended in (Ended.GUEST, Ended.CRASHED)
    assert not vm.has_state or spec.power is Power.SUSPENDED
    if vm.has_state:
        assert vm.process is Process.NONE
        assert vm.boot_generation == spec.boot_generation
    elif vm.process is Process.NONE:
        assert spec.power is Power.STOPPED or stays_off
        assert spec.power is Power.STOPPED or vm.boot_generation >= spec.boot_generation
    else:
        held = (Process.PAUSED, Process.PRELAUNCH)
        assert vm.process in ((Process.RUNNING,) if spec.power is Power.RUNNING else held)
        assert vm.boot_generation == spec.boot_generation
        assert vm.image_generation == spec.image_generation
        assert vm.volumes == {volume.attachment_id: Plug.WHOLE for volume in spec.volumes}
        assert vm.nics == {nic.port_id: Plug.WHOLE for nic in spec.nics}
    settle(host, None)
    assert not host.vm.present
    assert host.vm.process is Process.NONE
    assert host.vm.disks == ()
