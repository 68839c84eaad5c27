"""`pilvi explain`: what it prints, to whom, and its exit status."""

import datetime
import json
from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from commands.clouds_file import write_clouds
from pilvi.commands.explain import exit_status, render, render_json, run_explain
from pilvi.core.story import Event, Story, Wait
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.testing.server import CloudServer, running_server

pytestmark = pytest.mark.xdist_group("pilvi server")

NOON = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)
WAITING = Story(
    kind="server",
    id="1",
    name="web",
    status="BUILD",
    asked=(Event(words="create", at=NOON, user_id="u", request_id="req-1"),),
    done=(Event(words="a host was chosen"),),
    waits=(Wait(words="its host", since=NOON, tries=3, last_error="cannot reach it"),),
    next_steps=("wait for the host",),
)


def test_a_story_in_words() -> None:
    later = NOON + datetime.timedelta(minutes=5)
    assert render(WAITING, later, {"u": "ada"}.__getitem__).splitlines() == [
        "server web (1) is BUILD",
        "",
        "Asked",
        "  2026-11-29 12:00:00  create, by ada (req-1)",
        "",
        "Done",
        "  a host was chosen",
        "",
        "Waits for",
        "  its host, for 5 minutes, tried 3 times; the last error: cannot reach it",
        "",
        "What to do",
        "  wait for the host",
    ]
    calm = Story(kind="image", id="2", name="", status="active")
    words = render(calm, NOON, str).splitlines()
    assert words[0] == "image (without a name) (2) is active"
    assert words[-1] == "  nothing: it is as it was wished"


def test_the_exit_status_says_how_it_is() -> None:
    assert exit_status(WAITING) == 2
    for kind, status, code in (("server", "ERROR", 1), ("image", "killed", 1), ("port", "DOWN", 0)):
        story = Story(kind=kind, id="1", name="", status=status)
        assert exit_status(story) == code
        assert json.loads(render_json(story))["exit_status"] == code


@pytest.fixture(scope="module")
def running() -> Iterator[CloudServer]:
    with running_server(1) as server:
        server.reset()
        write_clouds(server)
        yield server


def explain(server: CloudServer, user: str, kind: str, id: str) -> tuple[int, str]:
    text = StringIO()
    code = run_explain(server.settings, user, (kind, id), False, Console(file=text, width=200))
    return code, text.getvalue()


def test_a_cloud_tells_stories_of_all_four_kinds(running: CloudServer) -> None:
    demo = running.connect()
    network = demo.network.find_network("private", ignore_missing=False)
    image = demo.image.find_image("pilvi-guest", ignore_missing=False)
    server = demo.compute.create_server(
        name="told", flavor_id="p1.nano", image_id=image.id, networks=[{"uuid": network.id}]
    )
    demo.compute.wait_for_server(server, wait=30)
    volume = demo.block_storage.create_volume(name="told", size=1)
    demo.block_storage.wait_for_status(volume, wait=30)
    port = next(demo.network.ports(device_id=server.id))
    demo.network.update_port(port, name="told")
    for kind, id, status in (
        ("server", server.id, "ACTIVE"),
        ("volume", volume.id, "available"),
        ("port", port.id, "ACTIVE"),
        ("image", image.id, "active"),
    ):
        code, words = explain(running, "demo", kind, id)
        assert code == 0, words
        first, *_, last = words.strip().splitlines()
        assert first.startswith(f"{kind} ") and first.endswith(f"({id}) is {status}")
        assert last == "  nothing: it is as it was wished"
        code, words = explain(running, "demo", kind, "pilvi-guest" if kind == "image" else "told")
        assert f"({id}) is {status}" in words
    _, words = explain(running, "admin", "server", server.id)
    assert "create, by demo (req-" in words


def test_a_name_of_two_is_refused_with_their_ids(running: CloudServer) -> None:
    demo = running.connect()
    one, two = (demo.block_storage.create_volume(name="a b/c", size=1) for _ in range(2))
    with pytest.raises(Conflict, match="2 have that name") as refused:
        explain(running, "demo", "volume", "a b/c")
    assert one.id in refused.value.message and two.id in refused.value.message
    demo.block_storage.wait_for_status(one, wait=30)
    demo.block_storage.delete_volume(one)
    demo.block_storage.wait_for_delete(one, wait=30)
    assert f"({two.id})" in explain(running, "demo", "volume", "a b/c")[1]


def test_what_cannot_be_explained_is_said(running: CloudServer) -> None:
    with pytest.raises(InvalidRequest, match="server, volume, port, image"):
        explain(running, "demo", "cloud", "1")
    for kind in ("server", "volume", "port", "image"):
        with pytest.raises(NotFound, match=r"^cannot find .* neither its id nor its name$"):
            explain(running, "demo", kind, "nobody")
