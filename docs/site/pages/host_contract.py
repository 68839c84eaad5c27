"""The page of the host contract: what control plane and agents say to each other."""

import importlib
import inspect
import pkgutil
import re
from enum import StrEnum
from types import ModuleType
from typing import Any

import msgspec

import pilvi.host_api
from pages.api import HEAD
from pages.markdown import GENERATED, code, first_paragraph, join, paragraphs, table
from pages.sources import Sources, read_sentences

# Of a type as Python prints it: the module before its name.
_MODULE = re.compile(r"\b(?:\w+\.)+(?=\w)")


def make_page(sources: Sources) -> str:
    """Every operation and every type of the contract."""
    rows = (
        (
            code(f"{route.method} {service.root}{route.path}"),
            first_paragraph(route.handler.__doc__),
            code(route.policy),
            "",
            str(route.status),
        )
        for service in sources.services
        if service.root.startswith("/host")
        for route in service.routes
    )
    return join(
        "# Host contract",
        GENERATED,
        paragraphs(pilvi.host_api.__doc__),
        "## Operations",
        table(HEAD, rows),
        *(_section(module) for module in list_modules()),
    )


def list_modules() -> list[ModuleType]:
    """The modules with the types."""
    found = pkgutil.iter_modules(pilvi.host_api.__path__)
    return [importlib.import_module(f"pilvi.host_api.{module.name}") for module in found]


def list_types(module: ModuleType) -> list[type]:
    """The structs and enumerations that a module defines, in its order."""
    return [
        member
        for member in vars(module).values()
        if inspect.isclass(member)
        and member.__module__ == module.__name__
        and issubclass(member, msgspec.Struct | StrEnum)
    ]


def _section(module: ModuleType) -> str:
    name = module.__name__.rpartition(".")[2].capitalize()
    types = [_type(module, member) for member in list_types(module)]
    return join(f"## {name}", paragraphs(module.__doc__), *types) if types else ""


def _type(module: ModuleType, member: Any) -> str:
    sentences = read_sentences(module).get(member.__name__, {})
    if issubclass(member, StrEnum):
        rows = [(code(each.value), sentences.get(each.name, "")) for each in member]
        shown = table(("value", "what it means"), rows)
    else:
        fields = msgspec.structs.fields(member)
        kinds = member.__annotations__
        shown = table(
            ("field", "type", "may be left out", "what it is"),
            (
                (code(f.name), code(_name(kinds[f.name])), _optional(f), sentences.get(f.name, ""))
                for f in fields
                if f.name in kinds
            ),
        )
    return join(f"### {member.__name__}", paragraphs(member.__doc__), shown)


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else _MODULE.sub("", str(kind))


def _optional(field: msgspec.structs.FieldInfo) -> str:
    return "" if field.required else "yes"
