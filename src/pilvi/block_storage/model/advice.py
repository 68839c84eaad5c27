"""What the owner of a volume can do next, from its status and from what went wrong. Pure."""

from collections.abc import Sequence

from pilvi.block_storage.model.volume import Volume, VolumeStatus
from pilvi.core.story import Event, Wait, without_doubles
from pilvi.hosts.model.advice import advise, advise_waiting

_BY_STATUS = {
    VolumeStatus.ERROR: (
        "delete it ('openstack volume delete {id}') and create it anew once the cause is gone"
    ),
    VolumeStatus.ERROR_EXTENDING: (
        "ask for its size again once the cause is gone: 'openstack volume set --size GIB {id}'"
    ),
    VolumeStatus.ERROR_RESTORING: "restore the backup to it again, or delete it",
    VolumeStatus.ERROR_DELETING: "delete it again once the cause is gone",
    VolumeStatus.RESERVED: (
        "it is kept for a server: attach it, or let it go by deleting the attachment"
    ),
    VolumeStatus.AWAITING_TRANSFER: (
        "accept the transfer as the other project, or take it back: "
        "'openstack volume transfer request delete ID'"
    ),
    VolumeStatus.MAINTENANCE: "an admin says so: 'openstack volume set --state available {id}'",
}


def list_volume_steps(
    volume: Volume, waits: Sequence[Wait], failed: Sequence[Event]
) -> tuple[str, ...]:
    """What to do about a volume as it is. Pure."""
    troubles = [event.words for event in failed]
    troubles += [word for wait in waits for word in (wait.last_error, wait.words)]
    steps = [advise(words) for words in troubles]
    if volume.status in _BY_STATUS:
        steps.append(_BY_STATUS[volume.status].format(id=volume.id))
    if not any(steps):
        steps.append(advise_waiting(waits))
    return without_doubles(steps)
