"""Statements that never change, run on SQLite's driver without a step between.

SQLAlchemy makes the SQL and converts the types, once; what is left for each run is the driver's
own work, a third of the time. For the statements that requests and reconcilers make most.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, NamedTuple

from sqlalchemy import Delete, Insert, Select, Update
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Constant = Select[Any] | Insert | Update | Delete
Convert = Callable[[Any], Any]

# Texts kept of one statement, one for each length of its lists. Lower: texts are made again;
# higher: memory.
FORMS_MAX = 100

_SQLITE = dialect(paramstyle="qmark")


class Prepared:
    """A constant statement; `bindparam` stands for what varies, expanding ones for lists.

    An insert and an update set the columns that their parameters name.
    """

    def __init__(self, statement: Constant) -> None:
        self.statement = statement
        """The same for databases that prepare statements themselves."""
        self._forms: dict[tuple[Any, ...], Form] = {}

    def form(self, parameters: Mapping[str, Any]) -> "Form":
        """What runs with such parameters: same names, lists of the same length."""
        key: tuple[Any, ...] = tuple(parameters)
        if self._lists:
            key += tuple([len(parameters[name]) for name in self._lists if name in parameters])
        form = self._forms.get(key)
        if form is None:
            if len(self._forms) >= FORMS_MAX:
                self._forms.clear()
            form = self._forms[key] = Form(self.statement, parameters, self._lists)
        return form

    @cached_property
    def _lists(self) -> frozenset[str]:
        """The names of the parameters that are lists."""
        binds = _compile(self.statement, None).binds
        return frozenset(name for name, bind in binds.items() if bind.expanding)


class Form:
    """The text of a statement for the driver, and what converts values and rows."""

    def __init__(
        self,
        statement: Constant,
        parameters: Mapping[str, Any],
        lists: frozenset[str],
    ) -> None:
        names = list(parameters) if isinstance(statement, Insert | Update) else None
        compiled = _compile(statement, names)
        self._defaults = [(str(one.key), one.default) for one in compiled.insert_prefetch]
        # The texts of lists depend on their lengths alone. A value that is missing is an error.
        state = compiled.construct_expanded_state(
            {name: value for name, value in parameters.items() if name in compiled.binds},
            escape_names=False,
        )
        self.sql = state.statement
        """The text for the driver, with question marks."""
        items = {
            item: (name, place)
            for name, expanded in state.parameter_expansion.items()
            for place, item in enumerate(expanded)
        }
        self._places = [
            _place(compiled, *items.get(name, (name, None))) for name in state.positiontup or ()
        ]
        columns = (
            statement.selected_columns
            if isinstance(statement, Select)
            else statement.exported_columns
        )
        found = [
            (place, _implement(column.type).result_processor(_SQLITE, None))
            for place, column in enumerate(columns)
        ]
        self._conversions = [(place, convert) for place, convert in found if convert is not None]
        self._make = _make_row([str(column.key) for column in columns])

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """What stands for the question marks."""
        if self._defaults:
            parameters = {**parameters, **{key: _make(one) for key, one in self._defaults}}
        found = []
        for name, place, default, convert in self._places:
            value = parameters.get(name, default)
            if place is not None:
                value = value[place]
            found.append(value if convert is None else convert(value))
        return found

    def read(self, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Rows of the driver as SQLAlchemy would give them: columns by name and by place. Pure."""
        if not self._conversions:
            return list(map(self._make, rows))
        found = []
        for row in rows:
            values = list(row)
            for place, convert in self._conversions:
                values[place] = convert(values[place])
            found.append(self._make(values))
        return found


def _make(default: Any) -> Any:
    """The value of a column that nobody gave one."""
    return default.arg(None) if default.is_callable else default.arg


def _make_row(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    """What makes a row of the driver one that has names, as rows of SQLAlchemy have them."""
    row = namedtuple("row", names, rename=True)  # type: ignore[misc]  # the names vary
    named = type("Row", (row,), {"__slots__": (), "_mapping": property(row._asdict)})
    return partial(tuple.__new__, named)


class _Place(NamedTuple):
    """What a question mark stands for: a parameter, or one item of a list."""

    name: str
    item: int | None
    default: Any
    convert: Convert | None


def _place(compiled: SQLCompiler, name: str, item: int | None) -> _Place:
    bind = compiled.binds[name]
    convert = _implement(bind.type).bind_processor(_SQLITE)
    return _Place(name, item, bind.value, convert)


def _compile(statement: Constant, column_keys: list[str] | None) -> SQLCompiler:
    compiled = statement.compile(dialect=_SQLITE, column_keys=column_keys)
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _implement(type: TypeEngine[Any]) -> TypeEngine[Any]:
    return type.dialect_impl(_SQLITE)
