"""Files of pages, served from memory: libraries of others and our own scripts and styles.

They are read when the application is built, which is before the process gives up the right to read
where the package is installed. A folder with a version in its name is kept by browsers for good.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
# What is below a folder with a version in its name never changes.
_KEPT = "public, max-age=31536000, immutable"
_CHECKED = "no-cache"


@dataclass(frozen=True)
class _File:
    """One file."""

    content: bytes
    media_type: str
    cache: str

    @cached_property
    def packed(self) -> bytes:
        """Its bytes as most browsers ask for them."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def tag(self) -> str:
        """What a browser names the content by when it asks whether that changed."""
        return f'W/"{hashlib.sha256(self.content).hexdigest()[:20]}"'


@cache
def _read_files(folder: Path) -> dict[str, _File]:
    """A folder's files, once in a process: what is installed does not change while it runs."""
    return {
        str(path.relative_to(folder)): _File(
            path.read_bytes(),
            _TYPES[path.suffix],
            _KEPT if path.parent != folder else _CHECKED,
        )
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES
    }


class WebFiles:
    """The files of one folder, by their path in it, and texts beside them, by their name."""

    def __init__(self, folder: Path, texts: Mapping[str, str] | None = None) -> None:
        made = {
            name: _File(text.encode(), _TYPES[Path(name).suffix], _CHECKED)
            for name, text in (texts or {}).items()
        }
        self._files = made | _read_files(folder)

    def read(self, name: str) -> str:
        """The text of a page of ours."""
        return self._files[name].content.decode()

    async def serve(self, request: Request) -> Response:
        """One file; nothing but what was read at the start is ever found."""
        file = self._files.get(request.path_params["path"])
        if file is None or file.media_type.startswith("text/html"):
            return Response(status_code=404)
        headers = {
            "cache-control": file.cache,
            "etag": file.tag,
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin",
        }
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(file.content, 200, headers, file.media_type)
        headers["content-encoding"] = "gzip"
        return Response(file.packed, 200, headers, file.media_type)
