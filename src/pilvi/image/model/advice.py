"""What the owner of an image can do next, from its status and from what went wrong. Pure."""

from collections.abc import Sequence

from pilvi.core.story import Event, Wait, without_doubles
from pilvi.hosts.model.advice import advise, advise_waiting
from pilvi.image.model.image import Image, Status

_BY_STATUS = {
    Status.QUEUED: "send its bytes: 'glance image-upload --file FILE {id}', or import them",
    Status.UPLOADING: "end the import: 'openstack image import --method glance-direct {id}'",
    Status.DEACTIVATED: "let it be used again: 'openstack image set --activate {id}'",
    Status.KILLED: "delete it ('openstack image delete {id}') and make it anew",
}


def list_image_steps(
    image: Image, waits: Sequence[Wait], failed: Sequence[Event]
) -> tuple[str, ...]:
    """What to do about an image as it is. Pure."""
    is_on_its_way = any("which nobody sends" not in wait.words for wait in waits)
    steps = [advise(failed[-1].words)] if failed else []
    steps += [advise(wait.last_error) for wait in waits]
    if image.status is Status.UPLOADING and any("import call" in wait.words for wait in waits):
        steps.append(_BY_STATUS[Status.UPLOADING].format(id=image.id))
    elif not is_on_its_way and image.status in _BY_STATUS:
        steps.append(_BY_STATUS[image.status].format(id=image.id))
    elif is_on_its_way and not any(steps):
        steps.append(advise_waiting(waits))
    return without_doubles(steps)
