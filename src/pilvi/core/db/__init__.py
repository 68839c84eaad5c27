"""SQL: one database for all services, on SQLite or PostgreSQL.

A request is one transaction. Writers take turns on both databases, so a write transaction sees no
other's half-done work and needs no retry. Wake-ups named in a transaction are sent after commit.
"""

from pilvi.core.db.columns import Json, Time, metadata, now, uuid_column
from pilvi.core.db.engine import Database, Transaction, open_database
from pilvi.core.db.prepared import Prepared

__all__ = [
    "Database",
    "Json",
    "Prepared",
    "Time",
    "Transaction",
    "metadata",
    "now",
    "open_database",
    "uuid_column",
]
