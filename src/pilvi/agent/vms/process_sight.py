"""What can be seen of one vm's process through QMP."""

from typing import Any

from pilvi.agent.vms import guest_state, plugs
from pilvi.agent.vms.guests import Guest, Guests
from pilvi.agent.vms.local_vm import Process
from pilvi.agent.vms.record import VmRecord
from pilvi.errors import Unavailable

_STATES = {
    "running": Process.RUNNING,
    "prelaunch": Process.PRELAUNCH,
    "io-error": Process.OUT_OF_SPACE,
    "shutdown": Process.SHUT_DOWN,
    "internal-error": Process.BROKEN,
    "guest-panicked": Process.BROKEN,
}


async def observe_process(guests: Guests, record: VmRecord, guest: Guest | None) -> dict[str, Any]:
    """State of a vm's process and what it has, as fields of `LocalVm`."""
    if guest is None:
        return {"process": Process.GONE if record.launched else Process.NONE}
    try:
        session = await guests.session(record.server_id)
        status = (await session.execute("query-status"))["status"]
        devices = await plugs.list_devices(session)
        sizes = await plugs.list_volume_sizes(session, record.slots)
        process = _STATES.get(status, Process.RUNNING)
        if status in guest_state.STILL:
            process = await guest_state.process_of(session, status)
        if process is Process.RESTORING and guest.is_reading:
            process = Process.READING
    except Unavailable:
        is_there = guests.find(record.server_id)
        return {"process": Process.SILENT if is_there else Process.GONE}
    leaving = guests.leaving(guest)
    return {
        "process": process,
        "space_age_s": guest.note_space(is_full=process is Process.OUT_OF_SPACE),
        "volumes": plugs.plugs(plugs.VOLUME, record.slots, devices, leaving),
        "volume_sizes": sizes,
        "nics": plugs.plugs(plugs.NIC, record.slots, devices, leaving),
    }
