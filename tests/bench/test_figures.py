"""What counts as better, worse, good enough."""

from __future__ import annotations

import pytest

from bench.figures import CLOCK, CPU, Better, Change, Figure, Judged, Measured, change

MS = Figure(name="a frame", unit="ms", better=Better.LOWER, noise=CLOCK, beside="peer", must=10.0)
RATE = Figure(name="rate", unit="/s", better=Better.HIGHER, noise=CLOCK, beside="peer", judged=Judged.TIMES, must=2.0)
MB = Figure(name="memory", unit="MB", better=Better.LOWER, noise=0.05, must=150.0)


def test_a_lower_figure_than_the_peers_is_more_times_as_good_where_lower_is_better() -> None:
    assert MS.times(Measured(5.0, 20.0)) == pytest.approx(4.0)


def test_a_higher_figure_than_the_peers_is_more_times_as_good_where_higher_is_better() -> None:
    assert RATE.times(Measured(20.0, 5.0)) == pytest.approx(4.0)


def test_a_ratio_that_was_measured_round_by_round_is_taken_as_it_is() -> None:
    assert RATE.times(Measured(20.0, 5.0, 3.9)) == 3.9


def test_without_a_peer_there_is_no_ratio() -> None:
    assert MB.times(Measured(100.0)) is None


@pytest.mark.parametrize(("figure", "good", "bad"), [(MS, 10.0, 10.1), (RATE, 2.0, 1.9), (MB, 150.0, 150.1)])
def test_a_limit_is_met_on_its_good_side_only(figure: Figure, good: float, bad: float) -> None:
    assert figure.must is not None
    assert figure.meets(good, figure.must)
    assert not figure.meets(bad, figure.must)


@pytest.mark.parametrize(
    ("figure", "now", "found"),
    [
        (MS, 12.4, Change.SAME),
        (MS, 12.6, Change.WORSE),
        (MS, 7.4, Change.BETTER),
        (RATE, 7.4, Change.WORSE),
        (RATE, 12.6, Change.BETTER),
    ],
)
def test_only_what_exceeds_its_noise_has_changed(figure: Figure, now: float, found: Change) -> None:
    assert change(figure, now, 10.0) is found


def test_what_was_never_committed_is_new() -> None:
    assert change(MS, 10.0, None) is Change.NEW


def test_the_clock_of_another_machine_says_nothing() -> None:
    assert change(MS, 100.0, 10.0, same_machine=False) is Change.ELSEWHERE


def test_ratios_and_memory_hold_on_another_machine() -> None:
    assert change(RATE, 1.0, 10.0, same_machine=False) is Change.WORSE
    assert change(MB, 200.0, 100.0, same_machine=False) is Change.WORSE


def test_a_figure_of_nothing_before_may_not_hide_a_rise() -> None:
    assert change(MB, 5.0, 0.0) is Change.WORSE


def test_the_noise_of_cpu_time_is_less_than_that_of_the_clock() -> None:
    assert CPU < CLOCK
