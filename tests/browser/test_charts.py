"""What the charts draw is what their tables tell, and a chart that is blank or wrong does not pass for one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import charts
from tests.browser.conftest import PHONE, Folder, Look, Served, until

ANGRY = ".dist.two tr[data-x=anger]"
BLANK = "i => { const u = Mien.plots[i].plot(); u.ctx.clearRect(0, 0, u.ctx.canvas.width, u.ctx.canvas.height); }"


@pytest.fixture
def held(floor: Served, look: Look) -> Any:
    """The page of a desk with gaps, which draws nothing by itself any more."""
    page = look(floor, "/desks/4").page
    until(page, "Mien.linkKind === 'stream'")
    page.locator("#go-hold").click()
    assert charts.faults(page) == []
    return page


def test_a_blank_composition_is_found(held: Any) -> None:
    held.evaluate(BLANK, 0)
    found = charts.faults(held)
    assert "09:00–10:00: nothing is drawn, and the table has figures" in found
    assert not [fault for fault in found if "valence" in fault]


def test_a_blank_line_of_valence_is_found(held: Any) -> None:
    held.evaluate(BLANK, 1)
    found = charts.faults(held)
    assert any(fault.startswith("09:00–10:00: no line of valence is drawn") for fault in found)


@pytest.mark.parametrize(
    "hide", ["e.style.visibility = 'hidden'", "e.style.opacity = 0", "e.style.filter = 'invert(1)'"]
)
def test_a_chart_that_is_drawn_and_not_to_be_seen_is_found(held: Any, hide: str) -> None:
    held.evaluate(f"() => {{ const e = document.querySelector('#comp canvas'); {hide}; }}")
    assert "09:00–10:00: nothing is drawn, and the table has figures" in charts.faults(held)


def test_a_chart_of_other_figures_than_its_table_is_found(held: Any) -> None:
    held.evaluate("Mien.series.main.bins.forEach(bin => bin.shares && bin.shares.reverse()); Mien.redraw()")
    assert any("of what is drawn" in fault for fault in charts.faults(held))


def test_an_hour_that_is_left_out_is_found(held: Any) -> None:
    held.evaluate("Mien.series.main.bins.slice(12, 24).forEach(bin => { bin.shares = null; }); Mien.redraw()")
    assert [fault.split(":00–")[0] for fault in charts.faults(held)] == ["09", "09"]


def test_a_blank_day_strip_is_found(floor: Served, look: Look) -> None:
    page = look(floor, "/").page
    until(page, "Mien.linkKind === 'stream'")
    page.locator("#go-hold").click()
    assert charts.blank_strips(page) == []
    page.evaluate("Mien.strip = () => {}; document.getElementById('strip-5').replaceChildren()")  # nor drawn again
    assert [fault.split(":")[0] for fault in charts.blank_strips(page)] == ["strip-5"]


def test_a_chart_is_still_drawn_after_an_update_and_a_change_of_its_size(floor: Served, look: Look) -> None:
    page = look(floor, "/desks/4").page
    until(page, "Mien.series.main.changed > 2")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    fits = "document.querySelector('#comp').clientWidth - document.querySelector('#comp canvas').clientWidth"
    until(page, f"Math.abs({fits}) < 2")
    assert charts.faults(page) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "plot.replaceChildren()",
        "plot.style.visibility = 'hidden'",
        "row.querySelectorAll('td.n').forEach(e => { e.textContent = '40%'; })",
        "row.querySelectorAll('rect').forEach(e => e.setAttribute('width', '90%'))",
    ],
)
def test_a_report_that_does_not_draw_what_it_tells_is_found(reports: Folder, look: Look, wrong: str) -> None:
    page = look(reports, "/report-gaps.html").page
    assert charts.report_faults(page) == []
    page.evaluate(f"([plot, row]) => {{ {wrong}; }}", [page.query_selector(at) for at in (".plot.comp", ANGRY)])
    assert charts.report_faults(page) != []
