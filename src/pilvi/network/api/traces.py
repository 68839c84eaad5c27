"""Walks along ports: Pilvi's own addition to the API, for admins.

A POST asks the port's host to walk; a GET shows the newest walk, as far as it got.
"""

from typing import Any

from pilvi.core.http import Call
from pilvi.errors import NotFound
from pilvi.network.operations import traces
from pilvi.network.store.ports import get_port


def _render(trace: traces.Trace) -> dict[str, Any]:
    failure = trace.first_failure
    return {
        "trace": {
            "id": trace.id,
            "port_id": trace.port_id,
            "is_over": trace.is_over,
            "first_failure": None if failure is None else failure.name,
            "hops": trace.hops,
        }
    }


async def create_trace(call: Call[None]) -> dict[str, Any]:
    """Ask the port's host to walk along it, hop by hop."""
    port = await get_port(call.tx, call.path["port_id"], call.caller.visible_project_id)
    return _render(await traces.begin_trace(call.tx, port, call.settings.host_lease_s))


async def show_trace(call: Call[None]) -> dict[str, Any]:
    """The newest walk along the port; two minutes after it was asked for it is forgotten."""
    port = await get_port(call.tx, call.path["port_id"], call.caller.visible_project_id)
    found = await traces.find_trace(call.tx, port, call.settings.host_lease_s)
    if found is None:
        raise NotFound(f"cannot find a trace of the port '{port.id}'; ask for one by a POST")
    return _render(found)
