"""The part of a page that renews itself: a stream of server-sent events as long as it is looked at.

The page asks for its own address again, with the digest of what it shows. The stream calls the
public APIs on a timer, as the page did, and sends the part whenever it is another one; between two
looks it holds nothing but its own task. It ends when the browser leaves, when the session is over
or what it shows is gone (the page then loads itself again and says so), and when the server stops.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.responses import Response

from pilvi.dashboard.client import Refused
from pilvi.dashboard.streams import OVER
from pilvi.dashboard.visit import Visit

log = structlog.get_logger()
SEEN = "seen"
"""Of the query: the digest of what the page shows; it asks for the stream."""
# Seconds between two looks at what may change: while something is in work, and else. Lower: more
# calls for each open page; higher: states that lag behind.
BUSY_S = 2.0
CALM_S = 5.0
# Milliseconds after which a browser asks again when a stream broke.
RETRY_MS = 5000
# What no look will change: the session's end, and a thing that is gone or not theirs.
_FINAL = (401, 403, 404)
# A comment: a client that is gone is noticed when it is written to.
_PULSE = ":\n\n"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a page's part found."""

    words: Mapping[str, Any]
    """For the templates."""
    is_busy: bool
    """Whether something on it is in work."""


Look = Callable[[], Awaitable[Sight]]


async def answer(
    visit: Visit,
    templates: tuple[str, str],
    look: Look,
    kept: Mapping[str, str],
    *,
    is_live: bool = True,
) -> Response:
    """The page, or the stream of its part where the page itself asks for that.

    `templates` are the part's and the page's; `kept` is what of the query chooses what is shown.
    """
    part, whole = templates
    seen = visit.request.query_params.get(SEEN)
    if is_live and seen is not None and visit.request.method == "GET":
        # A browser whose stream broke says what it got last.
        seen = visit.request.headers.get("last-event-id") or seen
        return visit.streams.open(visit.signed_in, watch(visit, part, look, seen))
    sight = await look()
    inner = _render(visit, part, sight)
    live = visit.renderer.render(
        "live.html",
        inner=inner,
        path=visit.request.url.path,
        query={**kept, SEEN: digest(inner)},
        is_live=is_live,
    )
    return visit.page(whole, live=live, **sight.words)


async def watch(visit: Visit, part: str, look: Look, seen: str) -> AsyncIterator[str]:
    """The events of one stream."""
    yield f"retry: {RETRY_MS}\n\n"
    # The page was made just now.
    pause_s = BUSY_S
    while await visit.streams.pause(pause_s):
        if visit.signed_in.is_over:
            yield OVER
            return
        try:
            sight = await look()
        except Refused as refusal:
            if refusal.status in _FINAL:
                yield OVER
                return
            pause_s = CALM_S
            yield _PULSE
            continue
        except Exception:
            log.exception("dashboard failed", path=visit.request.url.path)
            return
        inner = _render(visit, part, sight)
        now = digest(inner)
        yield _PULSE if now == seen else print_event(now, inner)
        seen, pause_s = now, BUSY_S if sight.is_busy else CALM_S


def _render(visit: Visit, part: str, sight: Sight) -> str:
    return visit.renderer.render(part, form_key=visit.signed_in.form_key, **sight.words)


def digest(part: str) -> str:
    """What a part is known by. Pure."""
    return hashlib.sha256(part.encode()).hexdigest()[:16]


def print_event(id: str, part: str) -> str:
    """An event as the HTML standard has it: a line of data for each line. Pure."""
    data = "\n".join(f"data: {line}" for line in re.split("\r\n|\r|\n", part))
    return f"id: {id}\nevent: part\n{data}\n\n"
