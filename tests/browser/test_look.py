"""What single parts of the pages look like: what is drawn where nothing was seen, what fits, what can be pressed."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest

from tests.browser.conftest import PHONE, Look, Served, Site

system = pytest.mark.system
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


def _quick(cases: list[tuple[Any, ...]], *kept: tuple[Any, ...]) -> list[Any]:
    """The cases, all but the kept ones marked `system`."""
    return [pytest.param(*case, marks=() if case in kept else system) for case in cases]


def _at(hour: int, minute: int) -> int:
    """The column of a time of the made day, which begins at 08:00."""
    return (hour - 8) * 12 + minute // 5


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("/", "light"),
        ("/desks/9", "dark"),
        pytest.param("/", "dark", marks=system),
        pytest.param("/desks/9", "light", marks=system),
    ],
)
def test_charts_are_drawn_in_the_colours_of_the_expressions(floor: Served, look: Look, path: str, scheme: str) -> None:
    page = look(floor, path, scheme=scheme).page
    found = page.evaluate(COUNT, ["#comp", AREAS])
    assert min(found.values()) > 0, found
    assert found["x-neutral-wash"] > found["x-anger"] > 100
    assert page.evaluate(COUNT, ["#vale", ["text", "band"]])["text"] > 300


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


@pytest.mark.parametrize(
    ("language", "width"), _quick(list(product(("en", "zh", "vi"), (1920, 1366, 1280))), ("vi", 1280))
)
def test_words_of_simulated_tiles_are_not_cut_on_a_desktop(site: Site, look: Look, language: str, width: int) -> None:
    page = look(site("demo"), f"/?lang={language}&range=15min", size=(width, 768)).page
    assert page.locator(".tile[data-simulated]").count() == 11
    states = page.locator(".tile[data-simulated]").evaluate_all("all => all.map(e => e.dataset.state)")
    assert {"live", "catchup", "offline", "never"} <= set(states)
    cut = (
        "[...document.querySelectorAll('.tile .says')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    )
    assert page.evaluate(cut) == []


@pytest.mark.parametrize(
    ("span", "width"), _quick(list(product(("15min", "hour", "day", "week"), (1920, 1366, 1280))), ("15min", 1280))
)
def test_times_under_the_tiles_stand_at_even_places_and_apart(site: Site, look: Look, span: str, width: int) -> None:
    page = look(site("demo"), f"/?range={span}", size=(width, 768)).page
    spans = page.locator("svg.axis").first.evaluate(
        "svg => [...svg.querySelectorAll('text')].map(t => t.getBoundingClientRect()).map(b => [b.left, b.right])"
    )
    middles = [(left + right) / 2 for left, right in spans]
    apart = [b - a for a, b in pairwise(middles)]
    assert len(spans) >= 3
    assert max(apart) - min(apart) < 2
    assert all(b[0] - a[1] > 8 for a, b in pairwise(spans))


def test_what_can_be_pressed_on_a_phone_is_large_enough(floor: Served, look: Look) -> None:
    page = look(floor, "/desks/4", size=PHONE).page
    heights = page.locator(".seg a, .seg button").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert min(heights) >= 40


def test_a_floor_without_desks_shows_what_to_do_and_nothing_else(site: Site, look: Look) -> None:
    page = look(site("empty"), "/").page
    assert page.locator(".no-desks").is_visible()
    assert page.locator(".panel:visible").count() == 1


def test_the_first_minutes_of_a_demo_fill_the_chart(site: Site, look: Look) -> None:
    page = look(site("first_minutes"), "/").page
    assert page.locator(".seg [aria-current]").inner_text() == "15 min"
    assert page.locator("#f-seen .value").inner_text().split() == ["1", "of", "1"]
    assert page.locator("#f-seen .note").inner_text() == "11 simulated desks are not counted"
    found = page.evaluate(COUNT, ["#comp", ["x-happiness-wash"]])
    assert found["x-happiness-wash"] > 60_000
