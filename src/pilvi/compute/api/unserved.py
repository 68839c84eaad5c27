"""Calls of the real API that this cloud does not serve: each is answered honestly."""

from typing import Any

from pilvi.compute.api.servers import get_called
from pilvi.compute.model.allowed import Action, require
from pilvi.core.http import Call
from pilvi.core.http.route import Handler
from pilvi.errors import Unsupported

ACTIONS = (
    "addFixedIp",
    "evacuate",
    "os-getRDPConsole",
    "os-getSPICEConsole",
    "os-getSerialConsole",
    "os-getVNCConsole",
    "os-migrateLive",
    "removeFixedIp",
    "trigger_crash_dump",
)
GONE_AFTER = {
    "addFixedIp": (2, 43),
    "addFloatingIp": (2, 43),
    "removeFixedIp": (2, 43),
    "removeFloatingIp": (2, 43),
}
"""Last version that has an action."""

_NEEDS = {
    "evacuate": Action.EVACUATE,
    "os-getRDPConsole": Action.REMOTE_CONSOLE,
    "os-getSPICEConsole": Action.REMOTE_CONSOLE,
    "os-getSerialConsole": Action.REMOTE_CONSOLE,
    "os-getVNCConsole": Action.REMOTE_CONSOLE,
    "os-migrateLive": Action.LIVE_MIGRATE,
    "trigger_crash_dump": Action.CRASH_DUMP,
}
"""What the server's state must allow before an action is refused as not served."""
_INSTEAD = {
    "evacuate": "its disks are on its host; wait for the host, or delete the server",
    "os-migrateLive": "use migrate, which shuts the guest down for the way",
    "addFixedIp": "change the server's port in the network service",
    "removeFixedIp": "change the server's port in the network service",
}


def refuse_action(action: str) -> Handler:
    """A handler that refuses an action that is not served, on a server that is there."""

    async def refuse(call: Call[Any]) -> None:
        """An action that is not served."""
        server = await get_called(call)
        if (needed := _NEEDS.get(action)) is not None:
            require(needed, server, is_admin=call.caller.is_admin)
        instead = _INSTEAD.get(action)
        raise Unsupported(
            f"cannot do '{action}': this cloud does not support it yet"
            + (f"; {instead}" if instead else "")
        )

    refuse.__name__ = f"refuse_{action}"
    return refuse


async def refuse_console(call: Call[Any]) -> None:
    """A console that can be typed at: nothing serves one yet."""
    require(Action.REMOTE_CONSOLE, await get_called(call), is_admin=call.caller.is_admin)
    raise Unsupported(
        "cannot open a remote console: this cloud serves none yet; read os-getConsoleOutput"
    )
