"""When a desk is live, offline, catching up, not observed or too little seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from central.web.bins import Bin, Look, Sums
from central.web.records import Box, Desk, Newest
from central.web.states import LASTING_MS, MANY_LATE, SETTLE_MS, SILENT_MS, Now, State, desk_now, is_offline, known

NOW = 1_795_164_129_000
BOX = Box(
    box="box-a",
    online=True,
    simulated=False,
    recorded=False,
    last_seen_ms=NOW - 900,
    last_live_ms=NOW - 2000,
    software=None,
    model=None,
    epoch=None,
    clock_ok=True,
    frames_per_second=None,
    frame_ms=None,
    memory_mb=None,
    temperature_c=None,
    disk_free_mb=None,
    backend=None,
    building_step=None,
    building_share=None,
    engine_fault=None,
    waiting=0,
    set_aside=0,
    gaps=0,
    status_ms=NOW - 10_000,
)
LIVE = Newest(wall_ms=NOW - 2000, received_ms=NOW - 1000, duration_s=1.0, reason=None)
WELL = Bin(Look.OK, 900.0, Sums(seen_s=800.0), (1.0,) + (0.0,) * 7, 1.0)


def _desk(status: Box | None = BOX, newest: Newest | None = LIVE, box: str | None = "box-a") -> Desk:
    return Desk(id=1, site_id=1, name="A", team="", box=box, status=status, newest=newest)


def _now(desk: Desk, recent: Bin = WELL, arriving: dict[str, int] | None = None, late_s: float = 0.0) -> Now:
    return desk_now(desk, recent, late_s, arriving or {}, NOW)


def test_a_desk_whose_box_sends_is_live_and_has_a_figure() -> None:
    now = _now(_desk())
    assert now.state is State.LIVE
    assert now.figure is WELL


@pytest.mark.parametrize(("silence", "state"), [(SILENT_MS, State.LIVE), (SILENT_MS + 1, State.OFFLINE)])
def test_after_30_seconds_without_a_reading_a_desk_is_offline(silence: int, state: State) -> None:
    now = _now(_desk(newest=replace(LIVE, received_ms=NOW - silence)))
    assert now.state is state
    assert (now.figure is None) == (state is State.OFFLINE)


def test_the_will_of_a_box_makes_it_offline_at_once() -> None:
    assert _now(_desk(replace(BOX, online=False))).state is State.OFFLINE


def test_readings_count_before_the_first_word_of_a_box_about_itself() -> None:
    assert not is_offline(replace(BOX, online=False, status_ms=None), LIVE, NOW)


def test_a_lasting_reason_is_one_reading_a_minute_and_no_silence() -> None:
    newest = replace(LIVE, reason="not_observed", duration_s=60.0, received_ms=NOW - LASTING_MS - SILENT_MS)
    assert _now(_desk(newest=newest)).state is State.NOT
    old = replace(newest, received_ms=NOW - 2 * LASTING_MS - SILENT_MS - 1)
    assert _now(_desk(newest=old)).state is State.OFFLINE


def test_a_minute_that_is_told_when_it_is_over_is_not_late() -> None:
    newest = Newest(wall_ms=NOW - 63_000, received_ms=NOW - 2000, duration_s=60.0, reason="not_observed")
    assert _now(_desk(newest=newest)).state is State.NOT
    backlog = Newest(wall_ms=NOW - 200_000, received_ms=NOW - 2000, duration_s=60.0, reason="not_observed")
    assert _now(_desk(newest=backlog)).state is State.OFFLINE


def test_under_a_quarter_seen_a_live_desk_has_no_figure() -> None:
    now = _now(_desk(), Bin(Look.FEW, 900.0, Sums(seen_s=100.0)))
    assert now.state is State.FEW
    assert now.figure is None


def test_in_its_first_seconds_a_desk_is_not_called_too_little_seen() -> None:
    assert _now(_desk(), Bin(Look.FEW, 4.0, Sums(seen_s=0.5))).state is State.LIVE


def test_many_late_readings_make_a_desk_one_that_catches_up() -> None:
    waiting = _desk(replace(BOX, waiting=300))
    assert _now(waiting, arriving={"box-a": MANY_LATE}, late_s=900.0).arrived == pytest.approx(0.75)
    assert _now(waiting, arriving={"box-a": MANY_LATE - 1}).state is State.LIVE
    assert _now(_desk(), arriving={"box-a": MANY_LATE}).arrived is None


def test_a_desk_without_a_box_and_a_box_without_a_word_are_told_apart() -> None:
    assert _now(_desk(None, None, None)).state is State.UNPLACED
    assert _now(_desk(None, None)).state is State.NEVER


def test_what_has_not_had_time_to_arrive_is_not_missing() -> None:
    assert known(None, _desk(), NOW).settled_ms == NOW - SETTLE_MS


def test_after_a_lasting_reason_the_next_one_is_awaited_for_a_minute() -> None:
    newest = Newest(wall_ms=NOW - 70_000, received_ms=NOW - 69_000, duration_s=60.0, reason="not_observed")
    assert known(None, _desk(newest=newest), NOW).settled_ms == NOW - 10_000
