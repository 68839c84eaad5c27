"""What a guest has said in its present boot: for commands on its host, beside the agent.

A console's log goes on from boot to boot, so its words alone say nothing of now.
"""

from pilvi.agent.vms.console import KEPT_BYTES, read_log
from pilvi.agent.vms.folder import GuestFolder
from pilvi.agent.vms.process import find_processes
from pilvi.agent.vms.record import check_id, read_record
from pilvi.settings import Settings


def read_boot(settings: Settings, server_id: str) -> str:
    """The console's output of a guest's present process; empty while it has none."""
    directory = settings.agent_dir / "vms" / check_id(server_id)
    record = read_record(directory)
    if record is None or record.launched is None or not _has_process(record.uid):
        return ""
    folder = GuestFolder(directory / "guest", record.uid)
    piece = read_log(folder, record.launched.console_start, KEPT_BYTES)
    return piece.data.decode(errors="replace")


def _has_process(uid: int) -> bool:
    """Whether a guest lives: a host that lost its power leaves a record of one that does not."""
    processes = find_processes(uid)
    for process in processes:
        process.close()
    return bool(processes)
