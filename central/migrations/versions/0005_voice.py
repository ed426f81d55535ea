"""Sums over what was heard, and over face and voice together, each apart from what was seen; and conversations."""

import sqlalchemy as sa
from alembic import op

from contract.expressions import EXPRESSIONS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there already was seen: its roll-ups stay as they are."""
    for source in ("voice", "both"):
        for name in ("minutes", "quarters"):
            _create_rollup(f"{source}_{name}")
    op.create_table(
        "conversations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=True),
        sa.Column("box", sa.String(length=63), nullable=True),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
        *[sa.Column(name, sa.Float(), nullable=True) for name in ("seen_s", "observed_s", "change")],
        sa.CheckConstraint("(desk_id IS NULL) <> (box IS NULL)", name=op.f("ck_conversations_told_by_one")),
        sa.ForeignKeyConstraint(["desk_id"], ["desks.id"], name=op.f("fk_conversations_desk_id_desks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("desk_id", "external_id", name="uq_conversations_desk"),
        sa.UniqueConstraint("box", "external_id", name="uq_conversations_box"),
    )
    op.create_index("ix_conversations_start_ms", "conversations", ["start_ms"])


def _create_rollup(name: str) -> None:
    op.create_table(
        name,
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        *[_sum(part) for part in ("seen_s", "unseen_s", "not_observed_s", "late_s", "simulated_s", "recorded_s")],
        sa.Column("readings", sa.Integer(), server_default="0", nullable=False),
        *[_sum(f"sum_{part}") for part in (*EXPRESSIONS, "valence", "confidence")],
        sa.PrimaryKeyConstraint("box", "start_ms", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _sum(name: str) -> "sa.Column[float]":
    return sa.Column(name, sa.Float(), server_default="0", nullable=False)
