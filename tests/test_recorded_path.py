"""The way of a recording, on the real parts: handed over, through Mosquitto and ingest, into the database and pages.

It is there once, marked as what it is, however often it is handed over and whatever is killed on the way.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from central import database
from central.web import create_app
from contract.reading import Reading
from edge.analyze.handover import HandOver, hand_over
from tests.broker import needs_mosquitto
from tests.edge import made
from tests.way import BOX, Way, make_way, until

pytestmark = [needs_mosquitto, pytest.mark.timeout(180)]
DAY_S = 86_400


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """A way on which nothing runs but the broker and the centre."""
    for way in make_way(tmp_path):
        way.start("ingest")
        until(lambda way=way: "connected" in way.log(), "the centre is there")  # type: ignore[misc]
        yield way


def recording(count: int, *, age_s: int = 60 * DAY_S) -> list[Reading]:
    """The seconds of a file that was recorded so long ago: longer than the centre keeps the rows of live desks."""
    began = made.now_ms() // DAY_S // 1000 * DAY_S * 1000 - age_s * 1000
    return [made.reading(i, wall_ms=began + i * 1000, recorded=True) for i in range(count)]


def handed_over(way: Way, readings: list[Reading]) -> HandOver:
    """What became of them."""
    return hand_over(way.settings, readings, threading.Event(), patience_s=30.0)


def sums(way: Way) -> list[tuple[float, ...]]:
    """Seconds in either roll-up: seen, recorded, late."""
    return [
        way.ask(f"SELECT sum(seen_s), sum(recorded_s), sum(late_s) FROM {table}")[0]
        for table in ("minutes", "quarters")
    ]


def test_a_recording_is_in_the_database_once_however_often_it_is_handed_over(way: Way) -> None:
    readings = recording(600)
    assert handed_over(way, readings) == HandOver(added=600, known=0, received=600, set_aside=0, waiting=0)
    assert handed_over(way, readings) == HandOver(added=0, known=600, received=0, set_aside=0, waiting=0)
    assert way.ask("SELECT count(*), sum(recorded), sum(simulated), min(wall_ms) FROM readings") == [
        (600, 600, 0, readings[0].wall_ms)
    ]
    assert sums(way) == [(600.0, 600.0, 0.0)] * 2
    until(lambda: way.ask("SELECT recorded, online FROM boxes") == [(1, 0)], "the box says what it is, and goes")


def test_from_a_new_outbox_it_comes_again_and_nothing_doubles(way: Way) -> None:
    readings = recording(300)
    handed_over(way, readings)
    way.command("central", "purge", "--config", str(way.central_toml))
    for path in way.folder.glob("desk.db*"):
        path.unlink()
    assert handed_over(way, readings).received == 300
    assert way.stored() == 300
    assert sums(way) == [(300.0, 300.0, 0.0)] * 2


def test_a_broker_killed_in_the_middle_is_waited_for(way: Way) -> None:
    readings = recording(3000)
    killed = threading.Event()

    def kill_once(gone: int, _of: int) -> None:
        if gone and not killed.is_set():
            killed.set()
            way.broker.kill()
            time.sleep(1.0)
            way.broker.start()

    done = hand_over(way.settings, readings, threading.Event(), kill_once)
    assert killed.is_set()
    assert (done.received, done.waiting) == (3000, 0)
    assert way.stored() == 3000
    assert sums(way) == [(3000.0, 3000.0, 0.0)] * 2


def test_told_to_stop_it_leaves_the_rest_to_the_publisher(way: Way) -> None:
    way.end("ingest")
    stop = threading.Event()
    done = hand_over(way.settings, recording(200), stop, lambda _gone, _of: stop.set())
    assert done.waiting == 200
    way.start("ingest", "publish")
    way.settle()
    assert way.ask("SELECT count(*), sum(recorded) FROM readings") == [(200, 200)]
    assert way.ask("SELECT recorded FROM boxes") == [(1,)]


def test_what_is_older_than_recordings_are_kept_is_set_aside_by_name(way: Way) -> None:
    done = handed_over(way, recording(5, age_s=4 * 365 * DAY_S))
    assert (done.received, done.set_aside, done.waiting) == (0, 5, 0)
    assert way.stored() == 0
    [(why,)] = made.look(way.settings.store, "SELECT DISTINCT why FROM outbox WHERE state = 'set_aside'")
    assert why == "recorded longer ago than the centre keeps recordings (its retention.recorded_days)"
    assert len(way.ask("SELECT seq FROM refused")) == 5


def test_the_pages_show_it_as_recorded(way: Way) -> None:
    handed_over(way, recording(600))
    place = ("place", BOX, "--desk", "Shop", "--site", "Hanoi", "--zone", "Asia/Ho_Chi_Minh")
    way.command("central", *place, "--since", "2020-01-01T00:00+07:00", "--config", str(way.central_toml))
    with closing(sqlite3.connect(way.central)) as db:
        until(lambda: db.execute("SELECT recorded FROM boxes").fetchone() == (1,), "the box says what it is")
    pages = create_app(database.connect(f"sqlite:///{way.central}")).test_client()
    assert "data-recorded" in pages.get("/").text
    desk = pages.get("/desks/1", query_string={"range": "day", "lang": "en"}).text
    assert "Recorded, to " in desk
    row = re.search(r'<tr><th scope="row">07:00–08:00</th>(.*?)</tr>', desk)  # midnight UTC, in Hanoi
    assert row is not None
    assert row[1].startswith("<td>30%</td><td>10%</td><td>30%</td>"), "happy, surprised, neutral, as they were made"
    assert re.search(r"#g-rec\"/></svg> Recorded<", pages.get("/boxes", query_string={"lang": "en"}).text)
