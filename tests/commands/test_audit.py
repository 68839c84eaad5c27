"""`pilvi audit`: what it prints and its exit status."""

import json
from typing import Any

import pytest

from pilvi.audit.model.difference import Difference, Verdict
from pilvi.audit.model.report import HostAnswer, HostState
from pilvi.commands.audit import Result, audit, render, render_json

STRAY = {
    "host": "host1",
    "kind": "tap",
    "verdict": "leaked",
    "owner": "port 7",
    "part": "",
    "name": "tap7",
    "bytes": 0,
    "since": 40.0,
}


class Server:
    """An audit service that gives the next of some looks each time one is begun."""

    def __init__(self, *looks: dict[str, Any]) -> None:
        self.looks = [{"hosts": [], "differences": [], "in_work": [], **look} for look in looks]
        self.number = 0

    def call(self, method: str, path: str) -> Any:
        if method == "POST":
            self.number += 1
            return {"audit": {"id": self.number}}
        assert path == f"/audits/{self.number}"
        return {"audit": {"id": self.number, **self.looks[self.number - 1]}}


def run(*looks: dict[str, Any]) -> tuple[Result, int]:
    server = Server(*looks)
    result = audit(server.call, answer_s=0.02, again_s=0.0, poll_s=0.001)
    return result, server.number


def host(name: str, state: HostState, *failures: str) -> dict[str, Any]:
    return {"name": name, "state": state, "failures": list(failures)}


def test_one_clean_look_is_enough() -> None:
    result, looks = run({"hosts": [host("host1", HostState.ANSWERED)]})
    assert looks == 1 and result.exit_status == 0 and result.answered == 1
    assert render(result, 0.0) == "nothing leaked, nothing missing"


def test_what_only_the_first_look_shows_is_no_difference() -> None:
    result, looks = run({"differences": [STRAY]}, {"differences": []})
    assert looks == 2 and result.exit_status == 0


def test_what_both_looks_show_is_printed_with_owner_and_age() -> None:
    result, _ = run({"differences": [STRAY]}, {"differences": [STRAY], "in_work": ["vm 9"]})
    assert result.exit_status == 1
    assert render(result, 100.0).splitlines() == [
        "leaked: tap on host1 of port 7: tap7, 60 seconds old",
        "under way, and not looked at: vm 9",
        "1 difference",
    ]
    told = json.loads(render_json(result))
    assert told["exit_status"] == 1 and told["differences"][0]["owner"] == "port 7"


@pytest.mark.parametrize("state", [HostState.WAITING, HostState.DOWN, HostState.FAILED])
def test_a_host_that_did_not_answer_is_named(state: HostState) -> None:
    result, _ = run({"hosts": [host("host1", state, "cannot list networks")]})
    assert result.exit_status == 2
    first = render(result, 0.0).splitlines()[0]
    assert first == f"host1 did not answer ({state}): cannot list networks"


def test_bytes_age_and_nobody_are_in_words() -> None:
    one = Difference("", "stored image", Verdict.LEAKED, name="blobs/x", bytes=4096, since=0.0)
    silent = HostAnswer("host2", HostState.DOWN)
    text = render(Result((one, one), (silent,), (), 0), 3 * 3600.0)
    assert "leaked: stored image of nobody: blobs/x, 4096 bytes, 3 hours old" in text
    assert text.endswith("2 differences")
