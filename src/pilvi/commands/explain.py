"""`pilvi explain`: the story of one thing in words, as its service tells it over the API."""

import datetime
import json
import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

import msgspec
from rich.console import Console

from pilvi.commands.client import CloudClient
from pilvi.core.story import Event, Story, Wait
from pilvi.errors import Conflict, InvalidRequest, NotFound, PilviError
from pilvi.settings import Settings

PATHS = {
    "server": ("compute", "/servers/{id}/pilvi-story"),
    "volume": ("volume", "/volumes/{id}/pilvi-story"),
    "port": ("network", "/ports/{id}/pilvi-story"),
    "image": ("image", "/images/{id}/pilvi-story"),
}
"""Which service tells the story of each kind, and where."""

AS_WISHED, FAILED, WAITING = 0, 1, 2
"""Exit statuses."""

NameOf = Callable[[str], str]
"""Of a user's id: the user's name, or the id where the caller may not know it."""


def run_explain(
    settings: Settings, user: str, named: tuple[str, str], as_json: bool, console: Console
) -> int:
    """Print one story; returns the exit status. `named` is a kind, and an id or a name.

    Raises `NotFound`, `Conflict` for a name of several things.
    """
    kind, text = named
    if kind not in PATHS:
        raise InvalidRequest(f"cannot explain a '{kind}': name one of {', '.join(PATHS)}")
    client = CloudClient(settings, user)
    client.login()
    story = find_story(client, kind, text)
    words = render_json(story) if as_json else render(story, _now(), name_of(client))
    console.print(words, highlight=False, markup=False, soft_wrap=True)
    return exit_status(story)


def find_story(client: CloudClient, kind: str, text: str) -> Story:
    """The story of the thing of an id or, in the user's own project, of a name.

    Raises `NotFound`, `Conflict` for a name of several things.
    """
    try:
        return fetch_story(client, kind, text)
    except NotFound as error:
        service, _ = PATHS[kind]
        # Compute takes a name for a pattern, so what it finds is compared.
        query = quote(re.escape(text) if service == "compute" else text, safe="")
        listed = client.call("GET", service, f"/{kind}s?name={query}")[f"{kind}s"]
        ids = [str(one["id"]) for one in listed if one["name"] == text]
        if not ids:
            raise NotFound(f"{error.message}: '{text}' is neither its id nor its name") from error
    if len(ids) > 1:
        raise Conflict(
            f"cannot tell which {kind} '{text}' is: {len(ids)} have that name; give one of their "
            f"ids: {', '.join(ids)}"
        )
    return fetch_story(client, kind, ids[0])


def fetch_story(client: CloudClient, kind: str, id: str) -> Story:
    """What the service of a kind tells of one thing. Raises `NotFound`."""
    service, path = PATHS[kind]
    told = client.call("GET", service, path.format(id=quote(id, safe="")))["story"]
    return msgspec.convert(told, Story)


def name_of(client: CloudClient) -> NameOf:
    """Names of users as far as the caller may see them, each asked for once."""
    known: dict[str, str] = {}

    def look(id: str) -> str:
        if id not in known:
            known[id] = id
            # Who is not allowed to see a user's name sees the id.
            with suppress(PilviError):
                known[id] = client.call("GET", "identity", f"/users/{id}")["user"]["name"]
        return known[id]

    return look


def exit_status(story: Story) -> int:
    """See `AS_WISHED`, `FAILED`, `WAITING`. Pure."""
    if story.waits:
        return WAITING
    return FAILED if "error" in story.status.lower() or story.status == "killed" else AS_WISHED


def render(story: Story, now: datetime.datetime, name: NameOf) -> str:
    """The story for people. Pure but for `name`."""
    title = f"{story.kind} {story.name or '(without a name)'} ({story.id}) is {story.status}"
    lines = [title]
    lines += _part("Asked", [_event(one, name) for one in story.asked])
    lines += _part("Done", [_event(one, name) for one in story.done])
    lines += _part("Waits for", [_wait(one, now) for one in story.waits])
    lines += _part("Failed", [_event(one, name) for one in story.failed])
    nothing = ["nothing: it is as it was wished"] if not story.waits and not story.failed else []
    lines += _part("What to do", [*story.next_steps] or nothing)
    return "\n".join(lines)


def _part(title: str, words: list[str]) -> list[str]:
    return ["", title, *(f"  {one}" for one in words)] if words else []


def _event(one: Event, name: NameOf) -> str:
    when = f"{one.at:%Y-%m-%d %H:%M:%S}  " if one.at else ""
    who = f", by {name(one.user_id)}" if one.user_id else ""
    request = f" ({one.request_id})" if one.request_id else ""
    return f"{when}{one.words}{who}{request}"


def _wait(one: Wait, now: datetime.datetime) -> str:
    since = "" if one.since is None else f", for {_length((now - one.since).total_seconds())}"
    tried = f", tried {one.tries} times" if one.tries else ""
    error = f"; the last error: {one.last_error}" if one.last_error else ""
    return f"{one.words}{since}{tried}{error}"


def _length(seconds: float) -> str:
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{max(0.0, seconds):.0f} seconds"


def render_json(story: Story) -> str:
    """The story for programs. Pure."""
    told = {**msgspec.to_builtins(story), "exit_status": exit_status(story)}
    return json.dumps(told, indent=2)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
