"""Requests over kept connections, and what becomes of those that break."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from pilvi.client.transport import Answer, Transport, refusal
from pilvi.core.tls import ensure_certificates
from pilvi.errors import Conflict, Internal, NotFound, Unavailable

REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Server:
    """Answers so many requests on each connection and then ends it without a word."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.tls = tls
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.socket.getsockname()[1]}"
        self.answers = [1]
        """How many requests each next connection answers; the last counts for all after it."""
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            if self.tls:
                try:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                except OSError:
                    # The client does not like the certificate.
                    continue
            count = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.connections += 1
            for _ in range(count):
                if not self._answer(connection):
                    break
            connection.close()

    def _answer(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        if b"chunked" in head.lower():
            while not body.endswith(b"0\r\n\r\n"):
                if not (piece := connection.recv(65536)):
                    return False
                body += piece
        elif b"content-length" in head.lower():
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            while len(body) < length:
                body += connection.recv(65536)
        self.heads.append(head)
        self.bodies.append(body)
        connection.sendall(REPLY)
        return True


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.socket.close()


def test_a_connection_is_used_again(server: Server) -> None:
    server.answers = [9]
    transport = Transport()
    for _ in range(3):
        assert transport.request("GET", server.url, {}).json() == {}
    assert (len(server.heads), server.connections) == (3, 1)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_that_was_ended_meanwhile_is_made_anew(server: Server, method: str) -> None:
    transport = Transport()
    for _ in range(3):
        assert transport.request(method, server.url, {}, b"x").status == 200
        # What the server ended is seen here before the next request is sent.
        while not transport_dropped(transport):
            pass
    assert (len(server.heads), server.connections) == (3, 3)


def transport_dropped(transport: Transport) -> bool:
    [connection] = transport._open.values()
    from pilvi.client.transport import _was_dropped

    return _was_dropped(connection)


def test_what_has_an_effect_is_not_sent_twice(server: Server) -> None:
    server.answers = [0]
    with pytest.raises(Unavailable, match="cannot reach"):
        Transport().request("POST", server.url, {}, b"x")
    assert server.connections == 1


def test_bytes_of_unknown_length_are_sent_in_pieces(server: Server) -> None:
    Transport().request("PUT", server.url, {}, iter([b"abc", b"de"]))
    assert b"chunked" in server.heads[0].lower()
    assert server.bodies[0] == b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    server.answers = [1]
    Transport().request("PUT", server.url, {"content-length": "5"}, iter([b"abc", b"de"]))
    assert server.bodies[1] == b"abcde"


def test_what_was_interrupted_does_not_stand_in_the_way_of_the_next(server: Server) -> None:
    def interrupted() -> Iterator[bytes]:
        yield b"abc"
        raise KeyboardInterrupt

    server.answers = [9]
    transport = Transport()
    assert transport.request("GET", server.url, {}).status == 200
    with pytest.raises(KeyboardInterrupt):
        transport.request("PUT", server.url, {}, interrupted())
    assert transport.request("DELETE", server.url, {}).status == 200


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(Unavailable, match="http or https"):
        Transport().request("GET", "ftp://x/", {})


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (404, b'{"itemNotFound": {"code": 404, "message": "no such"}}', NotFound, "no such"),
        (409, b'{"NeutronError": {"type": "T", "message": "in use"}}', Conflict, "in use"),
        (409, b'{"errors": [{"status": 409, "detail": "taken"}]}', Conflict, "taken"),
        (500, b"<html>oops</html>", Internal, "oops"),
        (500, b"", Internal, "cannot GET /x"),
        (500, b"[]", Internal, "[]"),
    ],
)
def test_a_refusal_has_the_clouds_own_words(
    status: int, body: bytes, kind: type[Exception], words: str
) -> None:
    error = refusal("GET", "/x", Answer(status, {"x-openstack-request-id": "req-7"}, body))
    assert type(error) is kind
    assert words in error.message and "req-7" in error.message


def test_what_is_no_json_is_no_cloud() -> None:
    with pytest.raises(Unavailable, match="is this a cloud"):
        Answer(200, {}, b"<html>").json()


def test_a_certificate_that_nobody_vouches_for_names_the_option(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    certificate, key = ensure_certificates(tmp_path / "tls", authority, "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    made = Server(context)
    with made.socket:
        with pytest.raises(Unavailable, match="give --os-cacert FILE"):
            Transport().request("GET", made.url, {})
        assert Transport(str(authority)).request("GET", made.url, {}).status == 200


def test_a_port_on_which_nobody_listens_asks_whether_the_cloud_is_up() -> None:
    with pytest.raises(Unavailable, match="is the cloud up"):
        Transport().request("GET", "http://127.0.0.1:9", {})
