"""One request to an ASGI application, without a client: half the price, for tests of thousands."""

from collections.abc import Mapping
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp, Message

HOST = "cloud.test"


async def quick_call(
    app: ASGIApp, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
) -> httpx.Response:
    """The whole reply to a request, whose target (path and query) goes out as it is written."""
    names = {"host": HOST, "content-length": str(len(body)), **headers}
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in names.items()],
        "server": (HOST, None),
        "client": ("127.0.0.1", 123),
    }
    requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    replies: list[Message] = []

    async def receive() -> Message:
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        replies.append(message)

    await app(scope, receive, send)
    start, *rest = replies
    text = b"" if method == "HEAD" else b"".join(piece.get("body", b"") for piece in rest)
    return httpx.Response(start["status"], headers=start["headers"], content=text)
