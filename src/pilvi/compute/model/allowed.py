"""Which actions a server's state allows: one table, and `may`. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from pilvi.compute.model.server import Server, TaskState, VmState
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
    DELETE = "delete"
    CREATE_IMAGE = "createImage"
    ATTACH_VOLUME = "attach_volume"
    DETACH_VOLUME = "detach_volume"
    ATTACH_INTERFACE = "attach_interface"
    DETACH_INTERFACE = "detach_interface"
    CHANGE_METADATA = "update_metadata"
    CHANGE_TAGS = "update_tags"
    CONSOLE_OUTPUT = "get_console_output"


_SETTLED = frozenset({VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED})
_REBOOTS = frozenset({None, TaskState.REBOOTING, TaskState.REBOOTING_HARD})
_IDLE = frozenset({None})
_ANY_TASK: frozenset[TaskState | None] = frozenset({None, *TaskState})


@dataclass(frozen=True, slots=True)
class _Row:
    """In which states an action is allowed."""

    vm_states: frozenset[VmState]
    task_states: frozenset[TaskState | None] = _IDLE
    minds_lock: bool = True


TABLE = {
    Action.START: _Row(frozenset({VmState.STOPPED})),
    Action.STOP: _Row(frozenset({VmState.ACTIVE, VmState.ERROR})),
    Action.SOFT_REBOOT: _Row(frozenset({VmState.ACTIVE})),
    Action.HARD_REBOOT: _Row(_SETTLED | {VmState.ERROR}, _REBOOTS),
    Action.PAUSE: _Row(frozenset({VmState.ACTIVE})),
    Action.UNPAUSE: _Row(frozenset({VmState.PAUSED})),
    Action.DELETE: _Row(frozenset(VmState), _ANY_TASK),
    Action.CREATE_IMAGE: _Row(_SETTLED, minds_lock=False),
    Action.ATTACH_VOLUME: _Row(_SETTLED),
    Action.DETACH_VOLUME: _Row(_SETTLED),
    Action.ATTACH_INTERFACE: _Row(_SETTLED),
    Action.DETACH_INTERFACE: _Row(_SETTLED),
    Action.CHANGE_METADATA: _Row(_SETTLED, _ANY_TASK),
    Action.CHANGE_TAGS: _Row(_SETTLED, _ANY_TASK),
    Action.CONSOLE_OUTPUT: _Row(
        _SETTLED | {VmState.BUILDING, VmState.ERROR}, _ANY_TASK, minds_lock=False
    ),
}
"""The states in which each action is allowed."""


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
        return Denied(f"cannot '{what}' instance {server.id} while it is locked: unlock it first")
    if state.vm_state not in row.vm_states:
        return Denied(
            f"cannot '{what}' instance {server.id} while it is in vm_state {state.vm_state}"
        )
    if state.task_state not in row.task_states:
        return Denied(
            f"cannot '{what}' instance {server.id} while it is in task_state {state.task_state}"
        )
    if state.vm_state is VmState.ERROR and server.given_up and action is not Action.DELETE:
        return Denied(
            f"cannot '{what}' instance {server.id}: it could not be launched and nothing of it "
            "is left; delete it and create another"
        )
    return Allowed()


def require(action: Action, server: Server, *, is_admin: bool = False) -> bool:
    """Raise `Conflict` when `may` denies; False when it is already done. Pure."""
    verdict = may(action, server, is_admin=is_admin)
    if isinstance(verdict, Denied):
        raise Conflict(verdict.reason)
    return isinstance(verdict, Allowed)
