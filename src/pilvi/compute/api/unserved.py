"""Calls of the real API that this cloud does not serve: each is answered honestly."""

from typing import Any

from pilvi.compute.api.servers import get_called
from pilvi.core.http import Call
from pilvi.core.http.route import Handler
from pilvi.errors import NotFound, Unsupported

ACTIONS = (
    "addFixedIp",
    "addFloatingIp",
    "changePassword",
    "confirmResize",
    "createBackup",
    "evacuate",
    "forceDelete",
    "injectNetworkInfo",
    "migrate",
    "os-getRDPConsole",
    "os-getSPICEConsole",
    "os-getSerialConsole",
    "os-getVNCConsole",
    "os-migrateLive",
    "rebuild",
    "removeFixedIp",
    "removeFloatingIp",
    "rescue",
    "resetNetwork",
    "resize",
    "restore",
    "resume",
    "revertResize",
    "shelve",
    "shelveOffload",
    "suspend",
    "trigger_crash_dump",
    "unrescue",
    "unshelve",
)
GONE_AFTER = {
    "addFixedIp": (2, 43),
    "addFloatingIp": (2, 43),
    "removeFixedIp": (2, 43),
    "removeFloatingIp": (2, 43),
}
"""Last version that has an action."""

_INSTEAD = {
    "addFloatingIp": "associate it with the server's port in the network service",
    "removeFloatingIp": "disassociate it in the network service",
    "addFixedIp": "change the server's port in the network service",
    "removeFixedIp": "change the server's port in the network service",
    "changePassword": "no password is put into guests; use a key pair",
    "forceDelete": "delete the server",
    "suspend": "pause or stop the server",
    "createBackup": "use createImage",
}


def refuse_action(action: str) -> Handler:
    """A handler that refuses an action that is not served, on a server that is there."""

    async def refuse(call: Call[Any]) -> None:
        """An action that is not served."""
        await get_called(call)
        instead = _INSTEAD.get(action)
        raise Unsupported(
            f"cannot do '{action}': this cloud does not support it yet"
            + (f"; {instead}" if instead else "")
        )

    refuse.__name__ = f"refuse_{action}"
    return refuse


async def refuse_server_part(call: Call[Any]) -> None:
    """A part of a server that is not served."""
    await get_called(call)
    raise Unsupported("cannot serve this part of a server: this cloud does not support it yet")


async def refuse_collection(call: Call[Any]) -> None:
    """A collection that is not served."""
    raise Unsupported("cannot serve this collection: this cloud does not support it yet")


async def list_server_groups(call: Call[None]) -> dict[str, Any]:
    """No server groups: none can be made."""
    return {"server_groups": []}


async def show_server_group(call: Call[None]) -> None:
    """No server group is there."""
    raise NotFound(f"cannot find the server group '{call.path['id']}'")


async def list_aggregates(call: Call[None]) -> dict[str, Any]:
    """No aggregates: none can be made."""
    return {"aggregates": []}


async def list_migrations(call: Call[None]) -> dict[str, Any]:
    """No migrations: none can be begun."""
    return {"migrations": []}
