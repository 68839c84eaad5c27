"""Writes a revision: `python -m pilvi.migrations.revise NUMBER MESSAGE`; see bin/revise."""

import sys
import tempfile

from alembic import command

from pilvi.core.db.engine import create_sqlite_engine
from pilvi.migrations import make_config, upgrade


def write_revision(number: str, message: str) -> None:
    """Compare the tables with a database at the newest revision and write the difference."""
    with tempfile.TemporaryDirectory() as directory:
        engine = create_sqlite_engine(f"sqlite:///{directory}/revise.db")
        with engine.connect() as connection:
            upgrade(connection)
            command.revision(make_config(connection), message, autogenerate=True, rev_id=number)
        engine.dispose()


if __name__ == "__main__":
    write_revision(sys.argv[1], sys.argv[2])
