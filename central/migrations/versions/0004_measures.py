"""What a box measures of itself: the time for a frame, its memory, its temperature, the room on its disk."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A box that is there already has told none of it; its next status does."""
    for name in ("frame_ms", "memory_mb", "temperature_c", "disk_free_mb"):
        op.add_column("boxes", sa.Column(name, sa.Float(), nullable=True))
