"""The process `store`, which runs once before all others: makes, migrates and checks the outbox file, holds its bounds,
sets its mode, and moves a broken one aside. What of that can still be read goes on under a new epoch.
"""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from edge.clock import boot
from edge.errors import CorruptStore, StoreError
from edge.settings import Store
from edge.store import bounds
from edge.store.connection import Connection
from edge.store.place import refuse_share
from edge.store.relay import new_epoch
from edge.store.salvage import salvage
from edge.store.schema import migrations

MODE: Final = 0o660  # `vision`, `publish` and `page` run as different users of one group
ASIDE: Final = ".broken-"
BESIDE: Final = ("-wal", "-shm")


@dataclass(frozen=True)
class Prepared:
    """What the process `store` found and did."""

    epoch: str
    made: bool = False
    moved_aside: Path | None = None
    salvaged: int = 0  # readings that went on in the new file
    why: str = ""


def prepare(store: Store) -> Prepared:
    """Leave an outbox of this version at `store.path`, whole and within its bounds.

    Raises SchemaVersionError where newer software made it, StoreError where the file cannot be made, read or mended.
    """
    path = Path(store.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        refuse_share(path.parent)
        _remove_old_asides(path, store.keep_days)
        if not path.exists():
            path.touch(MODE)
            return Prepared(_check(path, store), made=True)
        try:
            return Prepared(_check(path, store))
        except CorruptStore as error:
            salvaged, aside = _replace(path)
            return Prepared(_check(path, store), True, aside, salvaged, str(error))
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror}; check the folder, its owner and its free space"
        ) from error


def _check(path: Path, store: Store) -> str:
    """Migrate and check the file, hold its bounds, set its mode; returns its epoch. Raises CorruptStore."""
    connection = Connection(path)
    try:
        with connection.reading() as db:
            verdict = str(db.execute("PRAGMA quick_check(1)").fetchone()[0]) if _was_left_open(db) else "ok"
        if verdict != "ok":
            raise CorruptStore(f"{path}: the outbox is damaged: {' '.join(verdict.split())}")
        _migrate(connection)
        connection.check_schema()
        with connection.writing() as db:
            if not db.execute("SELECT 1 FROM meta").fetchone():
                db.execute("INSERT INTO meta (id, epoch, begun_ms) VALUES (1, ?, ?)", (new_epoch(), _now_ms()))
            db.execute("DELETE FROM opened WHERE boot <> ?", (boot(),))  # the others may still have it open
            bounds.trim(db, store, None)
            epoch = bounds.epoch_of(db)
        for part in _parts(path):
            part.chmod(MODE)
    finally:
        connection.close()
    return epoch


def _was_left_open(db: sqlite3.Connection) -> bool:
    """Whether someone did not close it in order, or nobody can say.

    Only then is each page looked at: of a full file that takes longer than a desk has to start.
    """
    try:
        return db.execute("SELECT 1 FROM opened LIMIT 1").fetchone() is not None
    except sqlite3.OperationalError:  # made by older software, or a moment ago
        return True


def open_to_its_group(store: Store) -> None:
    """Set the mode of the file and of what SQLite keeps beside it, which is left there, empty where it was not.

    So the others need not be able to make a file in that folder: none of them could leave a picture there. The last
    thing that is done, for SQLite takes away what lies beside when the last one closes the file. Raises StoreError.
    """
    path = Path(store.path)
    try:
        for part in (path, *(path.with_name(path.name + ending) for ending in BESIDE)):
            part.touch(MODE)
            part.chmod(MODE)
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror}; whose file is it? `store` must own it"
        ) from error


def _replace(path: Path) -> tuple[int, Path]:
    """Make a new file out of a broken one, then change them: where the disk is full the broken one stays in place."""
    new = path.with_name(path.name + ".new")
    for part in _parts(new):
        part.unlink()
    new.touch(MODE)
    connection = Connection(new)
    try:
        _migrate(connection)
        with connection.writing() as db:
            db.execute("INSERT INTO meta (id, epoch, begun_ms) VALUES (1, ?, ?)", (new_epoch(), _now_ms()))
            salvaged = salvage(path, db)
    finally:
        connection.close()
    when = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.name}{ASIDE}{when}")
    aside.hardlink_to(path)
    for part in _parts(path)[1:]:
        part.rename(aside.with_name(aside.name + part.name[len(path.name) :]))
    new.replace(path)
    _sync(path.parent)
    return salvaged, aside


def _migrate(connection: Connection) -> None:
    with connection.reading() as db:
        db.execute("PRAGMA journal_mode = WAL")
        migrations.apply(connection.db)


def _parts(path: Path) -> list[Path]:
    return [part for end in ("", *BESIDE) if (part := path.with_name(path.name + end)).exists()]


def _remove_old_asides(path: Path, keep_days: int) -> None:
    """Broken files hold readings too, and are kept no longer than these."""
    for aside in path.parent.glob(f"{path.name}{ASIDE}*"):
        if time.time() - aside.stat().st_mtime > keep_days * 86_400:
            aside.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
