"""Exchanges kept in files, one of each shape, so that a later look can judge them all again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from conformance.openapi.judge import Exchange, judge_of, service_of

FOLDER_VARIABLE = "PILVI_EXCHANGES"
"""Environment variable that names the folder where a test run keeps its exchanges."""


class Recorder:
    """Writes exchanges to a file of this process; what looks like a known one is left out."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / f"exchanges.{os.getpid()}.jsonl").open("ab", buffering=0)
        self._seen: set[Any] = set()

    def keep(self, exchange: Exchange) -> None:
        """Write an exchange of a new shape."""
        body = msgspec.json.decode(exchange.reply) if exchange.reply else None
        service = service_of(exchange.path)
        found = None if service is None else judge_of(service).find(exchange)
        name = exchange.path if found is None else found.name
        key = (service, name, exchange.status, exchange.version, exchange.request[:30], shape(body))
        if key not in self._seen:
            self._seen.add(key)
            self._file.write(msgspec.json.encode(exchange) + b"\n")


def shape(value: Any) -> Any:
    """What a schema sees of a value, nearly: names and types, not contents. Pure."""
    if isinstance(value, dict):
        return tuple((name, shape(below)) for name, below in sorted(value.items()))
    if isinstance(value, list):
        return frozenset(shape(below) for below in value)
    return type(value).__name__


def read_exchanges(folder: Path) -> Iterator[Exchange]:
    """Every exchange that a run kept in a folder."""
    for path in sorted(folder.glob("exchanges.*.jsonl")):
        for line in path.read_bytes().splitlines():
            yield msgspec.json.decode(line, type=Exchange)
