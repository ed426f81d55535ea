"""The first tables: what boxes send, what the centre has, what it sums up, and which desk a box serves."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Written out, not imported: a migration stays what it was when the code moves on.
EXPRESSIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


def upgrade() -> None:
    """From an empty database."""
    _create_boxes()
    _create_readings()
    _create_order()
    _create_set_aside()
    for name in ("minutes", "quarters"):
        _create_rollup(name)
    _create_desks()


def _create_boxes() -> None:
    op.create_table(
        "boxes",
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("online", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_live_ms", sa.BigInteger(), nullable=True),
        sa.Column("simulated", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("software", sa.String(length=64), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=True),
        sa.Column("epoch", sa.String(length=32), nullable=True),
        sa.Column("clock_ok", sa.Boolean(), nullable=True),
        sa.Column("frames_per_second", sa.Float(), nullable=True),
        sa.Column("waiting", sa.BigInteger(), nullable=True),
        sa.Column("set_aside", sa.BigInteger(), nullable=True),
        sa.Column("gaps", sa.BigInteger(), nullable=True),
        sa.Column("status_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("box", name=op.f("pk_boxes")),
        sqlite_with_rowid=False,
    )


def _create_readings() -> None:
    op.create_table(
        "readings",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("boot", sa.String(length=32), nullable=False),
        sa.Column("started_ns", sa.BigInteger(), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.Column("clock_ok", sa.Boolean(), nullable=False),
        sa.Column("wall_ok", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("shift", sa.String(length=32), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        *[sa.Column(f"p_{name}", sa.Float(), nullable=True) for name in EXPRESSIONS],
        sa.Column("valence", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("quality", sa.Float(), nullable=True),
        sa.Column("faces", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.CheckConstraint("(reason IS NULL) <> (p_neutral IS NULL)", name=op.f("ck_readings_shares_or_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("box", "epoch", "seq", name="uq_readings_order"),
        sa.UniqueConstraint("box", "source", "boot", "started_ns", name="uq_readings_identity"),
    )
    op.create_index("ix_readings_box_wall_ms", "readings", ["box", "wall_ms"])
    op.create_index(
        "ix_readings_unplaced",
        "readings",
        ["received_ms"],
        sqlite_where=sa.text("NOT wall_ok"),
        postgresql_where=sa.text("NOT wall_ok"),
    )


def _create_order() -> None:
    op.create_table(
        "received",
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last >= first", name=op.f("ck_received_range")),
        sa.PrimaryKeyConstraint("box", "epoch", "first", name=op.f("pk_received")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gaps",
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("reported_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("box", "epoch", "first", "last", name=op.f("pk_gaps")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "purged",
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("before_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_purged")),
    )


def _create_set_aside() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=2000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("box", "epoch", "seq", "body", name="uq_quarantine_content"),
    )
    op.create_index(op.f("ix_quarantine_box"), "quarantine", ["box"])
    op.create_table(
        "refused",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("reported_ms", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused")),
        sa.UniqueConstraint("box", "epoch", "seq", name="uq_refused_order"),
    )
    op.create_index(op.f("ix_refused_box"), "refused", ["box"])


def _create_rollup(name: str) -> None:
    op.create_table(
        name,
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        *[_sum(part) for part in ("seen_s", "unseen_s", "not_observed_s", "late_s", "simulated_s")],
        sa.Column("readings", sa.Integer(), server_default="0", nullable=False),
        *[_sum(f"sum_{part}") for part in (*EXPRESSIONS, "valence", "confidence")],
        sa.PrimaryKeyConstraint("box", "start_ms", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _sum(name: str) -> "sa.Column[float]":
    return sa.Column(name, sa.Float(), server_default="0", nullable=False)


def _create_desks() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("name", name=op.f("uq_sites_name")),
    )
    op.create_table(
        "desks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("team", sa.String(length=64), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_desks_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desks")),
        sa.UniqueConstraint("site_id", "name", name="uq_desks_name"),
    )
    op.create_table(
        "placements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desks.id"], name=op.f("fk_placements_desk_id_desks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placements")),
    )
    op.create_index(op.f("ix_placements_box"), "placements", ["box"])
    op.create_index(op.f("ix_placements_desk_id"), "placements", ["desk_id"])
    op.create_index(
        "uq_placements_open",
        "placements",
        ["box"],
        unique=True,
        sqlite_where=sa.text("until_ms IS NULL"),
        postgresql_where=sa.text("until_ms IS NULL"),
    )
