"""What runs a box's networks, how far it is in building engines for them, and why it does without."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A box that is there already has told none of it; its next status does."""
    op.add_column("boxes", sa.Column("backend", sa.String(length=64), nullable=True))
    op.add_column("boxes", sa.Column("building_step", sa.String(length=200), nullable=True))
    op.add_column("boxes", sa.Column("building_share", sa.Float(), nullable=True))
    op.add_column("boxes", sa.Column("engine_fault", sa.String(length=200), nullable=True))
