"""Files from the web: with redirects, and going on after a connection broke, also the next day.

What has come is kept as NAME.part, with NAME.part.json saying of what it is the beginning: it is
continued only when the server says (by an entity tag or a date) that it still has the same file.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx

from pilvi.errors import Conflict, InvalidRequest, Unavailable

Shown = Callable[[Iterator[bytes], str, int | None, int], Iterator[bytes]]
"""Of pieces, a label, the size of all and how much is there: the pieces, shown while they pass."""
T = TypeVar("T")
# Seconds for a connection and without a byte. Lower: slow mirrors fail; higher: a dead one is
# noticed late.
CONNECT_S = 15.0
SILENCE_S = 60.0
# Tries without a new byte before it is given up, and the pause before another. Lower: a short
# break ends the download; higher: a dead network is told later.
TRIES = 5
PAUSE_S = 1.0
# Largest checksum file. Lower: long lists are refused; higher: more memory.
TEXT_BYTES_MAX = 4 << 20


class Web:
    """Downloads of one command."""

    def __init__(self, *, pause_s: float = PAUSE_S) -> None:
        timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
        # What is compressed on the way could not be continued in the middle.
        headers = {"user-agent": "pilvi", "accept-encoding": "identity"}
        self._http = httpx.Client(timeout=timeout, follow_redirects=True, headers=headers)
        self._pause_s = pause_s

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def read_text(self, address: str) -> str:
        """A small file. Raises `Unavailable`; `InvalidRequest` when others could have changed it.

        Over https every redirect has to stay so: a checksum that came in clear proves nothing.
        """
        with self._http.stream("GET", address) as reply:
            _check(reply, address)
            if address.startswith("https:") and reply.url.scheme != "https":
                raise InvalidRequest(
                    f"cannot trust {address}: it leads to {reply.url}, where anyone on the way "
                    "could change it"
                )
            pieces, size = [], 0
            for piece in reply.iter_bytes():
                size += len(piece)
                if size > TEXT_BYTES_MAX:
                    raise InvalidRequest(f"cannot read {address}: it is no checksum file")
                pieces.append(piece)
        return b"".join(pieces).decode(errors="replace")

    def fetch(self, address: str, target: Path, shown: Shown) -> None:
        """Bring a file to `target`, going on where an earlier try broke off.

        Raises `Unavailable`; what has come stays for the next try. Raises `Conflict` while another
        process brings the same one.
        """
        part = target.with_name(target.name + ".part")
        with part.open("ab") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict(
                    f"cannot get {address}: another command is getting it to {part}; wait for that"
                ) from error
            try:
                self._fetch(address, part, shown)
            except BaseException:
                if not _size(part):
                    part.unlink(missing_ok=True)
                raise
            part.replace(target)
        _note(part).unlink(missing_ok=True)

    def _fetch(self, address: str, part: Path, shown: Shown) -> None:
        tries = 0
        while True:
            before = _size(part)
            try:
                self._go_on(address, part, shown)
            except httpx.TooManyRedirects as error:
                raise Unavailable(f"cannot get {address}: it leads on and on") from error
            except httpx.UnsupportedProtocol as error:
                raise _not_of_the_web(address) from error
            except (httpx.TransportError, _Incomplete) as error:
                if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and not before:
                    raise _unreachable(address, error) from error
                tries = 0 if _size(part) > before else tries + 1
                if tries >= TRIES:
                    raise Unavailable(
                        f"cannot get all of {address}: the connection breaks ({error}); "
                        f"{_size(part) >> 20} MiB are kept: run the same command to go on"
                    ) from error
                time.sleep(self._pause_s)
            else:
                return

    def _go_on(self, address: str, part: Path, shown: Shown) -> None:
        """One connection's worth. Raises `_Incomplete` when it ends early."""
        start, mark = _size(part), _read_mark(part, address)
        if not mark:
            start = 0
        headers = {"range": f"bytes={start}-", "if-range": mark} if start else {}
        with self._http.stream("GET", address, headers=headers) as reply:
            if reply.status_code == 416:
                # More is here than there: begin anew.
                os.truncate(part, 0)
                raise _Incomplete("the file there became shorter")
            _check(reply, address)
            if reply.status_code != 206 or _first_byte(reply) != start:
                start = 0
            length = reply.headers.get("content-length", "")
            size = start + int(length) if length.isdigit() else None
            _write_mark(part, address, reply)
            pieces = shown(reply.iter_raw(), "download", size, start)
            with part.open("r+b" if start else "wb") as file:
                file.seek(start)
                file.truncate()
                for piece in pieces:
                    file.write(piece)
        if size is not None and _size(part) < size:
            raise _Incomplete(f"{_size(part)} of {size} bytes came")


class _Incomplete(Exception):
    """A body ended before its announced end."""


def reaching(address: str, act: Callable[[], T]) -> T:
    """What `act` gives; where the network is not there, an error that says what else to do."""
    try:
        return act()
    except httpx.UnsupportedProtocol as error:
        raise _not_of_the_web(address) from error
    except httpx.RequestError as error:
        raise _unreachable(address, error) from error


def _not_of_the_web(address: str) -> InvalidRequest:
    return InvalidRequest(
        f"cannot get {address}: it is, or leads to, no http:// or https:// address; a file of this "
        "machine is named by its path alone"
    )


def _unreachable(address: str, error: Exception) -> Unavailable:
    host = httpx.URL(address).host
    file = address.rpartition("/")[2]
    return Unavailable(
        f"cannot reach {host} ({error}). Without the internet: get {address} on a machine that "
        f"has it, bring it here and run 'pilvi image pull ./{file} --name NAME'; behind a proxy "
        "set HTTPS_PROXY; with a mirror of your own name it in a list and set "
        "PILVI_IMAGE_CATALOGUE"
    )


def _check(reply: httpx.Response, address: str) -> None:
    if reply.status_code not in (200, 206):
        words = f"{reply.status_code} {reply.reason_phrase}"
        raise Unavailable(f"cannot get {address}: the server answers {words}")


def _first_byte(reply: httpx.Response) -> int:
    """Where a part begins, from `bytes 5-9/10`; -1 is not said."""
    first = reply.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else -1


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _write_mark(part: Path, address: str, reply: httpx.Response) -> None:
    """Keep by what the server will know the file again; a weak tag is no such thing."""
    tag = reply.headers.get("etag", "")
    mark = reply.headers.get("last-modified", "") if not tag or tag.startswith("W/") else tag
    _note(part).write_text(json.dumps({"address": address, "mark": mark}))


def _read_mark(part: Path, address: str) -> str:
    with suppress(OSError, ValueError, TypeError, KeyError):
        known: dict[str, Any] = json.loads(_note(part).read_text())
        if known["address"] == address:
            return str(known["mark"])
    return ""
