"""Readings of recordings are told from those of a camera: a flag for readings and boxes, a sum in each roll-up."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All that is there already is of a camera, or simulated."""
    for table in ("boxes", "readings"):
        op.add_column(table, sa.Column("recorded", sa.Boolean(), server_default="0", nullable=False))
    for table in ("minutes", "quarters"):
        op.add_column(table, sa.Column("recorded_s", sa.Float(), server_default="0", nullable=False))
