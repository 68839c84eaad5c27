"""A schema of a document as one version knows it, complete in itself."""

from typing import Any

from conformance.openapi.documents import Document, Number, is_in_span

# Below these keys are schemas by name, not keywords.
_NAMED = ("properties", "patternProperties", "$defs")
# Words for people and generators; they say nothing about a value.
_SILENT = ("description", "example", "examples", "x-openstack", "discriminator", "title")


class Narrowing:
    """One walk through a schema: references put in place, other versions' parts left out.

    A reference to what is being walked through already becomes "anything": no document has one
    that matters.
    """

    def __init__(self, document: Document, version: Number | None, action: str | None) -> None:
        self._document = document
        self._version = version
        self._action = action
        self._open: list[str] = []

    def narrow(self, schema: Any) -> Any:
        """The schema at this version. Pure."""
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return self._follow(schema["$ref"])
        result: dict[str, Any] = {}
        for key, value in schema.items():
            if key in _SILENT:
                continue
            if key in _NAMED:
                result[key] = self._narrow_named(value)
            elif key in ("oneOf", "anyOf", "allOf"):
                result |= self._narrow_choice(key, value)
            elif key == "required" and isinstance(value, list):
                gone = self._gone(schema.get("properties", {}))
                result[key] = [name for name in value if name not in gone]
            elif isinstance(value, dict) and key not in ("const", "default"):
                result[key] = self.narrow(value)
            else:
                result[key] = value
        return result

    def _follow(self, reference: str) -> Any:
        if reference in self._open:
            return {}
        self._open.append(reference)
        try:
            return self.narrow(self._document.resolve(reference))
        finally:
            self._open.pop()

    def _gone(self, properties: dict[str, Any]) -> set[str]:
        return {
            name
            for name, schema in properties.items()
            if isinstance(schema, dict) and not is_in_span(schema, self._version)
        }

    def _narrow_named(self, schemas: dict[str, Any]) -> dict[str, Any]:
        gone = self._gone(schemas)
        return {name: self.narrow(below) for name, below in schemas.items() if name not in gone}

    def _narrow_choice(self, key: str, schemas: list[Any]) -> dict[str, Any]:
        marks = [self._mark(schema) for schema in schemas]
        kept = [
            schema
            for schema, mark in zip(schemas, marks, strict=True)
            if is_in_span({"x-openstack": mark}, self._version) and self._is_of_action(mark)
        ]
        if key == "allOf":
            return {key: [self.narrow(schema) for schema in kept]}
        if not kept:
            # The document leaves a gap at this version (or does not know the action's reply).
            return {}
        if len(kept) == 1:
            return dict(self.narrow(kept[0]))
        # One is enough: alternatives that a machine wrote overlap.
        return {"anyOf": [self.narrow(schema) for schema in kept]}

    def _mark(self, schema: Any) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._document.resolve(schema["$ref"])
        return schema.get("x-openstack") or {}

    def _is_of_action(self, mark: dict[str, Any]) -> bool:
        name = mark.get("action-name")
        return self._action is None or name is None or name == self._action
