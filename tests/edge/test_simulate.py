"""Simulated desks: what they make, and that they go the way of real ones."""

from __future__ import annotations

import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from contract.reading import LASTING, Reading, Reason
from edge import simulate
from edge.settings import Settings
from edge.simulate import MODEL, Desk, Face
from edge.store import Relay, prepare
from tests.broker import mosquitto, needs_mosquitto
from tests.edge.centre import Centre, wait_for
from tests.edge.made import look, now_ms, settings

HOURS = 8


@pytest.fixture(scope="module")
def day() -> list[Reason | tuple[float, ...]]:
    """The seconds of a working day."""
    face = Face(seed=7)
    return [face.second() for _ in range(HOURS * 3600)]


def _desk(folder: Path) -> tuple[Settings, Desk]:
    made = settings(folder)
    prepare(made.store)
    return made, Desk(made, seed=3)


def _readings(made: Settings) -> list[Reading]:
    relay = Relay(made.store)
    return relay.load([head.seq for head in relay.oldest(30_000)])


def test_the_same_seed_gives_the_same_course() -> None:
    one, two, other = ([Face(seed).second() for _ in range(1)] for seed in (5, 5, 6))
    assert one == two != other


def test_shares_add_up_and_drift_slowly(day: list[Reason | tuple[float, ...]]) -> None:
    shares = [state for state in day if isinstance(state, tuple)]
    assert all(abs(sum(one) - 1.0) < 1e-9 for one in shares)
    steps = [
        abs(before - after)
        for one, two in pairwise(day)
        if isinstance(one, tuple) and isinstance(two, tuple)
        for before, after in zip(one, two, strict=True)
    ]
    assert max(steps) < 0.2


def test_most_of_a_day_is_seen_and_spells_without_a_face_lie_between(day: list[Reason | tuple[float, ...]]) -> None:
    seen = sum(isinstance(state, tuple) for state in day)
    assert 0.6 < seen / len(day) < 0.97
    reasons = Counter(state for state in day if isinstance(state, Reason))
    assert {Reason.NO_FACE, Reason.PAUSED, Reason.TURNED_AWAY} <= set(reasons)


def test_every_reading_says_that_it_is_simulated(tmp_path: Path) -> None:
    made, desk = _desk(tmp_path)
    for second in range(600):
        desk.step(1_800_000_000 + second)
    readings = _readings(made)
    assert all(reading.simulated and reading.model == MODEL for reading in readings)
    assert len(readings) > 300


def test_a_history_fills_the_past_without_overlap_and_only_once(tmp_path: Path) -> None:
    made, desk = _desk(tmp_path)
    now_s = now_ms() / 1000
    count = desk.fill(HOURS, 10.0, now_s)
    readings = _readings(made)
    assert count == len(readings) > 1000
    begins = [reading.wall_ms for reading in readings]
    ends = [reading.wall_ms + round(reading.duration_s * 1000) for reading in readings]
    assert begins == sorted(begins)
    assert all(end <= begin for end, begin in zip(ends, begins[1:], strict=False))
    assert 0 <= begins[0] - (now_s - HOURS * 3600) * 1000 < 61_000
    assert ends[-1] <= now_s * 1000 + 1
    assert desk.fill(HOURS, 10.0, now_s) == 0


def test_reasons_that_last_are_one_row_a_minute(tmp_path: Path) -> None:
    made, desk = _desk(tmp_path)
    desk.fill(HOURS, 1.0, now_ms() / 1000)
    rows = look(made.store, "SELECT reason, duration_s FROM outbox WHERE reason = 'paused'")
    assert rows
    assert max(length for _, length in rows) == 60.0
    assert sum(length for _, length in rows) > 10 * len(rows)
    short = look(made.store, "SELECT DISTINCT duration_s FROM outbox WHERE reason IS NULL OR reason <> 'paused'")
    assert short == [(1.0,)]
    assert Reason.PAUSED in LASTING


@needs_mosquitto
def test_eleven_desks_in_one_process_reach_the_centre(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker, Centre(broker.port) as centre:
        desks = [settings(tmp_path, broker.port, box=f"sim-{number:02d}") for number in range(1, 12)]
        for desk in desks:
            prepare(desk.store)
        stop = threading.Event()
        runs = threading.Thread(
            target=simulate.run, args=(desks, stop), kwargs={"seed": 1, "hours": 0.2, "step_s": 10.0}
        )
        runs.start()
        try:
            wait_for(lambda: all(len(_received(desk)) > 30 for desk in desks), "past and present of all arrive", 40)
        finally:
            stop.set()
            runs.join(20)
        assert not runs.is_alive()
        assert all(status.simulated for status in centre.statuses if status.online)
        assert all(reading.simulated for message in centre.messages for reading in message.readings)
        assert {message.historical for message in centre.messages} == {True, False}


def _received(desk: Settings) -> list[int]:
    return [seq for (seq,) in look(desk.store, "SELECT seq FROM outbox WHERE state = 'received'")]
