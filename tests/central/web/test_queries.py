"""Each question the pages ask, on hand-made rows with answers known beforehand; on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from central.schema import minutes, placements, quarantine, quarters, refused
from central.web import machinery, queries
from central.web.ranges import HOUR, MINUTE, RANGES, SECOND, Window, window
from contract.reading import LASTING
from look import STACK
from tests.central.web import rows
from tests.central.web.rows import QUARTER, SAD

HANOI = ZoneInfo(rows.ZONE)
T0 = 1_795_136_400_000  # 20 November 2026, 08:00 in Hanoi
HAPPINESS, SADNESS = STACK.index("happiness"), STACK.index("sadness")


def _minutes(count: int, *, step_ms: int = MINUTE) -> Window:
    return Window(
        range=RANGES["hour"], zone=HANOI, start_ms=T0, step_ms=step_ms, count=count, now_ms=T0 + count * step_ms
    )


def _seconds(count: int) -> Window:
    return Window(
        range=RANGES["15min"], zone=HANOI, start_ms=T0, step_ms=5 * SECOND, count=count, now_ms=T0 + count * 5 * SECOND
    )


def test_desks_stand_in_desk_order_with_the_box_that_serves_them_now(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        last = rows.desk(connection, "B", box="box-b", position=2, team="Night")
        first = rows.desk(connection, "A", box="box-old", position=1)
        rows.desk(connection, "C", position=3)
        connection.execute(placements.update().where(placements.c.box == "box-old").values(until_ms=T0))
        rows.placed(connection, "box-new", first, T0)
        rows.box(connection, "box-new", live_ms=T0, simulated=True)
        rows.reading(connection, "box-new", T0, reason="dark")
        before, after, other = queries.desks_now(connection, T0 + 1, site_id=1)
    assert [before.name, after.name, other.name] == ["A", "B", "C"]
    assert (before.box, after.box, other.box) == ("box-new", "box-b", None)
    assert before.simulated
    assert before.newest is not None
    assert before.newest.reason == "dark"
    assert after.id == last
    assert after.status is None


def test_the_newest_reading_tells_whether_it_came_late(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        for name, wall_ok in (("box-a", True), ("box-b", False)):
            rows.desk(connection, name, box=name)
            rows.box(connection, name, live_ms=T0)
            rows.reading(connection, name, T0)
            rows.reading(connection, name, T0 + MINUTE, received_ms=T0 + HOUR, historical=True, wall_ok=wall_ok)
        late, other = queries.desks_now(connection, T0, site_id=1)
    assert late.newest is not None
    assert late.newest.late
    assert late.live_until_ms == T0  # what the box's last live reading was is kept beside it
    assert other.newest is not None
    assert other.newest.wall_ms == T0  # a reading whose clock was off says nothing of when
    assert not other.newest.late


def test_readings_add_up_by_desk_and_column(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        one, two = rows.desk(connection, "A", box="box-a"), rows.desk(connection, "B", box="box-b")
        rows.minute(connection, "box-a", T0, seen=60.0)
        rows.minute(connection, "box-a", T0 + MINUTE, seen=30.0, shares=SAD, unseen_s=20.0, late_s=50.0)
        rows.minute(connection, "box-a", T0 + 5 * MINUTE, not_observed_s=60.0)
        rows.minute(connection, "box-b", T0 - MINUTE, seen=60.0)  # before the window
        found = queries.sums(connection, _minutes(2, step_ms=5 * MINUTE), [one, two])
    assert set(found) == {one}
    first, second = found[one][0], found[one][1]
    assert (first.seen_s, first.unseen_s, first.late_s, first.first_ms) == (90.0, 20.0, 50.0, T0)
    assert first.shares[HAPPINESS] == pytest.approx(60 * 0.8)
    assert first.shares[SADNESS] == pytest.approx(30 * 0.6)
    assert first.valence == pytest.approx(60 * 0.8 - 30 * 0.6)
    assert second.not_observed_s == 60.0


def test_raw_readings_add_up_weighted_by_their_length(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        rows.reading(connection, "box-a", T0, duration_s=3.0)
        rows.reading(connection, "box-a", T0 + 3 * SECOND, shares=SAD)
        rows.reading(connection, "box-a", T0 + 4 * SECOND, reason="no_face", historical=True)
        rows.reading(connection, "box-a", T0 + 5 * SECOND, reason="not_observed", duration_s=60.0)
        rows.reading(connection, "box-a", T0 + 6 * SECOND, wall_ok=False)  # its clock was off: in no roll-up either
        found = queries.sums(connection, _seconds(4), [desk])[desk]
    assert (found[0].seen_s, found[0].unseen_s, found[0].late_s) == (4.0, 1.0, 1.0)
    assert found[0].shares[HAPPINESS] == pytest.approx(3 * 0.8)
    assert found[0].shares[SADNESS] == pytest.approx(0.6)
    assert (found[1].seen_s, found[1].not_observed_s) == (0.0, 60.0)


def test_columns_before_the_window_are_negative(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        rows.reading(connection, "box-a", T0 - 30 * SECOND, reason="not_observed", duration_s=60.0)
        found = queries.sums(connection, _seconds(4), [desk], lead=12)[desk]
    assert list(found) == [-6]


def test_a_bin_in_which_a_box_was_moved_is_shown_at_neither_desk(engine: Engine) -> None:
    moved = T0 + 90 * SECOND
    with engine.begin() as connection:
        rows.site(connection)
        old, new = rows.desk(connection, "A"), rows.desk(connection, "B")
        rows.placed(connection, "box-a", old, T0, moved)
        rows.placed(connection, "box-a", new, moved)
        for start in range(T0, T0 + 4 * MINUTE, MINUTE):
            rows.minute(connection, "box-a", start, seen=60.0)
        found = queries.sums(connection, _minutes(4), [old, new])
    assert {desk: sorted(columns) for desk, columns in found.items()} == {old: [0], new: [2, 3]}


def test_raw_readings_of_a_moved_box_are_parted_to_the_second(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        old, new = rows.desk(connection, "A"), rows.desk(connection, "B")
        rows.placed(connection, "box-a", old, T0, T0 + 2 * SECOND)
        rows.placed(connection, "box-a", new, T0 + 2 * SECOND)
        for second in range(5):
            rows.reading(connection, "box-a", T0 + second * SECOND)
        found = queries.sums(connection, _seconds(1), [old, new])
    assert (found[old][0].seen_s, found[new][0].seen_s) == (2.0, 3.0)


def test_the_bin_in_which_a_box_was_first_placed_counts_whole(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a", from_ms=T0 + 20 * SECOND)
        rows.minute(connection, "box-a", T0, seen=40.0)
        rows.minute(connection, "box-a", T0 - MINUTE, seen=60.0)  # from before it stood here
        found = queries.sums(connection, _minutes(1), [desk])
        begun = queries.begun(connection, [desk])
    assert found[desk][0].seen_s == 40.0
    assert begun == {desk: T0 + 20 * SECOND}


def test_a_desk_begins_with_its_first_raw_reading_while_that_is_kept(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        kept, purged = rows.desk(connection, "A", box="box-a"), rows.desk(connection, "B", box="box-b")
        silent = rows.desk(connection, "C", box="box-c")
        rows.minute(connection, "box-a", T0, seen=20.0)
        rows.reading(connection, "box-a", T0 + 40 * SECOND)
        rows.minute(connection, "box-b", T0, seen=20.0)
        rows.reading(connection, "box-b", T0 + 10 * MINUTE)
        begun = queries.begun(connection, [kept, purged, silent])
    assert begun == {kept: T0 + 40 * SECOND, purged: T0}


def test_what_a_box_read_before_it_stood_at_a_desk_is_not_the_desk_s(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a", from_ms=T0 + 20 * SECOND)
        rows.minute(connection, "box-a", T0, seen=60.0)
        for second in (0, 10, 30, 40):
            rows.reading(connection, "box-a", T0 + second * SECOND)
        assert queries.begun(connection, [desk]) == {desk: T0 + 30 * SECOND}


def test_a_day_opens_with_the_first_quarter_hour_observed(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        rows.quarter(connection, "box-a", T0, not_observed_s=900.0)
        rows.quarter(connection, "box-a", T0 + QUARTER, unseen_s=10.0)
        assert queries.first_since(connection, [desk], T0) == T0 + QUARTER
        assert queries.first_since(connection, [desk], T0 + 2 * QUARTER) is None


def test_hours_of_a_zone_at_quarter_to_are_put_together_from_quarter_hours(engine: Engine) -> None:
    zone = ZoneInfo("Asia/Kathmandu")
    ten = round(datetime(2026, 11, 20, 10, tzinfo=zone).timestamp() * 1000)
    with engine.begin() as connection:
        rows.site(connection, zone=zone.key)
        desk = rows.desk(connection, "A", box="box-a")
        for quarter in range(-1, 5):
            rows.quarter(connection, "box-a", ten + quarter * QUARTER, seen=100.0 + quarter)
        week = window(RANGES["week"], zone, ten + 2 * HOUR)
        found = queries.sums(connection, week, [desk])[desk]
    at_ten = (ten - week.start_ms) // HOUR
    assert {column: item.seen_s for column, item in found.items()} == {
        at_ten - 1: 99.0,
        at_ten: 100.0 + 101.0 + 102.0 + 103.0,
        at_ten + 1: 104.0,
    }


def test_simulated_quarter_hours_are_in_no_usual_range(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        one, two = rows.desk(connection, "A", box="box-a"), rows.desk(connection, "B", box="box-b")
        rows.quarter(connection, "box-a", T0, seen=100.0)
        rows.quarter(connection, "box-b", T0, seen=300.0, shares=SAD)
        rows.quarter(connection, "box-b", T0 + QUARTER, seen=300.0, simulated_s=300.0)
        rows.quarter(connection, "box-a", T0 + 2 * QUARTER, seen=50.0)  # in no span
        spans = [(T0, T0 + 2 * QUARTER)]
        together = queries.quarters_together(connection, [one, two], spans)
        alone = queries.quarters_by_desk(connection, [one, two], spans)
    assert {start: sums.seen_s for start, sums in together.items()} == {T0: 400.0}
    assert together[T0].valence == pytest.approx(100 * 0.8 - 300 * 0.6)
    assert {desk: list(found) for desk, found in alone.items()} == {one: [T0], two: [T0]}


def test_every_box_is_listed_whether_it_was_heard_of_or_only_placed(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-placed")
        rows.box(connection, "box-stray", live_ms=T0)
        rows.put_aside(connection, quarantine, "box-stray", 1)
        rows.put_aside(connection, quarantine, "box-stray", 2)
        rows.put_aside(connection, refused, "box-stray", 3)
        rows.lost(connection, "box-stray", T0, T0 + MINUTE, count=60)
        rows.lost(connection, "box-stray", T0 + HOUR, T0 + HOUR + MINUTE, count=70)
        placed, stray = machinery.all_boxes(connection, T0)
        counts = machinery.counts(connection, "box-stray")
    assert (placed.box, placed.desk_id, placed.status) == ("box-placed", desk, None)
    assert (stray.box, stray.desk_id, stray.quarantined, stray.refused) == ("box-stray", None, 2, 1)
    assert (stray.gap_records, stray.lost) == (2, 130)
    assert counts == (2, 1, 2)


def test_late_readings_of_the_last_seconds_are_counted_by_box(engine: Engine) -> None:
    with engine.begin() as connection:
        for second in range(3):
            rows.reading(connection, "box-a", T0 + second * SECOND, historical=True, received_ms=T0 + HOUR)
        rows.reading(connection, "box-b", T0, historical=True, received_ms=T0 + HOUR - MINUTE)
        rows.reading(connection, "box-c", T0, received_ms=T0 + HOUR)
        assert machinery.arriving(connection, T0 + HOUR - 20 * SECOND) == {"box-a": 3}


def test_gap_records_are_found_by_desk_and_time(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk, other = rows.desk(connection, "A", box="box-a"), rows.desk(connection, "B", box="box-b")
        rows.lost(connection, "box-a", T0, T0 + MINUTE, count=60, cause="disk_full")
        rows.lost(connection, "box-a", T0 + HOUR, T0 + HOUR + MINUTE, count=50)
        (late,) = machinery.lost(connection, desk, T0 + HOUR)
        newest, count = machinery.all_lost(connection, desk, 1)
        assert machinery.all_lost(connection, desk, 5) == ((late, *machinery.lost(connection, desk, T0)[:1]), 2)
        assert machinery.lost(connection, other, T0) == ()
        assert machinery.all_lost(connection, other, 5) == ((), 0)
    assert (late.count, late.cause) == (50, "full_days")
    assert (newest, count) == ((late,), 2)


def test_what_came_late_is_told_by_minute_with_its_arrival(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        for second, received in ((0, T0 + HOUR), (1, T0 + HOUR + 1), (70, T0 + HOUR + 2)):
            rows.reading(connection, "box-a", T0 + second * SECOND, historical=True, received_ms=received)
        rows.reading(connection, "box-a", T0 + 5 * SECOND)
        found = machinery.arrivals(connection, desk, T0, T0 + HOUR)
    told = {minute: (arrival.count, arrival.last_ms) for minute, arrival in found.items()}
    assert told == {T0: (2, T0 + HOUR + 1), T0 + MINUTE: (1, T0 + HOUR + 2)}


def test_reasons_are_counted_within_their_span_alone(engine: Engine) -> None:
    spans = [(T0 + MINUTE, T0 + 2 * MINUTE), (T0, T0 + 30 * SECOND)]
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        for second, reason in ((0, "dark"), (1, "dark"), (2, "no_face"), (40, "blurred"), (60, "covered")):
            rows.reading(connection, "box-a", T0 + second * SECOND, reason=reason)
        rows.reading(connection, "box-a", T0 + 3 * SECOND)
        found = machinery.reasons(connection, desk, spans)
    assert found == {spans[0]: {"covered": 1.0}, spans[1]: {"dark": 2.0, "no_face": 1.0}}


def test_reasons_that_last_keep_nobody_from_being_seen(engine: Engine) -> None:
    span = (T0, T0 + MINUTE)
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        for second, reason in enumerate(LASTING):
            rows.reading(connection, "box-a", T0 + second * SECOND, reason=reason.value, duration_s=60.0)
        rows.reading(connection, "box-a", T0 + 30 * SECOND, reason="dark")
        assert machinery.reasons(connection, desk, [span]) == {span: {"dark": 1.0}}


def test_the_last_readings_come_newest_first(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        for second in range(5):
            rows.reading(connection, "box-a", T0 + second * SECOND, reason="dark" if second == 3 else None)
        found = machinery.last_readings(connection, desk, T0, 3)
    assert [item.wall_ms - T0 for item in found] == [4000, 3000, 2000]
    assert found[1].reason == "dark"
    assert found[1].shares is None
    assert found[0].shares is not None
    assert found[0].shares[HAPPINESS] == pytest.approx(0.8)


def test_asking_writes_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        rows.site(connection)
        desk = rows.desk(connection, "A", box="box-a")
        rows.minute(connection, "box-a", T0, seen=60.0)
    with engine.connect() as connection:
        queries.sums(connection, _minutes(1), [desk])
        machinery.all_boxes(connection, T0)
    with engine.connect() as connection:
        assert len(connection.execute(select(minutes)).all()) == 1
        assert len(connection.execute(select(quarters)).all()) == 0
