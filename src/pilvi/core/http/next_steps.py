"""What whoever was refused can do next: every refusal ends with it, after a semicolon.

A message that knows better has a semicolon itself: `cannot …: why; what to do`. All others get
the step of their kind here, in the one place where faults are made.
"""

import copy
import re

from pilvi import errors
from pilvi.core.http.faults import MethodNotAllowed
from pilvi.errors import PilviError

STEPS: dict[type[PilviError], str] = {
    errors.InvalidRequest: "correct that and send it again",
    MethodNotAllowed: "use a method that the header Allow names",
    errors.Unauthenticated: "log in (again) and send the new token",
    errors.Forbidden: "ask an admin, or use a token with a role that may",
    errors.NotFound: "look at its name or id, and at the project of your token",
    errors.Conflict: "wait, or change what stands in the way, and ask again",
    errors.QuotaExceeded: "delete something, or ask an admin for more",
    errors.TooLarge: "send less",
    errors.NoCapacity: "ask for less, or ask the operator of the cloud for room",
    errors.Unsupported: "do it another way: this cloud does not serve it",
    errors.UnsupportedVersion: "ask at a version that the service's root lists",
    errors.UnsupportedMediaType: "send it as application/json",
    errors.Unavailable: "try again in a moment",
    errors.Internal: "give the request's id to the operator of the cloud",
}
"""By kind of error; a part of one kind takes the kind's."""

_QUOTED = re.compile(r"'[^']*'|`[^`]*`")


def step_of(kind: type[PilviError]) -> str:
    """The step of a kind, or of the nearest that it is a part of. Pure."""
    return next(STEPS[one] for one in kind.__mro__ if one in STEPS)


def end_with_step(message: str, kind: type[PilviError]) -> str:
    """A message that ends with a next step. Pure. Repeatable."""
    # What a caller wrote stands in quotes, and is no word of ours.
    own = _QUOTED.sub("'", message)
    if "; " in own:
        return message
    return f"{message.rstrip('. ')}; {step_of(kind)}"


def with_next_step(error: PilviError) -> PilviError:
    """The same error, whose message ends with a next step. Pure."""
    told = copy.copy(error)
    told.message = end_with_step(error.message, type(error))
    return told
