"""Which operations of a document Pilvi has a row for."""

import re
from collections.abc import Iterator, Sequence

from conformance.openapi.documents import Document, Operation, published
from pilvi.core.http import Route, Service

Words = tuple[str, ...]


def list_routed(service: Service) -> dict[str, bool]:
    """Each operation that has rows, by its name, and whether that is certain.

    A row with a parameter where the document has a word (`/{collection}/{id}/tags`) may serve
    the operation or know nothing of that word: only its answer tells.
    """
    document = published(service.name)
    rows = [(_words(path), route) for path, route in _rows(service)]
    found: dict[str, bool] = {}
    for operation in document.operations:
        wanted = _words(document.prefix + operation.path)
        here = [
            words
            for words, route in rows
            if _serves(route, operation) and len(words) == len(wanted) and _covers(words, wanted)
        ]
        if here:
            found[operation.name] = wanted in here
    return found


def list_actions(document: Document, operation: Operation) -> list[str]:
    """Names of the actions that the document has for a path of actions."""
    schema = operation.request_schema or {}
    names = []
    for choice in schema.get("oneOf", []):
        mark = _find_mark(document, choice)
        if "action-name" in mark:
            names.append(mark["action-name"])
    return sorted(set(names))


def _find_mark(document: Document, schema: dict[str, str]) -> dict[str, str]:
    found = document.resolve(schema["$ref"]) if "$ref" in schema else schema
    mark: dict[str, str] = found.get("x-openstack") or {}
    return mark


def _rows(service: Service) -> Iterator[tuple[str, Route]]:
    for route in service.discovery:
        yield service.discovery_root + route.path, route
    roots: Sequence[str] = [service.root]
    if service.accepts_project_in_path:
        roots = [service.root, service.root + "/{project_id}"]
    for root in roots:
        for route in service.routes:
            yield root + route.path, route


def _serves(route: Route, operation: Operation) -> bool:
    # A row for GET answers HEAD too.
    return operation.method in (route.method, "HEAD" if route.method == "GET" else "")


def _words(path: str) -> Words:
    plain = re.sub(r"\{[^}]*\}", "{}", path)
    return tuple(plain.rstrip("/").split("/"))


def _covers(row: Words, wanted: Words) -> bool:
    return all(mine in (theirs, "{}") for mine, theirs in zip(row, wanted, strict=True))
