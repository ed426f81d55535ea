"""Pages that stay open: readings arrive by the stream or by asking, a page says when it is cut off, it can be held."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from central.schema import boxes, minutes, readings
from contract.expressions import EXPRESSIONS
from tests.browser import made
from tests.browser.conftest import Look, Serve, Served, until
from tests.central.web import rows

WAIT_MS = 20_000


def _clock(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(made.ZONE)).strftime("%H:%M:%S")


def _store(served: Served, box: str, wall_ms: int, **changes: Any) -> None:
    """A reading as ingest stores it: the row, and the box heard of."""
    with served.engine.begin() as connection:
        rows.reading(connection, box, wall_ms, epoch="0badcafe", **changes)
        heard = {"last_live_ms": wall_ms, "last_seen_ms": wall_ms + 900}
        connection.execute(update(boxes).where(boxes.c.box == box).values(heard))


def _sees(page: Any, selector: str, text: str) -> None:
    page.locator(selector, has_text=text).first.wait_for(state="visible", timeout=WAIT_MS)


def test_a_reading_appears_by_the_stream(serve: Serve, look: Look) -> None:
    served = serve()
    page = look(served, "/desks/4?range=15min").page
    until(page, "Mien.linkKind === 'stream'")
    _store(served, "box-04", made.NOW_MS, reason="many_faces")
    _sees(page, "[data-part=last] td", "more than one face")
    assert page.locator("[data-part=last] tbody th").first.inner_text() == _clock(made.NOW_MS)


def test_a_minute_that_is_rolled_up_appears_in_chart_table_and_figures(serve: Serve, look: Look) -> None:
    served = serve()
    page = look(served, "/desks/4?range=hour").page
    until(page, "Mien.linkKind === 'stream'")
    before = page.evaluate("Mien.series.main.bins[50].shares")
    figure = page.locator("#f-val .v").inner_text()
    start = page.evaluate("Mien.series.main.start + 50 * Mien.series.main.step")
    angry = {f"sum_{name}": 3600.0 if name == "anger" else 0.0 for name in EXPRESSIONS}
    with served.engine.begin() as connection:
        chosen = (minutes.c.box == "box-04", minutes.c.start_ms == start)
        changed = minutes.update().where(*chosen).values(seen_s=3600.0, unseen_s=0.0, sum_valence=-3600.0, **angry)
        assert connection.execute(changed).rowcount == 1
    until(page, "was => Mien.series.main.bins[50].shares[7] > 0.9 && was[7] < 0.5", before)
    until(page, "was => document.querySelector('#f-val .v').textContent !== was", figure)
    assert page.locator("#rows tbody tr").count() >= 12


def test_an_update_keeps_focus_and_an_open_table(serve: Serve, look: Look) -> None:
    served = serve()
    page = look(served, "/?range=15min").page
    page.locator("details.table summary").click()
    page.locator("#desk-5").focus()
    changed = page.evaluate("Mien.series.main.changed")
    _store(served, "box-05", made.NOW_MS)
    until(page, "was => Mien.series.main.changed > was + 1", changed)
    assert page.evaluate("document.activeElement.id") == "desk-5"
    assert page.locator("#rows").is_visible()


def test_where_no_stream_is_left_the_page_asks(serve: Serve, look: Look) -> None:
    served = serve(max_streams=0)
    watched = look(served, "/desks/4?range=15min")
    until(watched.page, "Mien.linkKind === 'poll'")
    _store(served, "box-04", made.NOW_MS, reason="covered")
    _sees(watched.page, "[data-part=last] td", "face covered")
    refused = [text for text in watched.wrong if "503" in text]
    assert refused == watched.wrong  # what the browser itself says of a stream it did not get
    watched.wrong.clear()


def test_a_desk_that_falls_silent_is_offline_after_30_seconds(serve: Serve, look: Look) -> None:
    served = serve()
    with served.engine.begin() as connection:  # as if its last reading had come 25 s ago
        later = (readings.c.box == "box-05", readings.c.wall_ms > made.NOW_MS - 26_000)
        connection.execute(delete(readings).where(*later))
    page = look(served, "/").page
    assert page.locator("#desk-5").get_attribute("data-state") == "live"
    page.locator('#desk-5[data-state="offline"]').wait_for(timeout=WAIT_MS)
    assert "Offline since" in page.locator("#desk-5 .says").inner_text()
    _sees(page, ".notices a", "Desk 05 offline since")


def test_a_page_that_is_cut_off_says_so_and_comes_back(serve: Serve, look: Look) -> None:
    served = serve()
    watched = look(served, "/")
    page = watched.page
    until(page, "Mien.linkKind === 'stream'")
    served.stop()
    page.locator("#away").wait_for(state="visible", timeout=WAIT_MS)
    assert page.locator("#away").get_attribute("role") == "alert"
    assert re.search(r"No connection to the centre since 15:4\d", page.locator("#away").inner_text())
    assert page.locator("#badge").inner_text().startswith("Last 15:4")
    assert page.locator(".plot canvas").first.is_visible()
    served.start()
    page.locator("#away button").click()
    page.locator("#away").wait_for(state="hidden", timeout=WAIT_MS)
    until(page, "Mien.linkKind === 'stream'")
    watched.wrong[:] = [text for text in watched.wrong if "net::ERR" not in text]  # the browser's own words


def test_a_page_can_be_held_and_goes_on(serve: Serve, look: Look) -> None:
    served = serve()
    page = look(served, "/desks/4?range=15min").page
    until(page, "Mien.linkKind === 'stream'")
    page.locator("#go-hold").click()
    assert "Held at 15:42." in page.locator("#held").inner_text()
    _store(served, "box-04", made.NOW_MS, reason="covered")
    time.sleep(2)
    assert page.locator("[data-part=last] td", has_text="face covered").count() == 0
    page.locator("#held button").click()
    _sees(page, "[data-part=last] td", "face covered")
    assert page.locator("#held").is_hidden()


def test_the_badge_tells_how_old_the_newest_reading_is(floor: Served, look: Look) -> None:
    page = look(floor, "/").page
    until(page, "/^Live, [0-9]+ s ago$/.test(document.getElementById('badge').innerText.trim())")
    assert page.locator("#badge.is-ok").count() == 1


def test_arrow_keys_step_through_the_columns_and_each_step_is_spoken(floor: Served, look: Look) -> None:
    page = look(floor, "/desks/4").page
    page.locator("#comp").focus()
    said = []
    for key in ("End", "ArrowLeft", "PageUp", "Home", "ArrowRight"):
        page.keyboard.press(key)
        said.append(page.locator("#say").inner_text())
    times = [text.split(": ")[0] for text in said]
    assert times == ["15:40–15:45", "15:35–15:40", "14:35–14:40", "08:00–08:05", "08:05–08:10"]
    assert all(re.search(r": valence [+\u2212\u00b1]\d\.\d\d, seen \d+%$", text) for text in said)
    assert page.locator("#legend .when").inner_text() == times[-1]
    page.keyboard.press("Escape")
    assert page.locator("#legend .when").inner_text() == "Last 15 min"


@pytest.mark.parametrize(("steps", "what"), [(25, "missing"), (33, "not observed"), (53, "too little seen")])
def test_a_column_without_a_figure_says_why(floor: Served, look: Look, steps: int, what: str) -> None:
    page = look(floor, "/desks/4").page
    page.locator("#vale").focus()
    page.keyboard.press("End")
    for _ in range(steps):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#say").inner_text().endswith(f": {what}")


def test_updates_are_not_spoken(floor: Served, look: Look) -> None:
    page = look(floor, "/").page
    until(page, "Mien.series.main.changed > 3")
    assert page.locator("#say").inner_text() == ""
    regions = "[...document.querySelectorAll('[aria-live], [role=status], [role=alert]')].map(e => e.id)"
    assert set(page.evaluate(regions)) == {"say", "link", "away", "held"}


def test_every_plot_and_tile_can_be_reached_by_the_tab_key(floor: Served, look: Look) -> None:
    page = look(floor, "/").page
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached[0] == "skip"
    assert [name for name in reached if re.fullmatch(r"desk-\d+", name)][:12] == [f"desk-{i}" for i in range(1, 13)]
    assert {"comp", "vale", "go-hold", "patterns"} <= set(reached)


def test_patterns_are_drawn_on_request_and_remembered(floor: Served, look: Look) -> None:
    page = look(floor, "/desks/9").page
    count = "() => document.querySelector('#comp canvas').toDataURL()"
    plain = page.evaluate(count)
    page.locator("#patterns").click()
    until(page, f"was => ({count})() !== was", plain)
    page.reload()
    assert page.locator("html").get_attribute("data-patterns") == "on"
    assert page.locator("#patterns").get_attribute("aria-pressed") == "true"


def test_the_table_agrees_with_the_rows_of_the_database(serve: Serve, look: Look) -> None:
    served = serve()
    page = look(served, "/desks/4").page
    table = page.locator("#rows tbody tr").evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.textContent))")
    nine = made.MIDNIGHT_MS + 9 * made.HOUR
    with served.engine.connect() as connection:
        hour = (minutes.c.box == "box-04", minutes.c.start_ms >= nine, minutes.c.start_ms < nine + made.HOUR)
        found = connection.execute(select(minutes).where(*hour)).mappings().all()
    seen = sum(row["seen_s"] for row in found)
    happy = round(sum(row["sum_happiness"] for row in found) / seen * 100)
    (row,) = (cells for cells in table if cells[0] == "09:00–10:00")
    assert row[1] == f"{happy}%"
    assert row[10] == f"{round(seen / 36)}%"
    drawn = page.evaluate("Mien.joined(Mien.series.main.bins.slice(12, 24))")
    assert abs(drawn["shares"][0] * 100 - happy) <= 1
