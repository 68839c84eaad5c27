"""Paths of tokens that Keystone once had: it answers that they are gone, and so do we."""

from http import HTTPStatus

from pilvi.core.http import Call, Reply
from pilvi.errors import Forbidden

_GONE = HTTPStatus.GONE


async def refuse_certificates(call: Call[None]) -> Reply:
    """The certificates of signed tokens: there are no such tokens any more."""
    told = (
        "cannot show certificates: tokens are not signed with one any more; ask this service "
        "whether a token is good"
    )
    return Reply({"error": {"code": _GONE, "title": _GONE.phrase, "message": told}}, _GONE)


async def refuse_revoked_tokens(call: Call[None]) -> None:
    """The list of revoked tokens by their ids: tokens are not kept."""
    raise Forbidden("cannot list revoked tokens: they are not kept; see OS-REVOKE/events")
