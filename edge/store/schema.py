"""The tables of the outbox file, as migrations.

STRICT and typed, every text with a CHECKed length in bytes (`length()` of a text stops at a NUL), no JSON, no BLOB: no
column could hold a picture.
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database, Migrations

from contract.expressions import EXPRESSIONS

migrations: Final = Migrations("mien-desk")


def known() -> list[str]:
    """The versions that this software knows, oldest first."""
    return [migration.name for migration in migrations.pending(Database(memory=True))]


def applied(db: Database) -> list[str]:
    """The versions that a file has gone through, oldest first."""
    return [migration.name for migration in migrations.applied(db)]


def _text(name: str, least: int, most: int, null: str = "NOT NULL") -> str:
    return f"{name} TEXT {null} CHECK (length(CAST({name} AS BLOB)) BETWEEN {least} AND {most})"


def _unit(name: str, least: int = 0) -> str:
    return f"{name} REAL CHECK ({name} BETWEEN {least} AND 1)"


def _flag(name: str) -> str:
    return f"{name} INTEGER NOT NULL DEFAULT 0 CHECK ({name} IN (0, 1))"


def _count(name: str) -> str:
    return f"{name} INTEGER NOT NULL CHECK ({name} >= 0)"


_READING: Final = (
    "seq INTEGER PRIMARY KEY AUTOINCREMENT",
    _text("source", 4, 5),
    _text("boot", 8, 32),
    _count("started_ns"),
    _count("wall_ms"),
    _flag("clock_ok"),
    "duration_s REAL NOT NULL CHECK (duration_s > 0 AND duration_s <= 60)",
    _text("role", 1, 16),
    _text("shift", 8, 32),
    _text("policy", 1, 64),
    _text("model", 1, 64),
    _text("conversation", 1, 64, null=""),
    _flag("simulated"),
    *map(_unit, ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")),
    _unit("valence", -1),
    _unit("confidence"),
    _unit("quality"),
    "faces INTEGER NOT NULL CHECK (faces BETWEEN 0 AND 1000)",
    _text("reason", 1, 32, null=""),
)
_SENDING: Final = (
    "state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'received', 'set_aside'))",
    _flag("sent"),  # handed to the network in this epoch: only then may a receipt speak of it
    _flag("reported"),  # set aside, and the centre confirmed that it knows
    _text("why", 0, 800, null=""),
)
_RULES: Final = ("UNIQUE (source, boot, started_ns)", "CHECK ((neutral IS NULL) <> (reason IS NULL))")


def _table(name: str, *lines: str) -> str:
    return f"CREATE TABLE {name} (\n  " + ",\n  ".join(lines) + "\n) STRICT"


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m001_outbox(db: Database) -> None:
    """Readings on their way, readings that never leave, what was let go, and what the box says about itself."""
    only_row = "id INTEGER PRIMARY KEY CHECK (id = 1)"
    for statement in (
        _table("meta", only_row, _text("epoch", 8, 32), _count("begun_ms")),
        _table("outbox", *_READING, *_SENDING, *_RULES),
        "CREATE INDEX outbox_state ON outbox (state, seq)",
        "CREATE INDEX outbox_wall ON outbox (wall_ms)",
        "CREATE INDEX outbox_sent ON outbox (seq) WHERE state = 'waiting' AND sent = 1",
        _table("mirror", *_READING, *_RULES),
        "CREATE INDEX mirror_wall ON mirror (wall_ms)",
        _table(
            "gaps",
            "id INTEGER PRIMARY KEY",
            _text("epoch", 8, 32),
            "first INTEGER NOT NULL CHECK (first >= 1)",
            "last INTEGER NOT NULL CHECK (last >= first)",
            "count INTEGER NOT NULL CHECK (count BETWEEN 1 AND last - first + 1)",
            _count("from_ms"),
            _count("until_ms"),
            _text("cause", 1, 16),
            _flag("sent"),
            _flag("reported"),
        ),
        _table("health", only_row, _count("at_ms"), "frames_per_second REAL NOT NULL", _text("model", 1, 64)),
    ):
        db.conn.execute(statement)


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m002_recorded(db: Database) -> None:
    """Readings of recordings are told from those of a camera; those that are there already are of a camera."""
    for table in ("outbox", "mirror"):
        check = "CHECK (recorded IN (0, 1) AND recorded + simulated < 2)"
        db.conn.execute(f"ALTER TABLE {table} ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0 {check}")


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m003_engines(db: Database) -> None:
    """What runs the networks, how far the engines for them are, and what was wrong with one."""
    db.conn.execute(f"ALTER TABLE health ADD COLUMN {_text('backend', 1, 64, null='')}")
    db.conn.execute(f"ALTER TABLE health ADD COLUMN {_text('fault', 1, 800, null='')}")
    only_row = "id INTEGER PRIMARY KEY CHECK (id = 1)"
    step, fault = _text("step", 1, 800, null=""), _text("fault", 1, 800, null="")
    db.conn.execute(_table("engines", only_row, _count("at_ms"), step, _unit("share"), fault))


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m004_migrations(db: Database) -> None:
    """The library's own list of migrations can hold no more than names and times either."""
    name, old = migrations.migrations_table, "unbounded_migrations"
    columns = (_text("migration_set", 1, 64), _text("name", 1, 64), _text("applied_at", 0, 64))
    rest = ("id INTEGER PRIMARY KEY", *columns, "UNIQUE (migration_set, name)")
    for statement in (
        f"ALTER TABLE {name} RENAME TO {old}",
        _table(name, *rest),
        f"INSERT INTO {name} SELECT id, migration_set, name, applied_at FROM {old}",
        f"DROP TABLE {old}",
    ):
        db.conn.execute(statement)


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m005_untimed(db: Database) -> None:
    """Readings of before the clock was known are found at once, however many others wait."""
    for name, more in (("outbox", " AND state = 'waiting' AND sent = 0"), ("mirror", "")):
        db.conn.execute(f"CREATE INDEX {name}_untimed ON {name} (boot) WHERE clock_ok = 0{more}")


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m006_stages(db: Database) -> None:
    """How long each stage of a frame's way takes, and how much memory `vision` holds."""
    for name in ("detect_ms", "align_ms", "recognise_ms", "frame_ms", "store_ms", "memory_mb"):
        db.conn.execute(f"ALTER TABLE health ADD COLUMN {name} REAL CHECK ({name} BETWEEN 0 AND 1e9)")


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m007_opened(db: Database) -> None:
    """Who has the file open: a line that is left from before tells of a stop that was none."""
    db.conn.execute(_table("opened", "id INTEGER PRIMARY KEY", _text("boot", 8, 32)))


@migrations()  # type: ignore[untyped-decorator, unused-ignore]
def m008_own_neutral(db: Database) -> None:
    """What was learned of a resting face in a shift: eight means of log probabilities, and nothing else."""
    means = (f"{name} REAL CHECK ({name} BETWEEN -10 AND 0)" for name in EXPRESSIONS)
    told = (_count("at_ms"), _count("generation"), _text("shift", 8, 32, null=""), _text("model", 1, 64, null=""))
    only_row = "id INTEGER PRIMARY KEY CHECK (id = 1)"
    db.conn.execute(_table("own_neutral", only_row, *told, _count("seconds"), *means))
