"""Certificates that a client can verify."""

import socket
import ssl
import threading
from pathlib import Path

from pilvi.core.tls import ensure_certificates


def test_a_client_with_the_ca_verifies_the_server(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    certificate, key = ensure_certificates(tmp_path / "tls", ca, "127.0.0.1")
    again = ensure_certificates(tmp_path / "tls", ca, "127.0.0.1")
    assert again == (certificate, key)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    left, right = socket.socketpair()

    def serve() -> None:
        with server.wrap_socket(left, server_side=True) as secured:
            secured.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=str(ca))
    with client.wrap_socket(right, server_hostname="127.0.0.1") as secured:
        assert secured.recv(5) == b"hello"
    thread.join()
    assert key.stat().st_mode & 0o077 == 0


def test_another_address_gets_another_certificate_from_the_same_authority(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    certificate, _ = ensure_certificates(tmp_path / "tls", ca, "127.0.0.1")
    first, authority = certificate.read_bytes(), ca.read_bytes()
    ensure_certificates(tmp_path / "tls", ca, "cloud.example")
    assert certificate.read_bytes() != first
    assert ca.read_bytes() == authority
