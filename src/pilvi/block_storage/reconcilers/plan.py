"""What to do so that a volume is as desired. Pure."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pilvi.block_storage.model.attachment import UNIT, Attachment, target_name
from pilvi.block_storage.model.volume import GIB, Volume
from pilvi.core.reconcile import Again, Done, Result
from pilvi.host_api.volumes import Export, VolumeSeen, VolumeSpec
from pilvi.hosts.model.deadlines import DEADLINES
from pilvi.hosts.model.host import Held
from pilvi.scheduler import Candidate, Choice, VolumeRequest, choose_volume_host

PATIENCE_S = DEADLINES["volume"].stuck_s or math.inf
"""Seconds that a volume waits for a host, or for a host that fails, before it is an error."""
# Seconds between looks while a volume waits for a host. Lower: more reading; higher: late.
LOOK_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that a plan depends on."""

    volume: Volume
    attachments: Sequence[Attachment]
    held: Held | None
    """What its host was asked for and shows; None: nothing is asked of any host."""
    candidates: Sequence[Candidate]
    """Every host."""
    now: datetime.datetime
    name_prefix: str
    misfit: str = ""
    """Why no backend can keep volumes of this type; empty when all can."""

    @property
    def is_overdue(self) -> bool:
        """Whether the wish has waited as long as anybody should."""
        return (self.now - self.volume.desired_at).total_seconds() >= PATIENCE_S


@dataclass(frozen=True, slots=True)
class ChooseHost:
    """Keep the volume on this host from now on."""

    host_id: str


@dataclass(frozen=True, slots=True)
class NameTarget:
    """Write an attachment's target name down before the target is made."""

    attachment_id: str
    iqn: str


@dataclass(frozen=True, slots=True)
class AssignSpec:
    """Wish this of the volume's host."""

    host_id: str
    spec: VolumeSpec


@dataclass(frozen=True, slots=True)
class WithdrawSpec:
    """Wish that no host holds the volume."""


@dataclass(frozen=True, slots=True)
class NoteSeen:
    """Take note of how far the host is."""

    seen_size_gib: int | None
    seen_content: int
    error: str
    failed: bool


@dataclass(frozen=True, slots=True)
class NoteExport:
    """Take note of whether an attachment's target answers; its server wants to know."""

    attachment_id: str
    server_id: str
    exported: bool
    portal: str


@dataclass(frozen=True, slots=True)
class DropAttachment:
    """Forget an attachment whose target is seen gone; its server wants to know."""

    attachment_id: str
    server_id: str


@dataclass(frozen=True, slots=True)
class DropVolume:
    """Forget a volume of which nothing is left."""


Step = (
    ChooseHost
    | NameTarget
    | AssignSpec
    | WithdrawSpec
    | NoteSeen
    | NoteExport
    | DropAttachment
    | DropVolume
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps to take in one transaction, and when to look again."""

    steps: list[Step]
    result: Result


def plan_volume(view: View) -> Plan:
    """What brings a volume nearer to its wish; no steps when it waits or is there. Pure."""
    volume = view.volume
    if not volume.present:
        return _plan_absence(view)
    if volume.host_id is not None:
        return _plan_presence(view, volume.host_id, [])
    # No host was ever asked for a target: those that are not wished any more are gone.
    drops: list[Step] = [
        DropAttachment(one.id, one.server_id) for one in view.attachments if not one.present
    ]
    if volume.failed:
        return Plan(drops, Done())
    if view.misfit:
        why = f"cannot find a host for the volume: its type {view.misfit}"
        return Plan([*drops, *_note(view, None, volume.seen_content, why, True)], Done())
    choice = choose_volume_host(
        VolumeRequest(size_gib=volume.size_gib, availability_zone=volume.availability_zone),
        view.candidates,
    )
    if isinstance(choice, Choice):
        return _plan_presence(view, choice.host_id, [ChooseHost(choice.host_id)])
    is_any_open = any(one.is_alive and one.enabled for one in view.candidates)
    failed = is_any_open or view.is_overdue
    steps = _note(view, None, volume.seen_content, choice.message, failed)
    return Plan([*drops, *steps], Done() if failed else Again(LOOK_S, choice.message))


def _plan_absence(view: View) -> Plan:
    held = view.held
    if held is None:
        drops = [DropAttachment(one.id, one.server_id) for one in view.attachments]
        return Plan([*drops, DropVolume()], Done())
    if held.present and held.fault is not None:
        # What is known of the wish before says nothing of this one.
        return Plan([WithdrawSpec()], Again(LOOK_S, "the host"))
    steps: list[Step] = [WithdrawSpec()] if held.present else []
    return _with_trouble(view, steps, view.volume.seen_size_gib, view.volume.seen_content)


def _plan_presence(view: View, host_id: str, steps: list[Step]) -> Plan:
    volume, held = view.volume, view.held
    names: dict[str, str] = {
        one.id: one.iqn or target_name(view.name_prefix, one.id) for one in view.attachments
    }
    steps += [NameTarget(one.id, names[one.id]) for one in view.attachments if not one.iqn]
    spec = make_spec(volume, view.attachments, names)
    is_asked = held is not None and held.present and held.spec == msgspec.json.encode(spec)
    if not is_asked:
        steps.append(AssignSpec(host_id, spec))
    seen = held.decode_seen(VolumeSeen) if held is not None and held.seen_present else None
    is_settled = is_asked and held is not None and held.is_settled
    is_answer = is_asked and held is not None and held.fault is None
    is_answer = is_answer and held is not None and held.seen_generation == held.generation
    steps += _plan_attachments(view, seen, is_settled=is_settled, is_answer=is_answer)
    size, content = volume.seen_size_gib, volume.seen_content
    if seen is not None and is_settled:
        size = max(size or 0, seen.size_bytes // GIB)
        content = seen.content_generation
    if is_settled and size is not None and size >= volume.size_gib:
        return Plan([*steps, *_note(view, size, content, "", False)], Done())
    return _with_trouble(view, steps, size, content)


def make_spec(
    volume: Volume, attachments: Sequence[Attachment], names: dict[str, str]
) -> VolumeSpec:
    """What the host is asked for: one target for each attachment that is wished. Pure."""
    return VolumeSpec(
        volume_id=volume.id,
        project_id=volume.project_id,
        size_bytes=volume.size_gib * GIB,
        content_generation=volume.content_generation,
        source=volume.source,
        exports=[
            Export(
                attachment_id=one.id,
                iqn=names[one.id],
                lun=UNIT,
                username=one.username,
                password=one.password,
                read_only=one.read_only,
            )
            for one in attachments
            if one.present
        ],
    )


def _plan_attachments(
    view: View, seen: VolumeSeen | None, *, is_settled: bool, is_answer: bool
) -> list[Step]:
    """Follow what is exported.

    A target that is not wished any more counts as gone only when the host is settled on a wish
    without it: what an older observation does not show may still be made. And one counts as
    answering anew only when the host answers the newest wish: an older observation may speak of a
    target with an account that is shut out by now.
    """
    exported = () if seen is None else seen.exported
    portal = "" if seen is None else seen.portal
    steps: list[Step] = []
    for one in view.attachments:
        answers = one.id in exported and (one.exported or is_answer)
        if not one.present and is_settled and not answers:
            steps.append(DropAttachment(one.id, one.server_id))
        elif (one.exported, one.portal) != (answers, portal if answers else ""):
            steps.append(NoteExport(one.id, one.server_id, answers, portal if answers else ""))
    return steps


def _with_trouble(view: View, steps: list[Step], size: int | None, content: int) -> Plan:
    """The steps, and what is known about why the host is not there yet."""
    held = view.held
    fault = held.fault if held is not None else None
    host_id = held.host_id if held is not None else view.volume.host_id
    host = next((one for one in view.candidates if one.host_id == host_id), None)
    if fault is not None:
        failed = fault.terminal or view.is_overdue
        wait: Result = Done() if failed else Again(LOOK_S, fault.message)
        return Plan([*steps, *_note(view, size, content, fault.message, failed)], wait)
    if host is not None and not host.is_alive:
        why = f"cannot reach host {host.name}, which keeps the volume: it is down"
        return Plan([*steps, *_note(view, size, content, why, False)], Again(LOOK_S, why))
    return Plan(
        [*steps, *_note(view, size, content, "", False)], Again(LOOK_S, "the host is at it")
    )


def _note(view: View, size: int | None, content: int, error: str, failed: bool) -> list[Step]:
    volume = view.volume
    noted = (volume.seen_size_gib, volume.seen_content, volume.error, volume.failed)
    if noted == (size, content, error, failed):
        return []
    return [NoteSeen(size, content, error, failed)]
