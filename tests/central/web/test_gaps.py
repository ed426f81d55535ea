"""The gaps of a day and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from central.schema import placements
from central.web import queries
from central.web.bins import Bin, Look, Sums
from central.web.gaps import Gaps, gaps_of, runs
from central.web.language import language
from central.web.ranges import DAY, HOUR, MINUTE, RANGES, SECOND, Window
from central.web.records import Desk
from tests.central.web import rows

T0 = 1_795_136_400_000  # Friday 20 November 2026, 08:00 in Hanoi
TODAY = T0 - 8 * HOUR
MARKS = {"o": Look.OK, "g": Look.GAP, "f": Look.FEW, "l": Look.LATE, "n": Look.NOT}


def _bins(marks: str) -> tuple[Bin, ...]:
    return tuple(Bin(MARKS[mark], 60.0, Sums()) for mark in marks)


def _window(count: int) -> Window:
    """Minutes of which the last is in progress."""
    return Window(
        range=RANGES["day"],
        zone=ZoneInfo(rows.ZONE),
        start_ms=T0,
        step_ms=MINUTE,
        count=count,
        now_ms=T0 + count * MINUTE - 1,
    )


def _gaps(engine: Engine, marks: str, *, offline: bool = False) -> Gaps:
    with engine.connect() as connection:
        (desk,) = queries.desks_now(connection, T0, site_id=1)
        day = _window(len(marks))
        words = language("en")
        return gaps_of(connection, desk, _bins(marks), day, since_ms=TODAY, offline=offline, words=words)


def _floor(engine: Engine, **box: int) -> Desk:
    with engine.begin() as connection:
        rows.site(connection)
        rows.desk(connection, "A", box="box-a")
        rows.box(connection, "box-a", live_ms=T0, **box)
        return queries.desks_now(connection, T0, site_id=1)[0]


def _told(gaps: Gaps) -> Sequence[tuple[str, str, str]]:
    return [(row.start, row.length, row.what) for row in gaps.rows]


def test_minutes_of_one_kind_that_follow_each_other_are_one_gap() -> None:
    found = runs(_bins("oggglloffo"), _window(10))
    assert [(run.look, run.from_ms - T0, run.until_ms - T0) for run in found] == [
        (Look.GAP, MINUTE, 4 * MINUTE),
        (Look.LATE, 4 * MINUTE, 6 * MINUTE),
        (Look.FEW, 7 * MINUTE, 9 * MINUTE),
    ]


def test_what_is_not_observed_is_no_gap() -> None:
    assert runs(_bins("onnnnno"), _window(7)) == []


def test_a_single_minute_and_the_one_in_progress_are_not_listed() -> None:
    assert runs(_bins("ogooogg"), _window(7)) == []


def test_lost_readings_are_told_by_number_and_cause(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    with sqlite_engine.begin() as connection:
        rows.lost(connection, "box-a", T0 + MINUTE, T0 + 3 * MINUTE, count=1200, cause="disk_full")
    found = _gaps(sqlite_engine, "oggoo")
    assert _told(found) == [("08:01", "2 min", "Lost: 1,200 readings, the box's disk was full")]
    assert (found.count, found.total) == (1, "2 min missing, 1,200 readings lost")


def test_what_came_late_is_told_with_its_arrival(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    with sqlite_engine.begin() as connection:
        for second in (60, 61, 120):
            at = T0 + second * SECOND
            rows.reading(connection, "box-a", at, historical=True, received_ms=T0 + 31 * MINUTE)
    assert _told(_gaps(sqlite_engine, "olloo")) == [("08:01", "2 min", "Arrived late: 3 readings, by 08:31")]


def test_too_little_seen_is_told_with_its_commonest_reason(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    with sqlite_engine.begin() as connection:
        for second, reason in ((60, "dark"), (61, "dark"), (62, "blurred")):
            rows.reading(connection, "box-a", T0 + second * SECOND, reason=reason)
    assert _told(_gaps(sqlite_engine, "offoo")) == [("08:01", "2 min", "Too little seen: too dark")]


def test_what_is_missing_while_the_box_has_readings_to_send_has_not_yet_arrived(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine, waiting=500)
    assert _told(_gaps(sqlite_engine, "oggoo"))[0][2] == "Not yet arrived; the box has 500 readings to send"


def test_what_is_missing_up_to_now_while_the_box_is_offline_may_still_come(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    assert _told(_gaps(sqlite_engine, "ooggg", offline=True))[0][2] == "Offline; what the box has will come"


def test_what_is_missing_otherwise_was_not_recorded(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    found = _gaps(sqlite_engine, "oggofffoo")
    assert [what for _, _, what in _told(found)] == ["Too little seen", "Nothing was recorded"]
    assert found.total == "2 min missing, 3 min too little seen"


def test_without_a_gap_the_page_says_so(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    found = _gaps(sqlite_engine, "ooooo")
    assert (found.rows, found.count, found.total) == ((), 0, "No gap today")


def test_the_newest_eight_are_shown_and_the_others_counted(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    found = _gaps(sqlite_engine, "ggo" * 10 + "o")
    assert (len(found.rows), found.more, found.count) == (8, 2, 10)
    assert found.rows[0].start == "08:27"


def test_every_gap_record_is_listed_of_whatever_day_and_length(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    with sqlite_engine.begin() as connection:
        then = T0 - 3 * DAY
        rows.lost(connection, "box-a", then, then + HOUR, count=3600)
        rows.lost(connection, "box-a", T0 + MINUTE, T0 + MINUTE + 40 * SECOND, count=40, cause="disk_full")
        rows.lost(connection, "box-elsewhere", T0, T0 + MINUTE, count=60)
    found = _gaps(sqlite_engine, "ooooo")
    assert [(row.start, row.end, row.count, row.cause) for row in found.lost] == [
        ("08:01", "08:01", "40", "the box's disk was full"),
        ("17 November 08:00", "17 November 09:00", "3,600", "older than the box keeps"),
    ]
    assert (found.rows, found.count, found.total) == ((), 1, "40 readings lost")


def test_the_newest_twenty_gap_records_are_shown_and_the_others_counted(sqlite_engine: Engine) -> None:
    _floor(sqlite_engine)
    with sqlite_engine.begin() as connection:
        for i in range(23):
            rows.lost(connection, "box-a", T0 - DAY + i * MINUTE, T0 - DAY + i * MINUTE + SECOND, count=1)
    found = _gaps(sqlite_engine, "ooooo")
    assert (len(found.lost), found.lost_more, found.lost[0].start) == (20, 3, "19 November 08:22")
    assert (found.count, found.total) == (0, "No gap today")


def test_a_gap_record_of_a_box_that_came_back_to_its_desk_is_listed_once(sqlite_engine: Engine) -> None:
    desk = _floor(sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.execute(placements.update().values(until_ms=T0 + MINUTE))
        rows.placed(connection, "box-a", desk.id, T0 + MINUTE)
        rows.lost(connection, "box-a", T0, T0 + 3 * MINUTE, count=180)
    assert [row.count for row in _gaps(sqlite_engine, "ooooo").lost] == ["180"]
