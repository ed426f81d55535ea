"""The table that is printed: limits, peers, and what changed since an earlier result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import table
from bench.benches import bench
from bench.budgets import budget
from tests.bench import made

MEMORY = bench("memory")
DESK = bench("desk")


def test_a_figure_that_is_not_as_good_as_it_must_be_is_missed() -> None:
    rows = {row.cells[1]: row for row in table.rows(MEMORY, made.result(MEMORY), None)}
    assert rows["growth"].missed
    assert "NO" in rows["growth"].cells[5]
    assert not rows["resident at the end"].missed


def test_a_change_beyond_the_noise_is_marked_and_how_much_it_is() -> None:
    rows = table.rows(MEMORY, made.result(MEMORY, 1.2), made.result(MEMORY))
    said = {row.cells[1]: row for row in rows}
    assert said["resident at the end"].cells[7] == "WORSE +20 %"
    assert said["resident at the end"].worse
    assert said["growth"].cells[7] == "="  # of growth, half is noise


def test_an_improvement_is_called_better_and_is_not_worse() -> None:
    rows = {row.cells[1]: row for row in table.rows(MEMORY, made.result(MEMORY, 0.5), made.result(MEMORY))}
    assert rows["resident at the end"].cells[7] == "better -50 %"
    assert not rows["resident at the end"].worse


def test_a_result_of_another_size_is_not_compared_with() -> None:
    rows = table.rows(MEMORY, made.result(MEMORY), made.result(MEMORY, 0.1, count=2))
    assert {row.cells[7] for row in rows} == {"new"}


def test_a_result_of_another_processor_is_not_compared_by_the_clock() -> None:
    before = made.result(DESK, 0.1)
    before["machine"]["processor"] = "another"
    pages = bench("pages")
    earlier = made.result(pages, 0.1)
    earlier["machine"]["processor"] = "another"
    said = {row.cells[1]: row.cells[7] for row in table.rows(pages, made.result(pages), earlier)}
    assert said["boxes: first byte"] == "other machine"
    assert said["boxes: size"].startswith("WORSE")


def test_a_figure_that_could_not_be_measured_says_why() -> None:
    result = made.result(MEMORY)
    result["figures"]["growth"]["value"] = None
    result["absent"] = {"growth": "no such thing here"}
    rows = {row.cells[1]: row for row in table.rows(MEMORY, result, None)}
    assert rows["growth"].cells[3] == "no such thing here"
    assert not rows["growth"].missed


def test_figures_that_are_absent_for_one_reason_share_a_row() -> None:
    result = made.result(MEMORY)
    result["absent"] = {"growth": "no such thing here", "CPU a frame": "no such thing here"}
    said = [row.cells[1] for row in table.rows(MEMORY, result, None)]
    assert said == ["resident at the end", "growth and 1 more"]


def test_a_mark_stands_above_its_figures_and_in_each_of_them() -> None:
    result = made.result(MEMORY) | {"mark": "fake: not a measurement of it"}
    rows = table.rows(MEMORY, result, None)
    assert rows[0].cells[3] == "fake: not a measurement of it"
    assert {row.cells[1].partition(":")[0] for row in rows} == {"fake"}


@pytest.mark.parametrize("key", ["mark", "gpu"])
def test_a_result_of_a_fake_or_of_another_gpu_is_not_compared_with(key: str) -> None:
    rows = table.rows(MEMORY, made.result(MEMORY) | {key: "fake: a GPU"}, made.result(MEMORY, 0.1))
    assert {row.cells[7] for row in rows} <= {"", "new"}


def test_a_bench_that_cannot_run_here_says_why_in_its_row() -> None:
    text = table.text([table.row_of_absent(DESK, "no fer in the peer's interpreter")])
    assert "no fer in the peer's interpreter" in text
    assert "desk" in text


def test_the_rate_of_a_budget_stands_under_the_bench_that_measures_it() -> None:
    rate = budget("vision").rate
    assert rate is not None
    for factor, missed in ((rate.least / 100, False), (rate.least / 100 - 0.1, True)):
        row = table.rows(DESK, made.result(DESK, factor), None)[-1]
        assert row.cells[1] == "budget of vision: frames"
        assert row.missed is missed


def test_versions_that_changed_since_then_are_told() -> None:
    result, before = made.result(MEMORY), made.result(MEMORY)
    before["versions"] = {**before["versions"], "numpy": "0.1"}
    assert table.changed_versions(result, before) == [f"numpy 0.1 to {result['versions']['numpy']}"]


def test_all_rows_have_all_columns() -> None:
    rows = [*table.rows(DESK, made.result(DESK), None), table.row_of_absent(replace(DESK, name="x"), "why")]
    assert {len(row.cells) for row in rows} == {len(table.HEADS)}
