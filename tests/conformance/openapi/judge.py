"""Whether a reply is what the official documents say: its status and its body."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator

from conformance.openapi.corrections import Correction, correct
from conformance.openapi.documents import (
    SERVICES,
    Document,
    Number,
    Operation,
    is_in_span,
    parse_number,
    read_document,
)
from conformance.openapi.known_errors import CORRECTIONS
from conformance.openapi.schemas import Narrowing

PROBLEMS_MAX = 5
_BY_PREFIX = {prefix: name for name, (_, prefix) in SERVICES.items()}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply, as much of them as the judge looks at."""

    method: str
    path: str
    """Without the query."""
    status: int
    reply: bytes
    request: bytes = b""
    version: str = ""
    """Value of the reply's OpenStack-API-Version header."""
    is_json: bool = True

    @property
    def number(self) -> Number | None:
        """The microversion of the reply; None where its service has none."""
        text = self.version.rpartition(" ")[2]
        return parse_number(text) if text else None


@dataclass
class Judge:
    """One service's document with the validators that it has needed so far."""

    document: Document
    _validators: dict[Any, list[Draft202012Validator]] = field(default_factory=dict)

    def find(self, exchange: Exchange) -> Operation | None:
        """The document's operation that a request reached."""
        path = exchange.path.removeprefix(self.document.prefix)
        return self.document.find(exchange.method, path)

    def weigh(self, exchange: Exchange) -> list[str]:
        """What is wrong with a reply of success; nothing for a fault or an unknown operation."""
        if exchange.status >= 400:
            return []
        operation = self.find(exchange)
        if operation is None:
            return []
        if not is_in_span(operation.value, exchange.number):
            span = operation.value["x-openstack"]
            return [f"answered at {exchange.number}, but the document has it for {span}"]
        if operation.statuses and exchange.status not in operation.statuses:
            return [f"status {exchange.status}; the document has {sorted(operation.statuses)}"]
        if exchange.method == "HEAD" or exchange.status in (204, 304):
            return ["a body with status 204"] if exchange.reply else []
        return self._weigh_body(operation, exchange)

    def _weigh_body(self, operation: Operation, exchange: Exchange) -> list[str]:
        schemas = operation.reply_schemas(exchange.status)
        if not schemas or not exchange.is_json:
            return []
        action = _action(exchange)
        if not exchange.reply:
            has_own = operation.lists_body(exchange.status) and not action
            return ["no body; the document has one"] if has_own else []
        value = msgspec.json.decode(exchange.reply)
        validators = self._find_validators(operation, exchange, action, schemas)
        if any(validator.is_valid(value) for validator in validators):
            return []
        return [
            f"{error.instance_path and '.'.join(map(str, error.instance_path)) or 'body'}: "
            f"{error.message[:300]}"
            for validator in validators[:1]
            for error in _leaves(validator, value)
        ][:PROBLEMS_MAX]

    def _find_validators(
        self, operation: Operation, exchange: Exchange, action: str | None, schemas: list[Any]
    ) -> list[Draft202012Validator]:
        key = (operation.name, exchange.status, exchange.number, action)
        if key not in self._validators:
            narrowing = Narrowing(self.document, exchange.number, action)
            self._validators[key] = [
                _compile(msgspec.json.encode(narrowing.narrow(schema))) for schema in schemas
            ]
        return self._validators[key]


@cache
def _compile(schema: bytes) -> Draft202012Validator:
    """A validator; versions that say the same share one."""
    return Draft202012Validator(msgspec.json.decode(schema))


def _leaves(validator: Draft202012Validator, value: Any) -> list[Any]:
    return list(validator.iter_errors(value))


def _action(exchange: Exchange) -> str | None:
    """The action that a request names, on a path of actions."""
    if not exchange.path.endswith("/action") or not exchange.request:
        return None
    body = msgspec.json.decode(exchange.request)
    return next(iter(body), None) if isinstance(body, dict) else None


@cache
def judge_of(service: str) -> Judge:
    """The judge of a service, with every correction of its document."""
    return make_judge(service, CORRECTIONS)


def make_judge(service: str, corrections: Sequence[Correction]) -> Judge:
    """A judge whose document has these corrections."""
    value = read_document(service)
    for correction in corrections:
        if correction.service == service:
            correct(value, correction)
    return Judge(Document(service, value))


def service_of(path: str) -> str | None:
    """The service whose document has a path, or None."""
    first = "/" + path.split("/", 2)[1] if path.startswith("/") else ""
    return _BY_PREFIX.get(first)


def weigh(exchange: Exchange) -> list[str]:
    """What the official documents find wrong with a reply."""
    service = service_of(exchange.path)
    return [] if service is None else judge_of(service).weigh(exchange)
