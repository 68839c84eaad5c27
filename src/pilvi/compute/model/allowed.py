"""Which actions a server's state allows and where they lead: one table, `may`, and its drawing.

Pure. The drawing in the docstring of `pilvi.compute` is made by `draw` from the table.
"""

from dataclasses import dataclass
from enum import StrEnum

from pilvi.compute.model.server import Server
from pilvi.compute.model.state import TaskState, VmState
from pilvi.errors import Conflict


class Action(StrEnum):
    """What can be asked of a server; values are the names in action records."""

    CREATE = "create"
    START = "start"
    STOP = "stop"
    SOFT_REBOOT = "reboot"
    HARD_REBOOT = "hard_reboot"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESCUE = "rescue"
    UNRESCUE = "unrescue"
    REBUILD = "rebuild"
    RESIZE = "resize"
    MIGRATE = "migrate"
    CONFIRM_RESIZE = "confirmResize"
    REVERT_RESIZE = "revertResize"
    SHELVE = "shelve"
    SHELVE_OFFLOAD = "shelveOffload"
    UNSHELVE = "unshelve"
    RESTORE = "restore"
    DELETE = "delete"
    CREATE_IMAGE = "createImage"
    CREATE_BACKUP = "createBackup"
    ATTACH_VOLUME = "attach_volume"
    DETACH_VOLUME = "detach_volume"
    EXTEND_VOLUME = "extend_volume"
    ATTACH_INTERFACE = "attach_interface"
    DETACH_INTERFACE = "detach_interface"
    CHANGE_METADATA = "update_metadata"
    CHANGE_TAGS = "update_tags"
    CHANGE_PASSWORD = "changePassword"  # noqa: S105  # the action's name
    LIVE_MIGRATE = "live-migration"
    EVACUATE = "evacuate"
    CRASH_DUMP = "trigger_crash_dump"
    CONSOLE_OUTPUT = "get_console_output"
    REMOTE_CONSOLE = "get_console"


_RUNS = frozenset({VmState.ACTIVE})
_SETTLED = frozenset({VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED})
_COPIED = _SETTLED | {VmState.SUSPENDED}
_SHELVED = frozenset({VmState.SHELVED, VmState.SHELVED_OFFLOADED})
_BROKEN = frozenset({VmState.ACTIVE, VmState.STOPPED, VmState.ERROR})
_WITH_HOST = frozenset(VmState) - {*_SHELVED, VmState.DELETED}
_REBOOTS = frozenset({None, TaskState.REBOOTING, TaskState.REBOOTING_HARD})
_IDLE = frozenset({None})
_ANY_TASK: frozenset[TaskState | None] = frozenset({None, *TaskState})


@dataclass(frozen=True, slots=True)
class _Row:
    """In which states an action is allowed, and the state that it leads to."""

    vm_states: frozenset[VmState]
    task_states: frozenset[TaskState | None] = _IDLE
    minds_lock: bool = True
    leads_to: VmState | None = None
    """None: the state stays, or is again what it was before."""


TABLE = {
    Action.START: _Row(frozenset({VmState.STOPPED}), leads_to=VmState.ACTIVE),
    Action.STOP: _Row(_RUNS | {VmState.ERROR}, leads_to=VmState.STOPPED),
    Action.SOFT_REBOOT: _Row(_RUNS),
    Action.HARD_REBOOT: _Row(_COPIED | {VmState.ERROR}, _REBOOTS, leads_to=VmState.ACTIVE),
    Action.PAUSE: _Row(_RUNS, leads_to=VmState.PAUSED),
    Action.UNPAUSE: _Row(frozenset({VmState.PAUSED}), leads_to=VmState.ACTIVE),
    Action.SUSPEND: _Row(_RUNS, leads_to=VmState.SUSPENDED),
    Action.RESUME: _Row(frozenset({VmState.SUSPENDED}), leads_to=VmState.ACTIVE),
    Action.RESCUE: _Row(_BROKEN, leads_to=VmState.RESCUED),
    Action.UNRESCUE: _Row(frozenset({VmState.RESCUED}), leads_to=VmState.ACTIVE),
    Action.REBUILD: _Row(_BROKEN),
    Action.RESIZE: _Row(_RUNS | {VmState.STOPPED}, leads_to=VmState.RESIZED),
    Action.MIGRATE: _Row(_RUNS | {VmState.STOPPED}, leads_to=VmState.RESIZED),
    Action.CONFIRM_RESIZE: _Row(frozenset({VmState.RESIZED})),
    Action.REVERT_RESIZE: _Row(frozenset({VmState.RESIZED})),
    Action.SHELVE: _Row(_COPIED, leads_to=VmState.SHELVED_OFFLOADED),
    Action.SHELVE_OFFLOAD: _Row(
        frozenset({VmState.SHELVED}), _ANY_TASK, leads_to=VmState.SHELVED_OFFLOADED
    ),
    Action.UNSHELVE: _Row(frozenset({VmState.SHELVED_OFFLOADED}), leads_to=VmState.ACTIVE),
    # No server is ever kept for a while after its deletion.
    Action.RESTORE: _Row(frozenset()),
    Action.DELETE: _Row(frozenset(VmState), _ANY_TASK, leads_to=VmState.DELETED),
    Action.CREATE_IMAGE: _Row(_COPIED, minds_lock=False),
    Action.CREATE_BACKUP: _Row(_COPIED, minds_lock=False),
    Action.ATTACH_VOLUME: _Row(_SETTLED | _SHELVED),
    Action.DETACH_VOLUME: _Row(_SETTLED | _SHELVED),
    # Asked for in the volume service, which decides.
    Action.EXTEND_VOLUME: _Row(frozenset(VmState) - {VmState.DELETED}, _ANY_TASK, minds_lock=False),
    Action.ATTACH_INTERFACE: _Row(_SETTLED),
    Action.DETACH_INTERFACE: _Row(_SETTLED),
    Action.CHANGE_METADATA: _Row(_COPIED | _SHELVED, _ANY_TASK),
    Action.CHANGE_TAGS: _Row(_COPIED | _SHELVED, _ANY_TASK),
    Action.CHANGE_PASSWORD: _Row(_RUNS),
    Action.LIVE_MIGRATE: _Row(frozenset({VmState.ACTIVE, VmState.PAUSED})),
    Action.EVACUATE: _Row(_BROKEN),
    Action.CRASH_DUMP: _Row(
        frozenset({VmState.ACTIVE, VmState.PAUSED, VmState.RESCUED, VmState.RESIZED})
    ),
    Action.CONSOLE_OUTPUT: _Row(_WITH_HOST, _ANY_TASK, minds_lock=False),
    Action.REMOTE_CONSOLE: _Row(_WITH_HOST, _ANY_TASK, minds_lock=False),
}
"""The states in which each action is allowed."""


def draw() -> str:
    """The table's transitions as a drawing: from each state, by which action, to which. Pure."""
    lines = []
    for state in VmState:
        by_end: dict[VmState, list[str]] = {}
        for action, row in TABLE.items():
            if state in row.vm_states and row.leads_to not in (None, state, VmState.DELETED):
                assert row.leads_to is not None
                by_end.setdefault(row.leads_to, []).append(action.value)
        for place, (end, actions) in enumerate(by_end.items()):
            start = state.value if place == 0 else ""
            lines.append(f"    {start:<18} --{', '.join(actions)}--> {end.value}")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done."""


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """It is wished already: nothing changes."""


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not be done now."""

    reason: str


Verdict = Allowed | AlreadyDone | Denied


def may(action: Action, server: Server, *, is_admin: bool = False) -> Verdict:
    """Whether an action may be done to a server as it is. Pure."""
    state, row = server.condition, TABLE[action]
    if action is Action.DELETE and not server.desired.present:
        return AlreadyDone()
    what = "reboot" if action is Action.HARD_REBOOT else action
    if row.minds_lock and server.locked_by is not None and not is_admin:
        return Denied(f"cannot '{what}' instance {server.id} while it is locked; unlock it first")
    if state.vm_state not in row.vm_states:
        return Denied(
            f"cannot '{what}' instance {server.id} while it is in vm_state {state.vm_state}"
            f"{_list_states(row)}"
        )
    if state.task_state not in row.task_states:
        return Denied(
            f"cannot '{what}' instance {server.id} while it is in task_state {state.task_state}; "
            "wait until that is over"
        )
    if state.vm_state is VmState.ERROR and server.given_up and action is not Action.DELETE:
        return Denied(
            f"cannot '{what}' instance {server.id}: it could not be launched and nothing of it "
            "is left; delete it and create another"
        )
    return Allowed()


def _list_states(row: _Row) -> str:
    """Where it would be allowed, as the end of a refusal. Pure."""
    states = ", ".join(sorted(row.vm_states))
    return f"; it can be done in: {states}" if states else "; no state allows it"


def require(action: Action, server: Server, *, is_admin: bool = False) -> bool:
    """Raise `Conflict` when `may` denies; False when it is already done. Pure."""
    verdict = may(action, server, is_admin=is_admin)
    if isinstance(verdict, Denied):
        raise Conflict(verdict.reason)
    return isinstance(verdict, Allowed)
