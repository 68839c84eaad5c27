"""Which HTTP status each kind of error has; a service may say otherwise in its own faults.py."""

from pilvi import errors
from pilvi.errors import PilviError


class MethodNotAllowed(errors.InvalidRequest):
    """A path that is there does not have the method: HTTP's own refusal, before any handler."""


STATUS: dict[type[PilviError], int] = {
    errors.InvalidRequest: 400,
    MethodNotAllowed: 405,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Unsupported: 501,
    errors.UnsupportedVersion: 406,
    errors.UnsupportedMediaType: 415,
    errors.Conflict: 409,
    errors.QuotaExceeded: 403,
    errors.TooLarge: 413,
    errors.NoCapacity: 409,
    errors.Unavailable: 503,
    errors.Internal: 500,
}


def status_of(error: PilviError) -> int:
    """The HTTP status of an error's kind."""
    return STATUS.get(type(error), 500)
