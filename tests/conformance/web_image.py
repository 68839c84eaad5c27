"""A web server on this machine from which tempest has the cloud import an image."""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CLUSTER = 1 << 16


def make_image() -> bytes:
    """An empty disk of 1 MiB as qcow2 (docs/interop/qcow2.txt)."""
    head = struct.pack(
        ">4sIQIIQIIQQIIQ",
        *(b"QFI\xfb", 3, 0, 0, 16, 1 << 20, 0, 1, 3 * _CLUSTER, _CLUSTER, 1, 0, 0),
    )
    head += struct.pack(">QQQII", 0, 0, 0, 4, 104)
    return head.ljust(4 * _CLUSTER, b"\0")


class _Handler(BaseHTTPRequestHandler):
    image = make_image()

    def do_GET(self) -> None:  # noqa: N802  # the name that the server calls
        """Answer every path with the image."""
        self.send_response(200)
        self.send_header("content-length", str(len(self.image)))
        self.end_headers()
        self.wfile.write(self.image)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving_image() -> Iterator[int]:
    """Serve on the loopback address meanwhile; the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def import_settings(port: int) -> dict[str, str]:
    """The settings with which a cloud imports from that server."""
    return {
        "image_download_networks": "127.0.0.1/32",
        "image_download_ports": f"80,443,{port}",
    }


def import_conf(port: int) -> str:
    """What tempest has to know of the server."""
    url = f"http://127.0.0.1:{port}/disk.qcow2"
    return f"[image]\nhttp_image = {url}\nhttp_qcow2_image = {url}\n"
