"""Every process has a budget, and every budget a process and a bench that measures it."""

from __future__ import annotations

from bench.benches import bench
from bench.budgets import BUDGETS, budget
from central.processes import PROCESSES as OF_CENTRE
from edge.processes import PROCESSES as OF_DESK


def test_every_process_has_one_budget_and_every_budget_a_process() -> None:
    processes = [("edge", process.name) for process in OF_DESK] + [("central", name) for name, _ in OF_CENTRE]
    assert sorted((item.room, item.process) for item in BUDGETS) == sorted(processes)


def test_start_and_memory_of_every_budget_are_limits_of_a_bench() -> None:
    limits = {figure.name: figure.must for figure in bench("start").figures}
    wanted = {f"{item.process}: start": item.start_s for item in BUDGETS}
    wanted |= {f"{item.process}: memory": item.memory_mb for item in BUDGETS}
    assert limits == wanted


def test_every_rate_is_a_figure_that_a_bench_measures() -> None:
    for item in BUDGETS:
        if item.rate is not None:
            assert bench(item.rate.bench).figure(item.rate.figure).unit == "/s"


def test_the_process_that_sees_frames_has_a_rate_of_frames() -> None:
    rate = budget("vision").rate
    assert rate is not None
    assert rate.unit == "frames"
