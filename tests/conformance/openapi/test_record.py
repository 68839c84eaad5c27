"""Exchanges kept in files."""

from pathlib import Path

from conformance.openapi.judge import Exchange
from conformance.openapi.record import Recorder, read_exchanges, shape


def exchange(reply: bytes, path: str = "/compute/v2.1/servers") -> Exchange:
    return Exchange("GET", path, 200, reply, version="compute 2.1")


def test_one_of_each_shape_is_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for reply in (b'{"servers": []}', b'{"servers": [{"id": 1}]}', b'{"servers": [{"id": 2}]}'):
        recorder.keep(exchange(reply))
    recorder.keep(exchange(b"", "/compute/v2.1/flavors"))
    kept = list(read_exchanges(tmp_path))
    assert [one.reply for one in kept] == [b'{"servers": []}', b'{"servers": [{"id": 1}]}', b""]
    assert kept[0] == exchange(b'{"servers": []}')


def test_a_shape_has_names_and_types() -> None:
    assert shape({"b": [1, 2], "a": None}) == shape({"a": None, "b": [3]})
    assert shape({"a": 1}) != shape({"a": "1"})
    assert shape({"a": 1}) != shape({"b": 1})
