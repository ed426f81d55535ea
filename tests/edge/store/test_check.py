"""The process `store`: a new file, an old one, a newer one, a broken one."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from contract.messages import GapCause, Receipt
from contract.reading import Reading
from edge.errors import CorruptStore, SchemaVersionError, StoreError
from edge.settings import Policy, Store
from edge.store import Outbox, Relay, prepare
from edge.store.rows import COLUMNS, to_row
from edge.store.schema import migrations
from tests.edge.made import BOOT, look, now_ms, reading

MIRROR = Policy(name="mirror", publish=False)
PAGE = 4096
ROWS, IDENTITIES = 0x0D, 0x0A  # the first byte of a leaf page of a table and of an index


def _fill(store: Store, count: int, received: int = 0) -> str:
    """Add readings, of which the centre has the first `received`; returns the epoch."""
    Outbox(store, Policy()).add_many([reading(i) for i in range(count)])
    relay = Relay(store)
    relay.mark_sent(range(1, received + 1))
    if received:
        relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=((1, received),)))
    relay.close()
    return relay.epoch


def _checkpoint(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _break(store: Store, kind: int, part: float) -> None:
    """Overwrite one page of readings (`ROWS`) or of their identities (`IDENTITIES`), so far into the file."""
    _checkpoint(store)
    path = Path(store.path)
    content = path.read_bytes()
    pages = [content[at : at + PAGE] for at in range(0, len(content), PAGE)]
    of_kind = [number for number, page in enumerate(pages) if page[0] == kind and BOOT.encode() in page]
    pages[of_kind[int(len(of_kind) * part)]] = b"\xa5" * PAGE
    path.write_bytes(b"".join(pages))


def _shorten(store: Store, *parts: float) -> None:
    """Take the last five rows off pages of readings, so far into the file, as if their last writes were lost."""
    _checkpoint(store)
    path = Path(store.path)
    content = bytearray(path.read_bytes())
    of_kind = [
        at for at in range(0, len(content), PAGE) if content[at] == ROWS and BOOT.encode() in content[at:][:PAGE]
    ]
    for part in parts:
        cells = of_kind[int(len(of_kind) * part)] + 3
        content[cells : cells + 2] = (int.from_bytes(content[cells : cells + 2], "big") - 5).to_bytes(2, "big")
    path.write_bytes(content)


def _break_indexes(store: Store) -> None:
    """Overwrite the first page of the indexes that hold the numbers of rows."""
    path = Path(store.path)
    content = bytearray(path.read_bytes())
    for (root,) in look(store, "SELECT rootpage FROM sqlite_master WHERE name IN ('outbox_state', 'outbox_wall')"):
        content[(root - 1) * PAGE : root * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)


@pytest.fixture
def first_version(tmp_path: Path) -> Store:
    """A file as the first version made it, with two readings."""
    store = Store(path=str(tmp_path / "first.db"))
    with closing(Database(store.path)) as db:
        migrations.apply(db, stop_before="m002_recorded")
        db["meta"].insert({"id": 1, "epoch": "e0" * 8, "begun_ms": 0})
        columns = [name for name in COLUMNS if name != "recorded"]
        for made in (reading(1), reading(2, simulated=True)):
            row = dict(zip(COLUMNS, to_row(made), strict=True))
            db["outbox"].insert({name: row[name] for name in columns})
    return store


def _kept(store: Store) -> list[Reading]:
    relay = Relay(store)
    return relay.load([head.seq for head in relay.oldest(100_000)][:30_000])


def test_a_new_file_has_the_mode_that_lets_the_group_write(tmp_path: Path) -> None:
    store = Store(path=str(tmp_path / "new" / "desk.db"))
    assert prepare(store).made
    Outbox(store, Policy()).add(reading(1))
    relay = Relay(store)
    for part in (store.path, store.path + "-wal", store.path + "-shm"):
        assert stat.S_IMODE(Path(part).stat().st_mode) == 0o660, part
    relay.close()


def test_a_file_of_another_mode_gets_it_back(store: Store) -> None:
    Path(store.path).chmod(0o600)
    prepare(store)
    assert stat.S_IMODE(Path(store.path).stat().st_mode) == 0o660


def test_a_second_start_changes_nothing(store: Store) -> None:
    epoch = _fill(store, 10)
    found = prepare(store)
    assert (found.epoch, found.made, found.moved_aside) == (epoch, False, None)
    assert Relay(store).counts().waiting == 10


def test_the_others_refuse_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no outbox; run `mien-desk store"):
        Outbox(Store(path=str(tmp_path / "none.db")), Policy())


def test_a_file_of_newer_software_is_refused_by_all_and_left_alone(store: Store) -> None:
    _fill(store, 3)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('mien-desk', 'm999', '')")
        db.commit()
    for attempt in (lambda: Relay(store), lambda: Outbox(store, Policy()), lambda: prepare(store)):
        with pytest.raises(SchemaVersionError, match=r"newer software \(m999\)"):
            attempt()
    assert look(store, "SELECT count(*) FROM outbox") == [(3,)]


def test_a_file_of_older_software_is_refused_by_the_others(tmp_path: Path) -> None:
    store = Store(path=str(tmp_path / "empty.db"))
    Path(store.path).touch()
    with pytest.raises(SchemaVersionError, match="older software; run `mien-desk store"):
        Relay(store)
    prepare(store)
    assert Relay(store).counts().waiting == 0


def test_a_file_of_the_first_version_is_migrated_and_its_readings_are_of_a_camera(first_version: Store) -> None:
    prepare(first_version)
    assert [(reading.seq, reading.simulated, reading.recorded) for reading in _kept(first_version)] == [
        (1, False, False),
        (2, True, False),
    ]
    assert not Relay(first_version).is_recorded()


def test_of_a_broken_file_of_the_first_version_what_can_be_read_goes_on(first_version: Store) -> None:
    _break(first_version, IDENTITIES, 0)
    assert prepare(first_version).salvaged == 2
    assert [reading.seq for reading in _kept(first_version)] == [1, 2]


def test_a_file_that_is_no_database_is_moved_aside_and_the_loss_is_named(store: Store) -> None:
    epoch = _fill(store, 10)
    _checkpoint(store)
    Path(store.path).write_bytes(b"not a database at all, but some other file" * 1000)
    with pytest.raises(CorruptStore, match="run `mien-desk store"):
        Relay(store)
    found = prepare(store)
    assert found.epoch != epoch
    assert found.moved_aside is not None
    assert found.moved_aside.exists()
    assert found.moved_aside.name.startswith(f"desk.db.broken-{time.strftime('%Y', time.gmtime())}")
    (owed,) = Relay(store).gaps(10)
    assert (owed.epoch, owed.gap.cause) == (found.epoch, GapCause.CORRUPT)
    assert abs(owed.gap.until_ms - now_ms()) < 10_000
    assert Outbox(store, Policy()).add(reading(99)) > owed.gap.last


def test_rows_that_can_still_be_read_go_on_and_the_others_are_named(store: Store) -> None:
    epoch = _fill(store, 2000)
    Outbox(store, MIRROR).add(reading(9000))
    _break(store, ROWS, 0.5)
    found = prepare(store)
    kept = {reading.seq for reading in _kept(store)}
    (owed,) = Relay(store).gaps(10)
    lost = set(range(owed.gap.first, owed.gap.last + 1))
    assert owed.epoch == epoch
    assert owed.gap.cause is GapCause.CORRUPT
    assert 0 < len(lost) < 100
    assert kept | lost == set(range(1, 2001))
    assert not kept & lost
    assert Relay(store).counts().mirror == 1
    assert found.salvaged == len(kept) + 1
    assert found.epoch == Relay(store).epoch != epoch
    assert Relay(store).sent_range() is None


def test_of_a_broken_file_received_rows_stay_received(store: Store) -> None:
    _fill(store, 2000, received=1500)
    _break(store, ROWS, 0.2)
    prepare(store)
    assert [reading.seq for reading in _kept(store)] == list(range(1501, 2001))
    assert 1400 < Relay(store).counts().received < 1500


def test_a_row_that_is_no_reading_any_more_is_named(store: Store) -> None:
    epoch = _fill(store, 2000, received=10)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE outbox SET neutral = 1.0 WHERE seq IN (5, 1000, 1001)")  # the shares add up no more
        db.commit()
    _break(store, IDENTITIES, 0.5)
    prepare(store)
    (owed,) = Relay(store).gaps(10)
    assert (owed.epoch, owed.gap.first, owed.gap.last, owed.gap.count) == (epoch, 1000, 1001, 2)
    assert len(_kept(store)) == 1988


def test_rows_that_a_page_silently_lacks_are_named(store: Store) -> None:
    """A page that was not written, or an older one in its place, reads without an error."""
    epoch = _fill(store, 1000, received=300)
    _shorten(store, 0.2, 0.5, 0.8)
    prepare(store)
    kept = {reading.seq for reading in _kept(store)}
    gaps = Relay(store).gaps(10)
    assert {(owed.epoch, owed.gap.cause, owed.gap.count) for owed in gaps} == {(epoch, GapCause.CORRUPT, 5)}
    lost = {seq for owed in gaps for seq in range(owed.gap.first, owed.gap.last + 1)}
    assert len(lost) == 10  # five of the fifteen were received
    assert kept | lost == set(range(301, 1001))
    assert Relay(store).counts().received == 295


def test_they_are_named_by_the_holes_that_they_leave_where_the_indexes_are_broken_too(store: Store) -> None:
    _fill(store, 1000)
    Outbox(store, Policy()).lost(7, 0, 7000)
    Outbox(store, Policy()).add_many([reading(i) for i in range(1000, 1500)])
    _shorten(store, 0.5, 0.99)
    _break_indexes(store)
    prepare(store)
    kept = {reading.seq for reading in _kept(store)}
    corrupt = [owed.gap for owed in Relay(store).gaps(10) if owed.gap.cause is GapCause.CORRUPT]
    lost = {seq for gap in corrupt for seq in range(gap.first, gap.last + 1)}
    assert len(lost) == 10
    assert kept | lost == set(range(1, 1508)) - set(range(1001, 1008))


def test_rows_that_were_received_and_let_go_of_are_not_named_as_lost(store: Store) -> None:
    _fill(store, 1000, received=600)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("DELETE FROM outbox WHERE seq BETWEEN 1 AND 100 OR seq BETWEEN 300 AND 400")
        db.commit()
    _break(store, IDENTITIES, 0.5)
    prepare(store)
    assert Relay(store).gaps(10) == []
    assert Relay(store).counts().received == 399


def test_a_row_whose_state_is_none_that_is_known_is_named(store: Store) -> None:
    _fill(store, 1000)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("UPDATE outbox SET state = 'waitinh' WHERE seq = 500")
        db.commit()
    prepare(store)
    (owed,) = Relay(store).gaps(10)
    assert (owed.gap.first, owed.gap.last) == (500, 500)
    assert len(_kept(store)) == 999


def test_a_broken_index_costs_no_reading(store: Store) -> None:
    _fill(store, 2000)
    _break(store, IDENTITIES, 0.5)
    assert prepare(store).moved_aside is not None
    assert len(_kept(store)) == 2000
    assert Relay(store).gaps(10) == []


def test_gaps_that_the_centre_does_not_know_survive_a_broken_file(store: Store) -> None:
    epoch = _fill(store, 2000)
    Outbox(store, Policy()).lost(7, 0, 7000)
    _break(store, IDENTITIES, 0.5)
    prepare(store)
    (owed,) = Relay(store).gaps(10)
    assert (owed.epoch, owed.gap.first, owed.gap.last) == (epoch, 2001, 2007)


def test_a_broken_file_is_kept_no_longer_than_readings_are(store: Store) -> None:
    aside = Path(store.path + ".broken-20200101T000000.000000Z")
    young = Path(store.path + ".broken-20990101T000000.000000Z")
    for path in (aside, young):
        path.touch()
    old = time.time() - (store.keep_days + 1) * 86_400
    os.utime(aside, (old, old))
    prepare(store)
    assert not aside.exists()
    assert young.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="check the folder"):
        prepare(Store(path=str(tmp_path / "file" / "desk.db")))


def _overwrite_a_page(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT max(pageno) FROM dbstat WHERE name = 'outbox' AND pagetype = 'leaf'").fetchone()
    with Path(store.path).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xaa" * 4096)


def _left(store: Store) -> int:
    count: int = look(store, "SELECT count(*) FROM opened")[0][0]
    return count


def test_only_where_someone_did_not_close_it_in_order_each_page_is_looked_at(store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.add_many([reading(index) for index in range(2000)])
    outbox.close()
    assert _left(store) == 0
    _overwrite_a_page(store)
    assert prepare(store).moved_aside is None
    left_open = Relay(store)
    assert _left(store) == 1
    assert prepare(store).moved_aside is not None
    left_open.close()


def test_who_meets_damage_leaves_word_of_it_though_it_closes_in_order(store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.add_many([reading(index) for index in range(2000)])
    outbox.close()
    _overwrite_a_page(store)
    relay = Relay(store)
    with pytest.raises(CorruptStore):
        relay.load(range(1, 2001))
    relay.close()
    assert _left(store) == 1
    assert prepare(store).moved_aside is not None


def test_a_line_of_another_boot_is_taken_away_and_one_of_this_boot_may_still_be_true(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("INSERT INTO opened (boot) VALUES ('0123456789abcdef')")
        db.commit()
    relay = Relay(store)
    assert _left(store) == 2
    prepare(store)
    assert _left(store) == 1
    relay.close()
    assert _left(store) == 0


def test_who_only_looks_leaves_no_line(store: Store) -> None:
    relay = Relay(store, read_only=True)
    assert _left(store) == 0
    relay.close()
