"""What makes the databases of tests quick: statements compiled once, commits without a disk.

Importing it is enough for the first. Nothing here changes what a statement does or when its
transaction is visible; what a lost machine leaves behind is for tests of the database itself.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event


class _Statements(dict[Any, Any]):
    """Compiled statements by what they say and the kind of database, not by engine.

    SQLAlchemy keeps them per engine, and nearly every test has an engine of its own: without this,
    compiling the same statements anew takes a third of a conversation's time.
    """

    @staticmethod
    def _shared(key: Any) -> Any:
        dialect, *rest = key
        return (dialect.name, *rest)

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._shared(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._shared(key), value)


_STATEMENTS = _Statements()
_IN_HASTE: set[str] = set()


def commit_in_haste(path: object) -> None:
    """Let commits to a SQLite file not wait for the disk. Call it before the file is opened."""
    _IN_HASTE.add(str(path))


@event.listens_for(Engine, "engine_connect")
def _quicken(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_STATEMENTS)
    if connection.engine.url.database in _IN_HASTE and "haste" not in connection.info:
        connection.connection.cursor().execute("PRAGMA synchronous=OFF")
        connection.info["haste"] = True
