"""The side of the outbox that adds readings: a row is committed and synced before anyone may send it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from contract.messages import GapCause
from contract.reading import Reading
from edge.errors import DiskFull, SettingsError, StoreError
from edge.settings import Policy, Store
from edge.store import bounds, health, neutral
from edge.store.connection import open_checked
from edge.store.health import Vitals
from edge.store.kind import refuse_mixture
from edge.store.neutral import KeptNeutral
from edge.store.rows import COLUMN_LIST, PLACES, to_row

TRIM_EVERY: Final = 64  # readings added between two looks at the bounds

_IDENTITY: Final = "source = ? AND boot = ? AND started_ns = ?"


class Outbox:
    """An open outbox, for one thread at a time. `policy` decides which table readings go to, and only at that moment.

    Every method raises StoreError where the disk is full or fails: the same reading may then be added again, since one
    that is there is not added twice. CorruptStore (a StoreError) is mended by the process `store`: exit with its code.
    """

    def __init__(self, store: Store, policy: Policy, *, recorded: bool = False) -> None:
        """Open the file; the process `store` must have prepared it.

        `recorded`: what is to be added was read from recordings. SettingsError where the other kind is there.
        """
        self._connection = open_checked(store.path)
        self._store = store
        self._recorded = recorded
        try:
            with self._connection.reading() as db:
                self._refuse_mixture(db)
        except SettingsError:
            self.close()
            raise
        self._publish = policy.publish
        self._until_trim = 0

    def add(self, reading: Reading) -> int:
        """Keep a reading and return its number. One whose identity is there already is not added again.

        Under a policy that does not publish it goes to the table `mirror`, from which nothing is ever sent.
        """
        try:
            with self._connection.writing() as db:
                return self._add(db, reading)
        except DiskFull:
            self._until_trim = 0  # before the file grows once more
            raise

    def _add(self, db: sqlite3.Connection, reading: Reading) -> int:
        table, other = ("outbox", "mirror") if self._publish else ("mirror", "outbox")
        self._refuse_mixture(db)
        for name in (other, table):
            if (there := _number(db, name, reading)) is not None:
                return there
        self._until_trim -= 1
        if self._until_trim <= 0:  # first, so that the reading takes the place of another
            bounds.trim(db, self._store, reading.wall_ms if reading.clock_ok else None)
            self._until_trim = TRIM_EVERY
        row = db.execute(f"INSERT INTO {table} ({COLUMN_LIST}) VALUES ({PLACES})", to_row(reading))
        assert row.lastrowid is not None
        return row.lastrowid

    def add_many(self, readings: list[Reading]) -> None:
        """Keep new readings in one transaction, as a simulator fills in a past; StoreError where one is there."""
        table = "outbox" if self._publish else "mirror"
        with self._connection.writing() as db:
            db.executemany(f"INSERT INTO {table} ({COLUMN_LIST}) VALUES ({PLACES})", map(to_row, readings))

    def add_recordings(self, readings: Sequence[Reading]) -> int:
        """Keep readings of recordings, as old as they may be, in one transaction; returns how many were not there yet.

        Where the file grows beyond its bytes, what the centre has goes, and what it has not never does: StoreError.
        """
        with self._connection.writing() as db:
            self._refuse_mixture(db)
            added = db.executemany(
                f"INSERT INTO outbox ({COLUMN_LIST}) SELECT {PLACES} "  # ON CONFLICT would use up numbers
                f"WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE {_IDENTITY})",
                [(*to_row(reading), *_identity(reading)) for reading in readings],
            ).rowcount
            if not bounds.make_room(db, self._store.keep_bytes):
                raise StoreError(
                    f"{self._store.path}: full of recordings that the centre has not received; "
                    "run `mien-desk publish CONFIG.toml` first, or raise store.keep_bytes"
                )
        return added

    def lost(self, count: int, from_ms: int, until_ms: int, cause: GapCause = GapCause.DISK_FULL) -> None:
        """Name `count` readings (`from_ms` to `until_ms`, UTC) that could not be written; each gets a number."""
        if not self._publish:
            return
        with self._connection.writing() as db:
            bounds.record_lost(db, count, from_ms, until_ms, cause)

    def note_health(self, vitals: Vitals) -> None:
        """Leave for the publisher what the box says about itself, and this process's memory; every 10 s or so."""
        with self._connection.writing() as db:
            health.note(db, vitals)

    def own_neutral(self) -> KeptNeutral:
        """What was kept of a resting face."""
        with self._connection.reading() as db:
            return neutral.read(db)

    def keep_neutral(self, kept: KeptNeutral) -> bool:
        """Keep what was learned of a resting face; False, and it is not, where that was deleted meanwhile."""
        with self._connection.writing() as db:
            return neutral.keep(db, kept)

    def is_empty(self) -> bool:
        """Whether no reading was ever added, of which anything is left."""
        with self._connection.reading() as db:
            return not any(db.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in ("outbox", "mirror"))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _refuse_mixture(self, db: sqlite3.Connection) -> None:
        refuse_mixture(db, self._connection.path, recorded=self._recorded)


def _number(db: sqlite3.Connection, table: str, reading: Reading) -> int | None:
    row = db.execute(f"SELECT seq FROM {table} WHERE {_IDENTITY}", _identity(reading)).fetchone()
    return row[0] if row else None


def _identity(reading: Reading) -> tuple[str, str, int]:
    return reading.source.value, reading.boot, reading.started_ns
