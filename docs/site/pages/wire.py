"""A type of the wire as a reader of JSON would write it down. Pure."""

from typing import Any

from msgspec import UNSET, inspect

WIDTH = 88
PLAIN = {
    inspect.AnyType: "any",
    inspect.RawType: "any",
    inspect.StrType: "string",
    inspect.BytesType: "base64",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
    inspect.DateTimeType: "time",
}


def describe(kind: Any) -> str:
    """The JSON that a type takes: `name?` may be left out, `A | B` is one of the two.

    An object that was written out before is not written out again.
    """
    return _describe(inspect.type_info(kind), "", set())


def _describe(info: Any, indent: str, shown: set[type]) -> str:
    match info:
        case inspect.Metadata(type=inner):
            return _describe(inner, indent, shown)
        case inspect.StructType(cls=cls, fields=fields):
            if cls in shown:
                return "{… as above}"
            shown.add(cls)
            return _object(fields, indent, shown)
        case inspect.UnionType(types=types):
            kinds = (_describe(t, indent, shown) for t in types if not _is_unset(t))
            return " | ".join(dict.fromkeys(kinds))
        case inspect.DictType(value_type=value):
            return f"{{string: {_describe(value, indent, shown)}}}"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(_describe(item, indent, shown) for item in items)}]"
        case inspect.LiteralType(values=values):
            return " | ".join(repr(value).replace("'", '"') for value in values)
        case inspect.EnumType(cls=cls):
            return " | ".join(f'"{member.value}"' for member in cls)
    if hasattr(info, "item_type"):
        return f"[{_describe(info.item_type, indent, shown)}, …]"
    return PLAIN.get(type(info), "any")


def _is_unset(info: Any) -> bool:
    return isinstance(info, inspect.CustomType) and info.cls is type(UNSET)


def _object(fields: Any, indent: str, shown: set[type]) -> str:
    deeper = indent + "  "
    parts = [
        f'"{field.encode_name}"{"" if field.required else "?"}: '
        f"{_describe(field.type, deeper, shown)}"
        for field in fields
    ]
    line = "{" + ", ".join(parts) + "}"
    if len(indent) + len(line) <= WIDTH and "\n" not in line:
        return line
    return "{\n" + ",\n".join(deeper + part for part in parts) + f"\n{indent}}}"
