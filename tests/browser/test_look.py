"""Each page in a real browser: nothing goes wrong on it, nothing is asked of elsewhere, it fits, and it is drawn."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from central import database
from central.schema import boxes, readings
from tests.browser import made
from tests.browser.conftest import PHONE, Look, Serve, Served, until

PAGES = ("/", "/desks/4", "/boxes")
COUNT = """([id, names]) => {                 // how many pixels of a canvas have each token's colour
  const canvas = document.querySelector(id + " canvas"), c = canvas.getContext("2d");
  const data = c.getImageData(0, 0, canvas.width, canvas.height).data, found = {};
  for (const name of names) {
    const [r, g, b] = Mien.token(name).match(/[0-9.]+/g).map(Number);
    found[name] = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) found[name]++;
  }
  return found;
}"""
COLUMN = """([id, column, names]) => {        // the same of one column of the chart alone
  const plot = Mien.plots[id === "#comp" ? 0 : 1].plot(), c = plot.ctx, s = Mien.series.main;
  const a = Math.ceil(plot.valToPos(column, "x", true)) + 1, b = Math.floor(plot.valToPos(column + 1, "x", true)) - 1;
  const { top, height } = plot.bbox, data = c.getImageData(a, top, b - a, height).data, found = {};
  for (const name of names) {
    const [r, g, b] = Mien.token(name).match(/[0-9.]+/g).map(Number);
    found[name] = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) found[name]++;
  }
  return found;
}"""
EXPRESSIONS = ("x-happiness", "x-surprise", "x-neutral", "x-sadness", "x-fear", "x-contempt", "x-disgust", "x-anger")
AREAS = (*EXPRESSIONS, "x-happiness-wash", "x-neutral-wash")


def _at(hour: int, minute: int) -> int:
    """The column of a time of the made day, which begins at 08:00."""
    return (hour - 8) * 12 + minute // 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh", "vi"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_without_an_error_or_a_request_elsewhere(
    floor: Served, look: Look, path: str, language: str, scheme: str
) -> None:
    watched = look(floor, f"{path}?lang={language}", scheme=scheme)
    until(watched.page, "Mien.linkKind === 'stream'")
    assert watched.page.locator("h1").count() == 1
    assert watched.page.evaluate("document.documentElement.lang") == {"zh": "zh-Hans"}.get(language, language)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/desks/9"])
def test_charts_are_drawn_in_the_colours_of_the_expressions(floor: Served, look: Look, path: str, scheme: str) -> None:
    page = look(floor, path, scheme=scheme).page
    found = page.evaluate(COUNT, ["#comp", AREAS])
    assert min(found.values()) > 0, found
    assert found["x-neutral-wash"] > found["x-anger"] > 100
    assert page.evaluate(COUNT, ["#vale", ["text", "band"]])["text"] > 300


def test_a_chart_is_still_drawn_after_an_update_and_a_change_of_its_size(floor: Served, look: Look) -> None:
    page = look(floor, "/desks/4").page
    until(page, "Mien.series.main.changed > 2")
    page.set_viewport_size({"width": 1000, "height": 700})
    page.wait_for_timeout(300)
    found = page.evaluate(COUNT, ["#comp", AREAS])
    assert min(found.values()) > 0, found
    assert page.evaluate(COUNT, ["#vale", ["text"]])["text"] > 200


@pytest.mark.parametrize(
    ("path", "column"),
    [("/desks/4", _at(13, 35)), ("/desks/7", _at(15, 0)), ("/desks/10", _at(15, 10)), ("/desks/3", _at(13, 0))],
    ids=["lost", "offline", "too little seen", "not observed"],
)
def test_where_nothing_was_seen_no_expression_is_drawn(floor: Served, look: Look, path: str, column: int) -> None:
    page = look(floor, path).page
    found = page.evaluate(COLUMN, ["#comp", column, [*AREAS, "hatch"]])
    drawn = {name: count for name, count in found.items() if count}
    assert list(drawn) == ["hatch"], drawn
    assert page.evaluate(COLUMN, ["#vale", column, ["text"]])["text"] == 0  # and no line is led across


def test_a_day_strip_has_what_its_desk_has(floor: Served, look: Look) -> None:
    page = look(floor, "/").page
    fills = (
        "svg => [...svg.querySelectorAll('path')].filter(p => p.getAttribute('d')).map(p => p.getAttribute('class'))"
    )
    drawn = [set(page.locator(f"#strip-{desk}").evaluate(fills)) for desk in (3, 4, 7, 10, 11)]
    for strip in drawn:
        assert {"f-happiness-wash", "f-neutral-wash", "f-anger", "f-cov"} <= strip
    rules, lost, offline, little, late = drawn
    assert "f-rule" in rules
    assert {"f-hatch", "f-now", "f-dots"} <= lost
    assert "f-hatch" in offline
    assert "f-dots" in little
    assert {"f-now", "f-hatch"} <= late


def test_twelve_desks_stand_above_the_fold_of_a_small_desktop(floor: Served, look: Look) -> None:
    page = look(floor, "/").page
    tiles = page.locator(".tile")
    assert tiles.count() == 12
    assert (
        page.evaluate("Math.max(...[...document.querySelectorAll('.tile')].map(t => t.getBoundingClientRect().bottom))")
        <= 768
    )


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("language", ["en", "zh", "vi"])
def test_no_page_scrolls_sideways_on_a_phone(floor: Served, look: Look, language: str, width: int) -> None:
    for path in (*PAGES, "/desks/10?range=15min", "/?range=week"):
        joint = "&" if "?" in path else "?"
        page = look(floor, f"{path}{joint}lang={language}", size=(width, PHONE[1])).page
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_words_of_a_tile_are_not_cut_on_a_phone(floor: Served, look: Look) -> None:
    page = look(floor, "/?lang=vi", size=PHONE).page
    cut = "[...document.querySelectorAll('.tile .says')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0


@pytest.mark.parametrize("width", [1920, 1366, 1280])
@pytest.mark.parametrize("language", ["en", "zh", "vi"])
def test_words_of_simulated_tiles_are_not_cut_on_a_desktop(
    serve: Serve, look: Look, tmp_path: Path, language: str, width: int
) -> None:
    page = look(_demo(serve, tmp_path, 18), f"/?lang={language}&range=15min", size=(width, 768)).page
    assert page.locator(".tile[data-simulated]").count() == 11
    states = page.locator(".tile[data-simulated]").evaluate_all("all => all.map(e => e.dataset.state)")
    assert {"live", "catchup", "offline", "never"} <= set(states)
    cut = (
        "[...document.querySelectorAll('.tile .says')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    )
    assert page.evaluate(cut) == []


@pytest.mark.parametrize("path", ["/?range=15min", "/?range=hour", "/?range=day", "/?range=week"])
@pytest.mark.parametrize("width", [1920, 1366, 1280])
def test_times_under_the_tiles_stand_at_even_places_and_apart(
    serve: Serve, look: Look, tmp_path: Path, width: int, path: str
) -> None:
    page = look(_demo(serve, tmp_path, 18), path, size=(width, 768)).page
    spans = page.locator("svg.axis").first.evaluate(
        "svg => [...svg.querySelectorAll('text')].map(t => t.getBoundingClientRect()).map(b => [b.left, b.right])"
    )
    middles = [(left + right) / 2 for left, right in spans]
    apart = [b - a for a, b in pairwise(middles)]
    assert len(spans) >= 3
    assert max(apart) - min(apart) < 2
    assert all(b[0] - a[1] > 8 for a, b in pairwise(spans))


def _demo(serve: Serve, folder: Path, minutes_long: float) -> Served:
    """A demo in which simulated desks are in every state that a tile has words for."""
    file = folder / "demo.db"
    engine = database.connect(f"sqlite:///{file}")
    database.migrate(engine)
    made.demo(engine, minutes_long)
    late = {"historical": True, "received_ms": made.NOW_MS + 3000}
    with engine.begin() as connection:
        tail = (readings.c.box.in_(["box-11", "box-12"]), readings.c.wall_ms > made.NOW_MS - made.MINUTE)
        connection.execute(update(readings).where(*tail).values(**late))
        connection.execute(update(boxes).where(boxes.c.box == "box-12").values(waiting=400))
        connection.execute(update(boxes).where(boxes.c.box == "box-05").values(online=False))
        connection.execute(update(boxes).where(boxes.c.box == "box-06").values(last_seen_ms=None))
    engine.dispose()
    return serve(file)


def test_what_can_be_pressed_on_a_phone_is_large_enough(floor: Served, look: Look) -> None:
    page = look(floor, "/desks/4", size=PHONE).page
    heights = page.locator(".seg a, .seg button").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert min(heights) >= 40


def test_a_floor_without_desks_shows_what_to_do_and_nothing_else(serve: Serve, look: Look, tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    database.migrate(database.connect(f"sqlite:///{file}"))
    page = look(serve(file), "/").page
    assert page.locator(".no-desks").is_visible()
    assert page.locator(".panel:visible").count() == 1


def test_the_first_minutes_of_a_demo_fill_the_chart(serve: Serve, look: Look, tmp_path: Path) -> None:
    file = tmp_path / "demo.db"
    engine = database.connect(f"sqlite:///{file}")
    database.migrate(engine)
    made.demo(engine)
    page = look(serve(file), "/").page
    assert page.locator(".seg [aria-current]").inner_text() == "15 min"
    assert page.locator("#f-seen .value").inner_text().split() == ["1", "of", "1"]
    assert page.locator("#f-seen .note").inner_text() == "11 simulated desks are not counted"
    found = page.evaluate(COUNT, ["#comp", ["x-happiness-wash"]])
    assert found["x-happiness-wash"] > 60_000


def _axe() -> str:
    path = os.environ.get("MIEN_AXE")
    if not path:
        pytest.skip("MIEN_AXE does not name axe.min.js (npm pack axe-core)")
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PAGES, "/desks/10?range=15min&lang=zh", "/?range=week&lang=vi", "/nothing"])
def test_axe_finds_nothing(floor: Served, look: Look, path: str, scheme: str) -> None:
    axe, watched = _axe(), look(floor, path, scheme=scheme)
    watched.page.evaluate(axe)
    report: dict[str, Any] = watched.page.evaluate("axe.run()")
    found = [(item["id"], [node["html"][:120] for node in item["nodes"]]) for item in report["violations"]]
    watched.wrong.clear() if path == "/nothing" else None  # its own 404 is told on the console
    assert report["passes"]
    assert found == []
