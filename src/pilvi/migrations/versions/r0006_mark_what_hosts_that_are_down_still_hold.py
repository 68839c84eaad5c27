"""Mark what hosts that are down may still hold, and keep passwords that guests post."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("host_assignments", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("abandoned", sa.Boolean(), server_default="0", nullable=False)
        )
    op.create_table(
        "host_guest_passwords",
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_host_guest_passwords")),
    )
