"""Calls of the real API that this cloud does not serve: each is answered honestly."""

from typing import Any

from pilvi.compute.api.servers import get_called
from pilvi.compute.model.allowed import Action, require
from pilvi.core.http import Call
from pilvi.core.http.route import Handler
from pilvi.errors import Unsupported

ACTIONS = (
    "os-getRDPConsole",
    "os-getSPICEConsole",
    "os-migrateLive",
    "trigger_crash_dump",
)
GONE_AFTER = {
    "addFixedIp": (2, 43),
    "addFloatingIp": (2, 43),
    "os-getRDPConsole": (2, 5),
    "os-getSPICEConsole": (2, 5),
    "os-getSerialConsole": (2, 5),
    "os-getVNCConsole": (2, 5),
    "removeFixedIp": (2, 43),
    "removeFloatingIp": (2, 43),
}
"""Last version that has an action."""

_NEEDS = {
    "os-getRDPConsole": Action.REMOTE_CONSOLE,
    "os-getSPICEConsole": Action.REMOTE_CONSOLE,
    "os-migrateLive": Action.LIVE_MIGRATE,
    "trigger_crash_dump": Action.CRASH_DUMP,
}
"""What the server's state must allow before an action is refused as not served."""
_INSTEAD = {
    "os-migrateLive": "use migrate, which shuts the guest down for the way",
    "os-getRDPConsole": "ask for a console of the type novnc or serial",
    "os-getSPICEConsole": "ask for a console of the type novnc or serial",
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
