"""Opening the outbox file, transactions, and SQLite's errors in our own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from edge.clock import boot
from edge.errors import CorruptStore, DiskFull, SchemaVersionError, StoreError
from edge.store.reserve import Reserve
from edge.store.schema import applied, known

LOCK_WAIT_S: Final = 5.0

_CORRUPT: Final = ("malformed", "not a database", "corrupt")
_FULL: Final = "is full"
_WHAT_TO_DO: Final = (
    (_FULL, "the disk is full; free some space, readings wait in memory meanwhile"),
    ("disk I/O", "the disk fails to read or write; check the disk and its cable"),
    ("locked", f"another process held it for over {LOCK_WAIT_S:.0f} s; stop what else has it open"),
    ("readonly", "this user may not write it; run as the box's user or correct its mode"),
    ("unable to open", "it cannot be opened; check that the folder is there and whose it is"),
)


class Connection:
    """One open outbox file. Used by one thread at a time. Every method raises StoreError or one of its kinds."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file; it must be there. One that is only read stays as it is, also where this was the last to close
        it: else SQLite takes away what lies beside it, which not every user of a box can make anew.
        """
        self.path = path
        self._damaged = False
        self._mark: int | None = None
        with self.errors():
            if not path.is_file():
                raise StoreError(f"{path}: there is no outbox; run `mien-desk store CONFIG.toml` first")
            name = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
            raw = sqlite3.connect(name, uri=True, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
            self.db = Database(raw, execute_plugins=False)
            self.db.conn.execute("PRAGMA synchronous = FULL")
            self.db.conn.execute("PRAGMA trusted_schema = OFF")
            self.db.conn.execute("PRAGMA journal_size_limit = 4194304")

    def mark_open(self) -> None:
        """Leave a line while the file is open; one that is found later tells that it was never closed in order.

        Where the disk takes none there is none: that is to keep nobody from opening the file.
        """
        try:
            with self.writing() as db:
                self._mark = db.execute("INSERT INTO opened (boot) VALUES (?)", (boot(),)).lastrowid
        except CorruptStore:
            raise
        except StoreError:
            return

    def close(self) -> None:
        """Close the file. One that showed itself to be damaged keeps its line, so that the next start looks at it."""
        if self._mark is not None and not self._damaged:
            with suppress(sqlite3.Error):
                self.db.conn.execute("DELETE FROM opened WHERE id = ?", (self._mark,))
        self.db.conn.close()

    def check_schema(self) -> None:
        """Refuse a file of another version: SchemaVersionError."""
        with self.errors():
            there = applied(self.db)
        if there == known():
            return
        if set(there) - set(known()):
            raise SchemaVersionError(f"{self.path}: made by newer software ({there[-1]}); update this box's software")
        raise SchemaVersionError(f"{self.path}: made by older software; run `mien-desk store CONFIG.toml` first")

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            meant = named(self.path, error)
            self._damaged |= isinstance(meant, CorruptStore)
            raise meant from error
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}; check the path and whose it is") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The raw connection, to look something up."""
        with self.errors():
            yield self.db.conn

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; IMMEDIATE, since one that begins by reading cannot wait for the lock when it writes."""
        with self.errors():
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield self.db.conn
                self.db.conn.execute("COMMIT")
            except BaseException as error:
                if self.db.conn.in_transaction:  # a full disk has rolled it back already
                    self.db.conn.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError) and _FULL in str(error):
                    self.make_room()
                raise

    def make_room(self) -> bool:
        """Where the disk takes no more: use the log from its beginning again; whether that took the reserve."""
        reserve = Reserve(self.path)
        held = reserve.bytes
        while not self._checkpoint() and reserve.bytes:
            try:
                reserve.give_up()
            except OSError:  # not every process may
                break
        return reserve.bytes < held

    def _checkpoint(self) -> bool:
        """Write the log into the file; False where that has no room either."""
        try:
            self.db.conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.OperationalError:
            return False
        return True


def named(path: Path, error: sqlite3.DatabaseError) -> StoreError:
    """The error of ours that says what SQLite's says, and what to do."""
    text = str(error)
    if any(word in text for word in _CORRUPT):
        return CorruptStore(f"{path}: the outbox is damaged ({text}); run `mien-desk store CONFIG.toml` to mend it")
    for word, what_to_do in _WHAT_TO_DO:
        if word in text:
            return (DiskFull if word == _FULL else StoreError)(f"{path}: {what_to_do} ({text})")
    return StoreError(f"{path}: SQLite refuses: {text}; report this with the line before it")


def open_checked(path: Path | str, *, read_only: bool = False) -> Connection:
    """Open an outbox of this version. Raises StoreError, SchemaVersionError or CorruptStore."""
    connection = Connection(Path(path), read_only=read_only)
    try:
        connection.check_schema()
        if not read_only:
            connection.mark_open()
    except StoreError:
        connection.close()
        raise
    return connection
