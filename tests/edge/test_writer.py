"""The writer: everything added is in the outbox, in order, and a store that refuses holds up nobody."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge import writer
from edge.errors import CorruptStore, SettingsError, StoreError
from edge.settings import Policy, Store
from edge.store import Outbox, Vitals, prepare
from edge.writer import Writer
from tests.edge import made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    ready = Store(path=str(tmp_path / "desk.db"))
    prepare(ready)
    return ready


def test_what_is_added_is_in_the_outbox_in_its_order(store: Store) -> None:
    held = Writer(store, Policy())
    for i in range(50):
        held.add(made.reading(i))
    held.close()
    rows = made.look(store, "SELECT started_ns FROM outbox ORDER BY seq")
    assert [row[0] for row in rows] == [i * 1_000_000_000 for i in range(50)]


def test_health_is_left_for_the_publisher(store: Store) -> None:
    held = Writer(store, Policy())
    held.note_health(Vitals(14.5, "model-1"))
    held.close()
    assert made.look(store, "SELECT frames_per_second, model FROM health") == [(14.5, "model-1")]


def test_a_locked_outbox_does_not_hold_up_who_adds_and_takes_all_once_it_is_free(store: Store) -> None:
    held = Writer(store, Policy())
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        for i in range(100):
            held.add(made.reading(i))
        assert time.monotonic() - began < 1.0  # the lock is waited for up to 5 s
        other.execute("ROLLBACK")
    held.close()
    assert made.look(store, "SELECT count(*) FROM outbox") == [(100,)]


def test_readings_for_which_there_was_no_room_are_named_as_a_gap(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST_WAITING", 10)
    held = Writer(store, Policy())
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for i in range(30):
            held.add(made.reading(i, wall_ms=1_000_000 + i))
        other.execute("ROLLBACK")
    held.close()
    ((kept,),) = made.look(store, "SELECT count(*) FROM outbox")
    assert kept == 10
    assert made.look(store, "SELECT count, from_ms, until_ms FROM gaps") == [(20, 1_000_010, 1_000_029)]


def test_an_outbox_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no outbox"):
        Writer(Store(path=str(tmp_path / "none.db")), Policy())


def test_an_outbox_of_recordings_is_refused_with_what_to_do(store: Store) -> None:
    Outbox(store, Policy(), recorded=True).add_recordings([made.reading(1, recorded=True)])
    with pytest.raises(SettingsError, match=r"store.path .*: holds readings of recordings.*; name another file there"):
        Writer(store, Policy())


def test_a_damaged_outbox_is_told_to_who_asks(store: Store) -> None:
    held = Writer(store, Policy())
    held.add(made.reading(0))
    path = Path(store.path)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"\xff" * path.stat().st_size)
    ended = threading.Event()
    for i in range(1, 100):
        held.add(made.reading(i))
        try:
            held.check()
        except CorruptStore:
            ended.set()
            break
        time.sleep(0.05)
    assert ended.is_set()
    held.close()
