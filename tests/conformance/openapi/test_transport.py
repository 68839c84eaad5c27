"""The transport that lets the documents judge."""

from pathlib import Path

import httpx
import pytest

from conformance.openapi.judge import Exchange
from conformance.openapi.record import FOLDER_VARIABLE, read_exchanges
from conformance.openapi.transport import JudgedTransport, WrongReply, watching
from conformance.words import WordlessReply


def client(status: int, text: str) -> httpx.AsyncClient:
    headers = {"content-type": "application/json", "openstack-api-version": "placement 1.39"}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=text, headers=headers)

    transport = JudgedTransport(httpx.MockTransport(answer))
    return httpx.AsyncClient(transport=transport, base_url="http://cloud.test")


async def test_a_reply_outside_the_document_fails_the_request() -> None:
    with pytest.raises(WrongReply, match='"traits" is a required property'):
        await client(200, "{}").get("/placement/traits")


async def test_right_replies_faults_and_other_paths_pass() -> None:
    assert (await client(200, '{"traits": []}').get("/placement/traits")).status_code == 200
    told = '{"errors": [{"detail": "cannot find this one trait; look at its name"}]}'
    assert (await client(404, told).get("/placement/traits")).status_code == 404
    assert (await client(200, "{}").get("/metrics")).status_code == 200


async def test_a_refusal_without_words_fails_the_request() -> None:
    with pytest.raises(WordlessReply, match="without a word"):
        await client(404, "{}").get("/placement/traits")


async def test_another_watch_sees_everything_instead() -> None:
    seen: list[Exchange] = []
    with watching(seen.append):
        await client(200, "{}").get("/placement/traits")
    assert [(one.path, one.reply) for one in seen] == [("/placement/traits", b"{}")]


async def test_a_run_may_keep_what_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    await client(200, '{"traits": []}').get("/placement/traits")
    assert [one.status for one in read_exchanges(tmp_path)] == [200]
