"""For which request something is done: log lines name it, and wishes carry it to the hosts.

It is bound while a request is served, goes with the wake-ups of its transaction, and is bound
again while reconcilers work on what was woken.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import (
    bind_contextvars,
    bound_contextvars,
    get_contextvars,
    unbind_contextvars,
)

_NAME = "request_id"


def current_request() -> str:
    """Id of the request for which this is done; empty where nobody asked."""
    return str(get_contextvars().get(_NAME, ""))


@contextmanager
def acting_for(request_id: str) -> Iterator[None]:
    """Do things for this request, or, when it is empty, for none."""
    if request_id:
        with bound_contextvars(**{_NAME: request_id}):
            yield
        return
    before = current_request()
    unbind_contextvars(_NAME)
    try:
        yield
    finally:
        if before:
            bind_contextvars(**{_NAME: before})
