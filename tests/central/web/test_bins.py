"""What a column says: shares of the seen time, coverage, and which texture stands where there is no figure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from central.web.bins import Bin, Known, Look, Sums, columns, over, pool, whole
from central.web.ranges import MINUTE, RANGES, SECOND, Window
from look import STACK

START = 1_795_107_600_000
ALL = Known(begins_ms=0, settled_ms=START + 600 * MINUTE)


def _window(count: int, *, step_ms: int = MINUTE, now: int = 600 * MINUTE) -> Window:
    return Window(
        range=RANGES["hour"],
        zone=ZoneInfo("UTC"),
        start_ms=START,
        step_ms=step_ms,
        count=count,
        now_ms=START + now,
    )


def _seen(seconds: float, *, happy: float = 1.0, **changes: float) -> Sums:
    """Seconds of which a part looks happy and the rest angry."""
    shares = tuple(seconds * (happy if name == "happiness" else 1 - happy if name == "anger" else 0) for name in STACK)
    return Sums(seen_s=seconds, shares=shares, valence=seconds * (2 * happy - 1), first_ms=START, **changes)


def _looks(bins: tuple[Bin, ...]) -> list[str]:
    return [item.look.value for item in bins]


def test_shares_are_of_the_seen_time_only() -> None:
    (item,) = columns({0: _seen(30, happy=0.75, unseen_s=30)}, _window(1), ALL)
    assert item.shares is not None
    assert item.shares[STACK.index("happiness")] == pytest.approx(0.75)
    assert item.shares[STACK.index("anger")] == pytest.approx(0.25)
    assert item.valence == pytest.approx(0.5)
    assert item.negative == pytest.approx(0.25)


def test_coverage_is_seen_over_observed_time() -> None:
    (item,) = columns({0: _seen(15, unseen_s=15, not_observed_s=20)}, _window(1), ALL)
    assert item.coverage == pytest.approx(15 / 40)


def test_under_a_quarter_seen_there_is_no_figure() -> None:
    bins = columns({0: _seen(14.9, unseen_s=45), 1: _seen(15, unseen_s=45)}, _window(2), ALL)
    assert _looks(bins) == ["few", "ok"]
    assert bins[0].shares is None
    assert bins[0].valence is None


def test_what_is_missing_is_a_gap_and_what_was_not_seen_is_too_little() -> None:
    assert _looks(columns({1: Sums(unseen_s=60)}, _window(2), ALL)) == ["gap", "few"]


def test_most_of_it_late_is_marked_late() -> None:
    bins = columns({0: _seen(60, late_s=31), 1: _seen(60, late_s=29)}, _window(2), ALL)
    assert _looks(bins) == ["late", "ok"]


def test_a_lasting_reason_told_at_its_end_makes_nothing_late() -> None:
    (item,) = columns({0: _seen(30, not_observed_s=60, late_s=60)}, _window(1), ALL)
    assert item.look is Look.OK


def test_before_the_first_reading_nothing_is_drawn_and_after_now_nothing_is_known() -> None:
    known = Known(begins_ms=START + MINUTE, settled_ms=START + 2 * MINUTE)
    bins = columns({1: _seen(60)}, _window(4, now=2 * MINUTE + SECOND), known)
    assert _looks(bins) == ["none", "ok", "future", "future"]


def test_a_column_in_progress_is_measured_by_the_time_that_has_passed() -> None:
    known = Known(begins_ms=0, settled_ms=START + 20 * SECOND)
    (item,) = columns({0: _seen(10)}, _window(1, now=26 * SECOND), known)
    assert item.coverage == pytest.approx(0.5)


def test_a_lasting_reason_of_a_minute_covers_the_columns_of_that_minute() -> None:
    bins = columns({0: Sums(not_observed_s=60)}, _window(15, step_ms=5 * SECOND), ALL)
    assert _looks(bins) == ["not"] * 12 + ["gap"] * 3


def test_a_lasting_reason_from_before_the_window_reaches_into_it() -> None:
    bins = columns({-6: Sums(not_observed_s=60)}, _window(8, step_ms=5 * SECOND), ALL)
    assert _looks(bins) == ["not"] * 6 + ["gap"] * 2


def test_a_lasting_reason_does_not_cover_what_was_seen_after_all() -> None:
    sums = {0: Sums(not_observed_s=60)} | {i: _seen(5) for i in range(4, 15)}
    bins = columns(sums, _window(15, step_ms=5 * SECOND), ALL)
    assert _looks(bins) == ["not"] * 4 + ["ok"] * 11


def test_a_group_weighs_each_desk_by_what_was_seen_of_it() -> None:
    desks = [columns({0: _seen(45, happy=1.0)}, _window(1), ALL), columns({0: _seen(15, happy=0.0)}, _window(1), ALL)]
    item = pool(bins[0] for bins in desks)
    assert item.shares is not None
    assert item.shares[0] == pytest.approx(0.75)
    assert item.coverage == pytest.approx(60 / 120)


def test_what_is_simulated_is_in_no_sum() -> None:
    real, made = (columns({0: sums}, _window(1), ALL)[0] for sums in (_seen(30), _seen(60, happy=0, simulated_s=60)))
    assert pool([real, made]) == pool([real])


def test_a_desk_that_is_not_observed_does_not_lower_the_coverage_of_its_group() -> None:
    hidden = Bin(Look.NOT, sums=Sums(not_observed_s=60))
    assert pool([columns({0: _seen(60)}, _window(1), ALL)[0], hidden]).coverage == pytest.approx(1.0)


def test_a_group_of_which_nobody_is_observed_is_not_observed() -> None:
    assert pool([Bin(Look.NOT), Bin(Look.NONE)]).look is Look.NOT


def test_several_columns_as_one_leave_out_what_was_not_observed() -> None:
    bins = columns({0: _seen(60), 1: Sums(not_observed_s=60), 2: _seen(30, unseen_s=30)}, _window(3), ALL)
    assert over(bins).coverage == pytest.approx(90 / 120)


def test_a_whole_day_without_a_reading_is_a_gap_once_the_desk_has_begun() -> None:
    assert whole(Sums(), START, START + MINUTE, ALL).look is Look.GAP
    assert whole(Sums(), START, START + MINUTE, Known(None, START + MINUTE)).look is Look.NONE
