"""What every refusal has to say: what cannot be done and why, and what to do next.

Every reply of 400 and more that a test's client meets is held against this.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx

_QUOTED = re.compile(r"'[^']*'|`[^`]*`")
# Words before the semicolon at least: "cannot", what, and with which thing or why.
CAUSE_WORDS_MIN = 4
STEP_WORDS_MIN = 2
# Fields of faults that hold words for people: placement's, and all others'.
FIELDS = ("message", "detail")
# A refusal with this field is OAuth's, whose clients know Keystone's very words (RFC 6749, 5.2).
OAUTH_FIELD = "error_description"


class WordlessReply(AssertionError):
    """A refusal does not say why, or what to do."""


def demand_words(method: str, path: str, response: httpx.Response) -> None:
    """Raise `WordlessReply` for a refusal in JSON without a cause or a next step."""
    if method == "HEAD" or "json" not in response.headers.get("content-type", ""):
        return
    body = json.loads(response.content)
    if isinstance(body, dict) and OAUTH_FIELD in body:
        return
    told = list(list_messages(body))
    if not told:
        raise WordlessReply(f"{method} {path} answers {response.status_code} without a word")
    for message in told:
        lack = find_lack(message)
        if lack:
            raise WordlessReply(
                f"{method} {path} answers {response.status_code} {lack}: {message!r}"
            )


def list_messages(body: Any) -> Iterator[str]:
    """Every text for people in a fault's body. Pure."""
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, str):
                if name in FIELDS and value:
                    yield value
            else:
                yield from list_messages(value)
    elif isinstance(body, list):
        for value in body:
            yield from list_messages(value)


def find_lack(message: str) -> str:
    """What a refusal lacks; empty when it has a cause and a next step. Pure."""
    own = _QUOTED.sub("'x'", message)
    if not own.startswith("cannot "):
        return "and does not begin with 'cannot'"
    cause, _, step = own.partition("; ")
    if len(cause.split()) < CAUSE_WORDS_MIN:
        return "without a cause"
    if len(step.split()) < STEP_WORDS_MIN:
        return "without a next step after a semicolon"
    return ""
