"""What a client reads out of the APIs' answers."""

import httpx
import pytest

from pilvi.dashboard.client import Refused, at, message_of, read_reply


@pytest.mark.parametrize(
    "body",
    [
        b'{"badRequest": {"code": 400, "message": "cannot x"}}',
        b'{"NeutronError": {"type": "T", "message": "cannot x", "detail": ""}}',
        b'{"error": {"code": 401, "message": "cannot x", "title": "Unauthorized"}}',
        b'{"message": "cannot x", "code": "404 Not Found", "title": "Not Found"}',
        b'{"errors": [{"status": 404, "detail": "cannot x"}]}',
        b"<html><body>cannot x</body></html>",
    ],
)
def test_every_services_fault_has_a_sentence(body: bytes) -> None:
    assert message_of(body) == "cannot x"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null"])
def test_a_fault_without_words_says_so(body: bytes) -> None:
    assert message_of(body) == "cannot do this: the API did not say why"


def test_a_refusal_has_status_and_request() -> None:
    reply = httpx.Response(
        409, json={"conflict": {"message": "cannot"}}, headers={"x-openstack-request-id": "req-1"}
    )
    with pytest.raises(Refused) as caught:
        read_reply(reply)
    assert (caught.value.status, caught.value.request_id) == (409, "req-1")
    assert read_reply(httpx.Response(204)) is None


@pytest.mark.parametrize("word", [".", "..", ""])
def test_no_word_leads_out_of_its_path(word: str) -> None:
    with pytest.raises(Refused):
        at("/volume/v3/volumes", word)


def test_words_are_quoted() -> None:
    assert at("/a", "b/../c?d") == "/a/b%2F..%2Fc%3Fd"
