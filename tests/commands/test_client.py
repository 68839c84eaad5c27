"""The words in which a refusal reaches whoever typed a command."""

from pathlib import Path

import httpx
import pytest

from pilvi.commands.client import CloudClient
from pilvi.commands.clouds import ensure_clouds_file
from pilvi.errors import Internal, NotFound
from pilvi.settings import Settings


@pytest.mark.parametrize(
    "body",
    [
        {"itemNotFound": {"message": "cannot find it", "code": 404}},
        {"NeutronError": {"type": "X", "message": "cannot find it", "detail": ""}},
        {"message": "cannot find it", "code": "404 Not Found", "title": "Not Found"},
    ],
)
def test_the_clouds_own_words_stand_alone(tmp_path: Path, body: object) -> None:
    with pytest.raises(NotFound) as refused:
        answered(Settings(state_dir=str(tmp_path)), httpx.Response(404, json=body))
    assert refused.value.message == "cannot find it"


@pytest.mark.parametrize("text", ["<html>", "[]", "{}"])
def test_without_a_message_the_request_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(Internal) as refused:
        answered(Settings(state_dir=str(tmp_path)), httpx.Response(502, text=text))
    assert refused.value.message == f"cannot GET /compute/v2.1/servers: 502: {text}"


def answered(settings: Settings, reply: httpx.Response) -> object:
    """What a client makes of a reply."""
    ensure_clouds_file(settings)
    client = CloudClient(settings)
    way = httpx.MockTransport(lambda request: reply)
    client.http = httpx.Client(base_url=settings.base_url, transport=way)
    return client.call("GET", "compute", "/servers")
