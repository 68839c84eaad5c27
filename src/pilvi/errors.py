"""The closed list of errors.

Every expected failure is one of these kinds. `message` is public: it begins with "cannot", names
what the caller can change, and may reach a fault body. `detail` is private: it goes to the log
only. A new kind needs a decision record; a new message does not.
"""


class PilviError(Exception):
    """The root of the closed list; never raised itself."""

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail

    @property
    def kind(self) -> str:
        """The name of the kind, as it is written in logs and host reports."""
        return type(self).__name__


class InvalidRequest(PilviError):
    """The request cannot be understood or breaks a rule the caller can see."""


class Unauthenticated(PilviError):
    """Nobody, or nobody we can verify, is asking."""


class Forbidden(PilviError):
    """The caller is known and may not do this."""


class NotFound(PilviError):
    """No such thing, or none that the caller may know of."""


class Conflict(PilviError):
    """The thing is in a state in which this cannot be done."""


class QuotaExceeded(PilviError):
    """The project has used what it was given."""


class TooLarge(PilviError):
    """The request or its data is over a limit."""


class NoCapacity(PilviError):
    """No host has room; the message says per host what was asked and what was free."""


class Unsupported(PilviError):
    """A real call of the API that this cloud does not serve."""


class UnsupportedVersion(PilviError):
    """The request asks for a microversion that is not served."""


class UnsupportedMediaType(PilviError):
    """The body has a content type that this route does not read."""


class Unavailable(PilviError):
    """Something needed is not there right now; the same request may succeed later."""


class Internal(PilviError):
    """A defect of ours; the message says nothing of its inside."""


KINDS: dict[str, type[PilviError]] = {
    kind.__name__: kind
    for kind in (
        InvalidRequest,
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        QuotaExceeded,
        TooLarge,
        NoCapacity,
        Unsupported,
        UnsupportedVersion,
        UnsupportedMediaType,
        Unavailable,
        Internal,
    )
}
