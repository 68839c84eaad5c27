"""Fetching from the web, against a server of our own."""

import socket
from typing import Any

import pytest

from pilvi.errors import InvalidRequest, PilviError, Unavailable
from pilvi.image.model.web_source import DownloadRules, parse_source
from pilvi.image.operations.web_client import WebClient
from web_server import WebServer, running_web_server

Rows = list[tuple[Any, Any, int, str, tuple[str, int]]]


def client_for(web: WebServer, *networks: str) -> WebClient:
    """A client that may ask the server's port, on public addresses and these."""
    return WebClient(DownloadRules.of((80, web.port), networks, 60.0))


async def fetch(client: WebClient, url: str) -> bytes:
    """The bytes of an address."""
    async with client.open(parse_source(url, client.rules)) as body:
        return b"".join([piece async for piece in body.pieces])


def name_server(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Answer lookups with these addresses, one list after the other; who was looked up."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> Rows:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(None, None, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


async def test_bytes_and_their_length() -> None:
    async with running_web_server() as web:
        client = client_for(web, "127.0.0.0/8")
        assert await fetch(client, web.serve("/a", b"bytes" * 1000)) == b"bytes" * 1000
        async with client.open(parse_source(web.url("/a"), client.rules)) as body:
            assert body.size_bytes == 5000


async def test_redirects_are_followed_and_counted() -> None:
    async with running_web_server() as web:
        client = client_for(web, "127.0.0.0/8")
        web.serve("/end", b"there")
        web.redirect("/1", "/end", "301 Moved")
        web.redirect("/2", web.url("/1"), "307 Temporary")
        web.redirect("/3", "1x/../2", "308 Permanent")
        assert await fetch(client, web.url("/3")) == b"there"
        web.redirect("/round", "/round")
        with pytest.raises(InvalidRequest, match="more than 3 redirects"):
            await fetch(client, web.url("/round"))


@pytest.mark.parametrize(
    "target",
    [
        *("http://127.0.0.2/", "http://169.254.169.254/", "http://[::1]/", "file:///etc/passwd"),
        *("http://127.0.0.1:22/", "http://2130706433/", "http://user:x@127.0.0.1/"),
    ],
)
async def test_every_hop_is_held_against_the_rules(target: str) -> None:
    async with running_web_server() as web:
        client = client_for(web, "127.0.0.1/32")
        with pytest.raises(InvalidRequest, match="^cannot "):
            await fetch(client, web.redirect("/away", target))
        assert web.asked == ["/away"]


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1", "192.168.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1%lo"], []],
)
async def test_a_name_may_not_stand_for_an_address_of_ones_own(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    async with running_web_server() as web:
        client = client_for(web)
        name_server(monkeypatch, addresses)
        with pytest.raises(InvalidRequest, match="'rebind.example'.* no public address"):
            await fetch(client, web.url("/", "rebind.example"))
        assert web.asked == []


async def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running_web_server() as web:
        client = client_for(web, "127.0.0.1/32")
        web.serve("/a", b"mine")
        asked = name_server(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
        assert await fetch(client, web.url("/a", "rebind.example")) == b"mine"
        assert asked == ["rebind.example"], "a second look could bring another answer"
        with pytest.raises(InvalidRequest, match="no public address"):
            await fetch(client, web.url("/a", "rebind.example"))


async def test_only_the_allowed_addresses_of_a_name_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running_web_server() as web:
        client = client_for(web, "127.0.0.1/32")
        web.serve("/a", b"mine")
        name_server(monkeypatch, ["127.0.0.2", "10.0.0.1", "127.0.0.1"])
        assert await fetch(client, web.url("/a", "two.example")) == b"mine"


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_web_server() as web:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        assert await fetch(client_for(web, "127.0.0.0/8"), web.serve("/a", b"x")) == b"x"


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        ("404 Not Found", {}, InvalidRequest),
        ("401 Unauthorized", {}, InvalidRequest),
        ("206 Partial Content", {}, InvalidRequest),
        ("304 Not Modified", {}, InvalidRequest),
        ("302 Found", {}, InvalidRequest),
        ("200 OK", {"content_encoding": "gzip"}, InvalidRequest),
        ("503 Busy", {}, Unavailable),
        ("429 Slowly", {}, Unavailable),
    ],
)
async def test_what_is_no_answer_with_bytes(
    status: str, headers: dict[str, str], kind: type[PilviError]
) -> None:
    async with running_web_server() as web:
        url = web.serve("/a", b"", status, **headers)
        with pytest.raises(kind, match="^cannot "):
            await fetch(client_for(web, "127.0.0.0/8"), url)


async def test_what_breaks_off_may_be_tried_again() -> None:
    async with running_web_server() as web:
        client = client_for(web, "127.0.0.0/8")
        web.replies["/cut"] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"
        web.replies["/noise"] = b"\0\0\0\0\r\n\r\n"
        for path in ("/cut", "/noise"):
            with pytest.raises(Unavailable, match="connection failed"):
                await fetch(client, web.url(path))
        url = web.url("/")
    with pytest.raises(Unavailable):
        await fetch(client, url)
