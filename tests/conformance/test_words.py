"""The rule for words of refusals fails where they lack something."""

import httpx
import pytest

from conformance.words import WordlessReply, demand_words, find_lack


@pytest.mark.parametrize(
    ("message", "lack"),
    [
        ("cannot find the server 'x'; look at its id", ""),
        ("cannot create the port: the network is full; choose another", ""),
        ("no such server; look at its id", "and does not begin with 'cannot'"),
        ("cannot do this; go away now", "without a cause"),
        ("cannot find the server 'x; y z'", "without a next step after a semicolon"),
        ("cannot find the server 'x'", "without a next step after a semicolon"),
        ("cannot find the server 'x'; no", "without a next step after a semicolon"),
    ],
)
def test_what_a_message_lacks(message: str, lack: str) -> None:
    assert find_lack(message) == lack


def reply(body: object) -> httpx.Response:
    return httpx.Response(404, json=body)


def test_every_text_of_a_fault_is_held() -> None:
    good = "cannot find the server 'x'; look at its id"
    demand_words("GET", "/x", reply({"itemNotFound": {"code": 404, "message": good}}))
    demand_words("HEAD", "/x", httpx.Response(404))
    with pytest.raises(WordlessReply, match="without a word"):
        demand_words("GET", "/x", reply({"itemNotFound": {"code": 404}}))
    with pytest.raises(WordlessReply, match="without a next step"):
        demand_words("GET", "/x", reply({"errors": [{"detail": "cannot find the thing 'x'"}]}))
