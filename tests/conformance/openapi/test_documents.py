"""The documents as values."""

from pathlib import Path

import pytest
import yaml

from conformance.openapi import documents
from conformance.openapi.documents import is_in_span, keep_document, list_edges, parse_number


def test_numbers() -> None:
    assert parse_number("2.79") == (2, 79)
    assert parse_number(3.2) == (3, 2)


@pytest.mark.parametrize(
    ("mark", "inside", "outside"),
    [
        ({}, [(2, 1), None], []),
        ({"min-ver": "2.9"}, [(2, 9), (2, 10), None], [(2, 8)]),
        ({"max-ver": "2.9"}, [(2, 9), (2, 1)], [(2, 10), None]),
    ],
)
def test_spans(mark: dict[str, str], inside: list[object], outside: list[object]) -> None:
    thing = {"x-openstack": mark}
    assert all(is_in_span(thing, version) for version in inside)  # type: ignore[arg-type]
    assert not any(is_in_span(thing, version) for version in outside)  # type: ignore[arg-type]


def test_edges_are_found_at_any_depth() -> None:
    value = {"a": [{"x-openstack": {"min-ver": "2.3", "max-ver": "2.5"}}]}
    assert list(list_edges(value)) == [(2, 3), (2, 5)]


def test_a_newer_document_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"openapi": "3.1.0", "paths": {"/v2/x": {"get": {"responses": {}}}}}
    source = tmp_path / "image_v2.16.yaml"
    source.write_text(yaml.safe_dump(value))
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    assert keep_document(source).name == "image_v2.16.json.xz"
    assert documents.read_document("image") == value
