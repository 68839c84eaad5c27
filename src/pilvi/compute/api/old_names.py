"""What the handlers of compute's old names share: ids that are UUIDs, and 400 for conflicts."""

import contextlib
import uuid
from collections.abc import Iterator

from pilvi.errors import Conflict, InvalidRequest


def parse_id(text: str) -> str:
    """An id as it is kept. Raises `InvalidRequest` for what is no UUID. Pure."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidRequest(f"cannot use '{text[:80]}' as an id: it is no UUID") from None


@contextlib.contextmanager
def conflicts_are_bad_requests() -> Iterator[None]:
    """The compute API answers 400 where the network API answers 409."""
    try:
        yield
    except Conflict as error:
        raise InvalidRequest(error.message, detail=error.detail) from error
