"""Columns that the tables of networks share."""

from typing import Any

from sqlalchemy import Column, Integer, String, Text

from pilvi.core.db import Time, uuid_column


def resource_columns() -> list[Column[Any]]:
    """What everything that the API shows begins with."""
    return [
        uuid_column("id", primary_key=True),
        uuid_column("project_id", nullable=False, index=True),
        Column("name", String(255), nullable=False, default=""),
        Column("description", Text, nullable=False, default=""),
        Column("generation", Integer, nullable=False, default=1),
        Column("created_at", Time, nullable=False),
        Column("updated_at", Time, nullable=False),
    ]
