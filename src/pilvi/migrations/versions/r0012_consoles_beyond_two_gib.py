"""consoles beyond two GiB."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    # SQLite's integers have 64 bits. The column is in no result: nobody's statements notice.
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("host_consoles", "start", existing_type=sa.Integer(), type_=sa.BigInteger())
