"""The official OpenAPI documents as values: operations by method and path, and their schemas."""

import lzma
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parent / "documents"
METHODS = ("get", "head", "post", "put", "patch", "delete")
Number = tuple[int, int]

# Of each document: our name of the service and what Pilvi puts before the document's paths.
SERVICES = {
    "identity": ("identity_v3.14", "/identity"),
    "image": ("image_v2.16", "/image"),
    "compute": ("compute_v2.104", "/compute"),
    "block_storage": ("block-storage_v3.71", "/volume"),
    "network": ("network_v2.29", "/network"),
    "placement": ("placement_v1.39", "/placement"),
}
_STATUSES = re.compile(r"(?i)(?:normal|success)\s+response\s+codes?:(.*?)(?:\n\s*\n|$)", re.S)


def parse_number(text: Any) -> Number:
    """`2.79` (text or a number of YAML's) as (2, 79)."""
    major, _, minor = str(text).partition(".")
    return int(major), int(minor or 0)


def is_in_span(thing: Mapping[str, Any], version: Number | None) -> bool:
    """Whether what bears an `x-openstack` mark exists at a version; None: at the newest."""
    mark = thing.get("x-openstack") or {}
    if version is None:
        return "max-ver" not in mark
    if "min-ver" in mark and version < parse_number(mark["min-ver"]):
        return False
    return "max-ver" not in mark or version <= parse_number(mark["max-ver"])


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path of a document."""

    service: str
    method: str
    """In upper case."""
    path: str
    """As the document writes it, with {parameters}."""
    value: Mapping[str, Any]
    parameters: tuple[Any, ...] = ()
    """What the path's parameters are said to be, for all its methods."""

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"{self.method} {self.path}"

    @property
    def statuses(self) -> frozenset[int]:
        """The statuses of success: the ones that are listed and the ones that the text names.

        The list is made by a machine that knows no 202; the text comes from the API reference.
        """
        listed = {int(code) for code in self.value.get("responses", {}) if code < "400"}
        told = _STATUSES.search(self.value.get("description", ""))
        named = {int(code) for code in re.findall(r"\b[23]\d\d\b", told[1])} if told else set()
        return frozenset(listed | named)

    def reply_schemas(self, status: int) -> list[Any]:
        """Schemas of the body of a reply; none where the document does not know it.

        A status that the document lists without a body, or does not list, gets the schemas of
        the others: the machine that lists statuses often takes the wrong one.
        """
        found = self._schemas()
        return [found[status]] if status in found else list(found.values())

    def lists_body(self, status: int) -> bool:
        """Whether the document has a body for this very status."""
        return status in self._schemas()

    def _schemas(self) -> dict[int, Any]:
        return {
            int(code): reply["content"]["application/json"]["schema"]
            for code, reply in self.value.get("responses", {}).items()
            if code < "400" and "schema" in reply.get("content", {}).get("application/json", {})
        }

    @property
    def request_schema(self) -> Any:
        """Schema of the request's body, or None."""
        content = self.value.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")


Node = dict[str, Any]


class Document:
    """One service's document."""

    def __init__(self, service: str, value: Mapping[str, Any]) -> None:
        self.service = service
        self.value = value
        self.prefix = SERVICES[service][1]
        self.operations: list[Operation] = []
        self._tree: Node = {}
        for path, item in value["paths"].items():
            for method in METHODS:
                if method in item:
                    self._add(path, method.upper(), item[method], item.get("parameters", []))

    def _add(self, path: str, method: str, value: Any, parameters: list[Any]) -> None:
        operation = Operation(self.service, method, path, value, tuple(parameters))
        self.operations.append(operation)
        node = self._tree
        for word in path.rstrip("/").split("/")[1:]:
            node = node.setdefault("{}" if word.startswith("{") else word, {})
        node.setdefault("/", {})[method] = operation

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a request's path (without our prefix) reaches; literals first."""
        found = self._find(self._tree, path.rstrip("/").split("/")[1:])
        return None if found is None else found.get(method)

    def _find(self, node: Node, words: list[str]) -> Any:
        if not words:
            return node.get("/")
        for word in (words[0], "{}"):
            if word in node:
                found = self._find(node[word], words[1:])
                if found is not None:
                    return found
        return None

    def resolve(self, reference: str) -> Any:
        """What a `$ref` leads to."""
        value: Any = self.value
        for word in reference.removeprefix("#/").split("/"):
            value = value[word.replace("~1", "/").replace("~0", "~")]
        return value


def read_document(service: str) -> Any:
    """A document's value as it was published."""
    path = FOLDER / f"{SERVICES[service][0]}.json.xz"
    return msgspec.json.decode(lzma.decompress(path.read_bytes()))


def list_edges(value: Any) -> Iterator[Number]:
    """Every version at which something within a value begins or after which it ends."""
    if isinstance(value, dict):
        mark = value.get("x-openstack") or {}
        if "min-ver" in mark:
            yield parse_number(mark["min-ver"])
        if "max-ver" in mark:
            yield parse_number(mark["max-ver"])
        for below in value.values():
            yield from list_edges(below)
    elif isinstance(value, list):
        for below in value:
            yield from list_edges(below)


@cache
def published(service: str) -> Document:
    """A service's document as it was published."""
    return Document(service, read_document(service))


def keep_document(source: Path) -> Path:
    """Keep a document that was published as YAML. Returns the file written."""
    import yaml

    text = msgspec.json.encode(yaml.load(source.read_text(), Loader=yaml.CSafeLoader))
    target = FOLDER / f"{source.stem}.json.xz"
    target.write_bytes(lzma.compress(text, preset=9))
    return target
