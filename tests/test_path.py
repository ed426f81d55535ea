"""The whole way of a reading, on the real parts: outbox, publisher, Mosquitto, ingest, database.

Whatever is killed, put back or purged on the way, nothing is lost without a name and nothing is stored twice.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.reading import Reading
from demo.tally import Tally
from tests.broker import needs_mosquitto
from tests.edge import made
from tests.way import Way, make_way, until

pytestmark = [needs_mosquitto, pytest.mark.timeout(180)]


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """An empty way, nothing running but the broker."""
    yield from make_way(tmp_path)


@pytest.fixture
def slow_way(tmp_path: Path) -> Iterator[Way]:
    """A way on which an outage is caught up with slowly enough to interrupt it."""
    yield from make_way(tmp_path, desk="catch_up_per_s = 300\n")


@pytest.fixture
def narrow_way(tmp_path: Path) -> Iterator[Way]:
    """A broker that takes no message of more than 2,000 bytes: a few readings, no batch of them."""
    yield from make_way(tmp_path, "message_size_limit 2000")


def past(first: int, last: int, age_s: int = 7200) -> list[Reading]:
    """The seconds `first` to `last` of a boot that began `age_s` ago."""
    began = made.now_ms() - age_s * 1000
    return [made.reading(index, wall_ms=began + index * 1000) for index in range(first, last + 1)]


def test_a_broker_killed_in_mid_stream_loses_nothing_and_doubles_nothing(slow_way: Way) -> None:
    way = slow_way
    way.keep(past(1, 1500))
    way.start("ingest", "publish")
    until(lambda: way.stored() > 200, "the stream runs")
    way.broker.kill()
    assert way.stored() < 1500, "the kill came too late to interrupt anything"
    way.broker.start()
    way.settle()
    assert way.tally() == Tally(made=1500, sent=1500, stored=1500, lost=0, duplicated=0, waiting=0, set_aside=0)


def test_a_centre_killed_between_message_and_commit_loses_nothing_and_doubles_nothing(way: Way) -> None:
    way.keep(past(1, 100))
    way.start("ingest")
    with closing(sqlite3.connect(way.central, timeout=10, isolation_level=None)) as blocker:
        until(lambda: "connected" in (way.folder / "ingest.log").read_text(), "the centre is there")
        blocker.execute("BEGIN IMMEDIATE")  # no commit can happen now
        way.start("publish")
        until(lambda: bool(made.look(way.settings.store, "SELECT 1 FROM outbox WHERE sent")), "readings are sent")
        time.sleep(2)
        way.end("ingest", signal.SIGKILL)
        assert way.waiting() == 100, "a receipt came without a commit"
        blocker.execute("ROLLBACK")
    assert way.stored() == 0
    way.start("ingest")
    way.settle()
    assert way.tally() == Tally(made=100, sent=100, stored=100, lost=0, duplicated=0, waiting=0, set_aside=0)


@pytest.mark.system
def test_a_centre_killed_again_and_again_loses_nothing_and_doubles_nothing(slow_way: Way) -> None:
    way = slow_way
    way.keep(past(1, 1500))
    way.start("publish")
    for part in (1, 2, 3):
        way.start("ingest")
        until(lambda part=part: way.stored() >= 300 * part, "the stream runs")  # type: ignore[misc]
        way.end("ingest", signal.SIGKILL)
    way.start("ingest")
    way.settle()
    assert way.tally() == Tally(made=1500, sent=1500, stored=1500, lost=0, duplicated=0, waiting=0, set_aside=0)


def test_an_outbox_put_back_from_a_copy_overwrites_nothing_and_begins_a_new_epoch(way: Way) -> None:
    way.keep(past(1, 50))
    way.start("ingest", "publish")
    way.settle()
    way.end("publish")
    copy = way.folder / "copy.db"
    with closing(sqlite3.connect(way.desk)) as there, closing(sqlite3.connect(copy)) as image:
        there.backup(image)
    way.keep(past(51, 70))
    way.start("publish")
    way.settle()
    way.end("publish")
    before = way.ask("SELECT epoch, seq, boot, started_ns, wall_ms FROM readings ORDER BY id")

    for path in (way.desk, Path(f"{way.desk}-wal"), Path(f"{way.desk}-shm")):
        path.unlink(missing_ok=True)
    shutil.copy(copy, way.desk)
    way.keep(past(1001, 1030))  # other seconds under the numbers 51 to 80
    way.start("publish")
    way.settle()

    assert way.ask("SELECT epoch, seq, boot, started_ns, wall_ms FROM readings ORDER BY id")[:70] == before
    assert way.stored() == 100
    assert len(way.ask("SELECT DISTINCT epoch FROM readings")) == 2
    assert way.ask("SELECT count(*) FROM quarantine")[0][0] > 0, "the contradiction was not named"
    tally = way.tally()
    assert tally.lost == tally.duplicated == tally.waiting == 0


def test_a_replay_after_raw_rows_were_purged_changes_nothing(way: Way) -> None:
    way.keep(past(1, 60, age_s=30 * 3600))
    copy = way.folder / "copy.db"
    with closing(sqlite3.connect(way.desk)) as there, closing(sqlite3.connect(copy)) as image:
        there.backup(image)
    way.start("ingest", "publish")
    way.settle()
    way.end("publish")
    way.end("ingest")
    sums = way.ask("SELECT * FROM quarters ORDER BY start_ms"), way.ask("SELECT * FROM minutes ORDER BY start_ms")
    text = way.central_toml.read_text(encoding="utf-8")
    way.central_toml.write_text(text + "[retention]\nraw_days = 1\n", encoding="utf-8")
    way.command("central", "purge", "--config", str(way.central_toml))
    assert way.stored() == 0, "nothing was purged"

    for path in (way.desk, Path(f"{way.desk}-wal"), Path(f"{way.desk}-shm")):
        path.unlink(missing_ok=True)
    shutil.copy(copy, way.desk)  # no receipt is known in it: all of it is sent again
    way.start("ingest", "publish")
    way.settle()
    assert way.stored() == 0
    assert (
        way.ask("SELECT * FROM quarters ORDER BY start_ms"),
        way.ask("SELECT * FROM minutes ORDER BY start_ms"),
    ) == sums


def test_a_desk_offline_for_a_thousand_readings_catches_up_in_order_with_live_readings_beside(slow_way: Way) -> None:
    way = slow_way
    way.keep(past(1, 1000))
    way.start("ingest", "publish")
    index = 5000
    until(lambda: way.stored() > 0, "the stream runs")
    while way.stored() < 1000:
        index += 1
        way.keep([made.reading(index)])
        time.sleep(0.5)
    way.settle()
    rows = way.ask("SELECT id, seq, historical, started_ns FROM readings ORDER BY id")
    late = [(seq, bool(historical)) for _, seq, historical, started_ns in rows if started_ns <= 1000 * 10**9]
    live = [(id_, bool(historical)) for id_, _, historical, started_ns in rows if started_ns > 1000 * 10**9]
    assert [seq for seq, _ in late] == sorted(seq for seq, _ in late)
    assert all(historical for _, historical in late)
    assert len(late) == 1000
    assert not any(historical for _, historical in live)
    last_late = max(id_ for id_, _, _, started_ns in rows if started_ns <= 1000 * 10**9)
    assert live[0][0] < last_late, "live readings waited for the late ones"
    tally = way.tally()
    assert tally.lost == tally.duplicated == tally.waiting == 0


def test_readings_pass_a_broker_that_takes_only_short_messages(narrow_way: Way) -> None:
    way = narrow_way
    way.keep(past(1, 20))
    way.start("ingest", "publish")
    until(lambda: way.stored() == 20, f"all arrive: {way.log()}")
    way.settle()
    assert way.tally() == Tally(made=20, sent=20, stored=20, lost=0, duplicated=0, waiting=0, set_aside=0)


def test_a_row_that_contradicts_the_contract_is_set_aside_by_name_and_the_next_ones_go(way: Way) -> None:
    way.keep(past(1, 9))
    with closing(sqlite3.connect(way.desk)) as db:
        db.execute("UPDATE outbox SET valence = -0.9 WHERE seq = 5")  # as a flipped bit on a worn disk
        db.commit()
    way.start("ingest", "publish")
    until(lambda: way.stored() == 8, f"the others arrive: {way.log()}")
    way.settle()
    until(lambda: way.ask("SELECT seq FROM refused") == [(5,)], "the centre is told its name")
    assert way.tally() == Tally(made=8, sent=9, stored=8, lost=0, duplicated=0, waiting=0, set_aside=1)
