"""Queries that never change, run on SQLite's driver without a step between.

SQLAlchemy makes the SQL and converts the types, once; what is left for each run is the driver's
own work, a third of the time. Only for the few queries that most requests make.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]

_SQLITE = dialect(paramstyle="qmark")


class PreparedQuery:
    """A constant query; `bindparam` stands for what varies, none of it expanding."""

    def __init__(self, select: Select[Any]) -> None:
        self.select = select
        """The same for databases that prepare statements themselves."""

    @cached_property
    def _compiled(self) -> SQLCompiler:
        compiled = self.select.compile(dialect=_SQLITE)
        assert isinstance(compiled, SQLCompiler)
        return compiled

    @cached_property
    def sql(self) -> str:
        """The text for the driver, with question marks."""
        return str(self._compiled)

    @cached_property
    def _places(self) -> list[tuple[str, Any, Convert | None]]:
        """Of each question mark: its name, its value where none is given, and its conversion."""
        names = self._compiled.positiontup or []
        binds = self._compiled.binds
        return [
            (name, binds[name].value, _implement(binds[name].type).bind_processor(_SQLITE))
            for name in names
        ]

    @cached_property
    def _conversions(self) -> list[tuple[int, Convert]]:
        """Of each column that needs one: its place and its conversion."""
        found = [
            (place, _implement(column.type).result_processor(_SQLITE, None))
            for place, column in enumerate(self.select.selected_columns)
        ]
        return [(place, convert) for place, convert in found if convert is not None]

    @cached_property
    def _row(self) -> Callable[[Any], Any]:
        names = [str(column.key) for column in self.select.selected_columns]
        row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # the names vary
        make: Callable[[Any], Any] = row._make
        return make

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """What stands for the question marks. Pure."""
        found = []
        for name, default, convert in self._places:
            value = parameters.get(name, default)
            found.append(value if convert is None else convert(value))
        return found

    def read(self, row: tuple[Any, ...]) -> Any:
        """A row of the driver as SQLAlchemy would give it: columns by name and by place. Pure."""
        values = list(row)
        for place, convert in self._conversions:
            values[place] = convert(values[place])
        return self._row(values)


def _implement(type: TypeEngine[Any]) -> TypeEngine[Any]:
    return type.dialect_impl(_SQLITE)
