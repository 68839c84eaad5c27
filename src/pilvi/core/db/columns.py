"""Column types that behave alike on both databases, and the one collection of tables."""

import datetime
import time
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, MetaData, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of all services; foreign keys only inside one service."""

UTC = datetime.UTC
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime.datetime:
    """The present moment, in UTC, to the microsecond."""
    return datetime.datetime.fromtimestamp(time.time(), UTC)


class Time(TypeDecorator[datetime.datetime]):
    """A moment, kept as whole microseconds since 1970 in UTC; aware in Python."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        if value is None:
            return None
        return (value - _EPOCH) // datetime.timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime.datetime | None:
        """From the database."""
        if value is None:
            return None
        return _EPOCH + datetime.timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """Any JSON value, kept as text; a changed value is a new one, never edited in place."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From the database."""
        return None if value is None else msgspec.json.decode(value)


def uuid_column(name: str, **options: Any) -> Column[str]:
    """A column for an id: 36 characters of UUID, or 32 of hex where the service prints it so."""
    return Column(name, String(64), **options)
