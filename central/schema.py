"""The centre's tables, in SQLAlchemy Core: one schema for SQLite and PostgreSQL. Alembic's migrations make them.

Times: `*_ms` are UTC milliseconds since 1970, `*_ns` nanoseconds of a box's own monotonic clock. Readings and roll-ups
belong to a box; which desk a box served when is said by `placements` alone, so a box can be moved or replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from contract.expressions import EXPRESSIONS
from contract.reading import Source

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in a column named INTEGER


def _shares() -> list[Column[float]]:
    return [Column(f"p_{name}", Float) for name in EXPRESSIONS]


def _sums() -> list[Column[float]]:
    return [Column(f"sum_{name}", Float, nullable=False, server_default="0") for name in EXPRESSIONS]


sites: Final = Table(
    "sites",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("zone", String(64), nullable=False),  # IANA name: all times of the site are shown in it
)

desks: Final = Table(
    "desks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("team", String(64), nullable=False, server_default=""),
    Column("position", Integer, nullable=False, server_default="0"),  # desks stand in desk order
    UniqueConstraint("site_id", "name", name="uq_desks_name"),
)

placements: Final = Table(
    "placements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box", String(63), nullable=False, index=True),
    Column("desk_id", ForeignKey("desks.id"), nullable=False, index=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),  # null: still there
)
_open: Final = text("until_ms IS NULL")
Index("uq_placements_open", placements.c.box, unique=True, sqlite_where=_open, postgresql_where=_open)  # in one place

boxes: Final = Table(
    "boxes",
    metadata,
    Column("box", String(63), primary_key=True),
    Column("online", Boolean, nullable=False, server_default="0"),  # as its status says; last_seen_ms is our own
    Column("last_seen_ms", BigInteger),  # the centre's clock at any message
    Column("last_live_ms", BigInteger),  # wall time of the newest live reading
    Column("simulated", Boolean, nullable=False, server_default="0"),
    Column("recorded", Boolean, nullable=False, server_default="0"),  # what it hands over was read from recordings
    Column("software", String(64)),
    Column("model", String(64)),
    Column("epoch", String(32)),
    Column("clock_ok", Boolean),
    Column("frames_per_second", Float),
    Column("frame_ms", Float),  # from a picture's arrival until it is read
    Column("memory_mb", Float),  # held by what looks at the pictures
    Column("temperature_c", Float),  # the hottest of its zones
    Column("disk_free_mb", Float),  # room beside its outbox
    Column("backend", String(64)),  # what runs its networks: onnx or tensorrt
    Column("building_step", String(200)),  # what of the engines it builds; null: none is built
    Column("building_share", Float),  # of all the work on them
    Column("engine_fault", String(200)),  # why its networks run on ONNX Runtime though TensorRT was to run them
    Column("waiting", BigInteger),
    Column("set_aside", BigInteger),
    Column("gaps", BigInteger),
    Column("status_ms", BigInteger),  # when the box said so, by its clock
    sqlite_with_rowid=False,
)

readings: Final = Table(
    "readings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("box", String(63), nullable=False),
    Column("epoch", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("source", String(8), nullable=False),
    Column("boot", String(32), nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("wall_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("historical", Boolean, nullable=False),
    Column("clock_ok", Boolean, nullable=False),  # as the box says
    Column("wall_ok", Boolean, nullable=False, server_default="1"),  # as the centre finds: rolled up
    Column("duration_s", Float, nullable=False),
    Column("role", String(8), nullable=False),
    Column("shift", String(32), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("conversation", String(64)),
    Column("simulated", Boolean, nullable=False),
    Column("recorded", Boolean, nullable=False, server_default="0"),
    *_shares(),
    Column("valence", Float),
    Column("confidence", Float),
    Column("quality", Float),
    Column("faces", Integer, nullable=False),
    Column("reason", String(16)),
    UniqueConstraint("box", "epoch", "seq", name="uq_readings_order"),
    UniqueConstraint("box", "source", "boot", "started_ns", name="uq_readings_identity"),
    CheckConstraint("(reason IS NULL) <> (p_neutral IS NULL)", name="shares_or_reason"),
    Index("ix_readings_box_wall_ms", "box", "wall_ms"),
)
UNPLACED: Final = text("NOT wall_ok")
"""The few raw rows without a wall time to go by; in these words, so that SQLite finds their index."""
Index("ix_readings_unplaced", readings.c.received_ms, sqlite_where=UNPLACED, postgresql_where=UNPLACED)

received: Final = Table(
    "received",
    metadata,
    Column("box", String(63), primary_key=True),
    Column("epoch", String(32), primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    CheckConstraint("last >= first", name="range"),
    sqlite_with_rowid=False,
)
"""What the centre has of an epoch, in merged ranges, for the life of the epoch: this says what is a duplicate."""

gaps: Final = Table(
    "gaps",
    metadata,
    Column("box", String(63), primary_key=True),
    Column("epoch", String(32), primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("reported_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Readings that an outbox had to let go of; from_ms and until_ms are the box's wall times."""

quarantine: Final = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("box", String(63), nullable=False, index=True),
    Column("epoch", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("why", String(200), nullable=False),
    Column("body", String(2000), nullable=False),  # the reading as it came, JSON
    UniqueConstraint("box", "epoch", "seq", "body", name="uq_quarantine_content"),
)

refused: Final = Table(
    "refused",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("box", String(63), nullable=False, index=True),
    Column("epoch", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("reported_ms", BigInteger, nullable=False),
    Column("why", String(200), nullable=False),
    UniqueConstraint("box", "epoch", "seq", name="uq_refused_order"),
)
"""Readings that a box set aside, or that the centre refused: named, never stored."""

purged: Final = Table(
    "purged",
    metadata,
    Column("what", String(16), primary_key=True),
    Column("before_ms", BigInteger, nullable=False),
)
"""Up to which wall time rows of a kind may have been purged; never falls, whatever the settings say later."""


def _rollup(name: str) -> Table:
    """Sums over the readings of one box whose wall time lies in one bin; a bin's share is sum / seen_s."""
    return Table(
        name,
        metadata,
        Column("box", String(63), primary_key=True),
        Column("start_ms", BigInteger, primary_key=True),  # of the bin, UTC
        Column("seen_s", Float, nullable=False, server_default="0"),  # seconds with an expression
        Column("unseen_s", Float, nullable=False, server_default="0"),  # seconds with a passing reason
        Column("not_observed_s", Float, nullable=False, server_default="0"),  # seconds with a lasting reason
        Column("late_s", Float, nullable=False, server_default="0"),  # seconds that came as historical
        Column("simulated_s", Float, nullable=False, server_default="0"),
        Column("recorded_s", Float, nullable=False, server_default="0"),
        Column("readings", Integer, nullable=False, server_default="0"),
        *_sums(),  # each weighted by duration
        Column("sum_valence", Float, nullable=False, server_default="0"),
        Column("sum_confidence", Float, nullable=False, server_default="0"),
        sqlite_with_rowid=False,  # the primary key is the table: half the pages of a table beside its index
    )


FACE: Final = Source.FACE.value
MINUTE_MS, QUARTER_MS = 60_000, 900_000
ROLLUPS: Final[Mapping[str, tuple[tuple[Table, int], tuple[Table, int]]]] = {
    source.value: tuple(  # type: ignore[misc]
        (_rollup(name if source is Source.FACE else f"{source.value}_{name}"), length)
        for name, length in (("minutes", MINUTE_MS), ("quarters", QUARTER_MS))
    )
    for source in Source
}
"""By source, its roll-ups with the length of their bins in milliseconds: a second that was seen and heard is no two.

Quarter-hours, since sites live at +5:30 and +5:45 too.
"""
(minutes, _), (quarters, _) = ROLLUPS[FACE]

conversations: Final = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("desk_id", ForeignKey("desks.id")),  # null: told by a box, whose placement says the desk
    Column("box", String(63)),  # null: told by another system, which named the desk
    Column("external_id", String(64), nullable=False),  # as whoever told of it calls it
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger),  # null: not over yet
    Column("told_ms", BigInteger, nullable=False),  # when the centre last heard of it
    Column("seen_s", Float),  # of what it was drawn from, once its readings were about to go
    Column("observed_s", Float),
    Column("change", Float),  # mean valence of its last third less its first third; null: too little was seen
    CheckConstraint("(desk_id IS NULL) <> (box IS NULL)", name="told_by_one"),
    UniqueConstraint("desk_id", "external_id", name="uq_conversations_desk"),
    UniqueConstraint("box", "external_id", name="uq_conversations_box"),
    Index("ix_conversations_start_ms", "start_ms"),
)
