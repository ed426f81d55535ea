"""The report of an analysis in a real browser, from a file: what is drawn, what can be read, pressed and printed.

Charts are checked by their pixels, for a blank one passes everything else. The pictures land in MIEN_SHOTS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from edge.analyze.report import report_html
from edge.analyze.results import Kind, Recording, Summary
from look import STACK, WASHED
from tests.browser import checks
from tests.browser.charts import Pixels, count, picture
from tests.browser.conftest import PHONE, Watched
from tests.edge.analyze import made

WIDE: Final = (1366, 768)
PAPER: Final = (1047, 718)  # A4 across less its margins of 10 mm, at 96 dots to the inch
PORTRAIT: Final = (718, 1047)
TAGS: Final = {"en": "en", "zh": "zh-Hans", "vi": "vi"}
HOSTILE: Final = "<script>document.title='taken'</script>" + "x" * 180 + ".mp4"
TOLERANCE: Final = 0.04  # of what is drawn: edges and the ground between areas take pixels


def _shops() -> list[Recording]:
    looks = ("neutral", "happiness", "anger")
    return [
        made.film(f"shop/{i:02}.mp4", 60 + 37 * i, looks=looks[i % 3], gaps=i % 4 == 2, seen=0.15 if i == 7 else 0.9)
        for i in range(1, 11)
    ]


@cache
def summary(name: str) -> Summary:
    """What the reports of these tests are about."""
    broken = made.unreadable("shop/11.mp4", "not a video that can be read; give another copy of it")
    album = made.film("album", 24, kind=Kind.PICTURES, frames_per_second=0.0, looks="happiness")
    arabic = made.film("مرحبا \u202egpj.exe\n.mp4", 80, complete=False, fault="ends early; give a whole copy of it")
    return {
        "one": lambda: made.summary([made.film("counter.mp4", 640, gaps=True)]),
        "ten": lambda: made.summary(_shops()),
        "faulty": lambda: made.summary(
            [*_shops()[:4], broken, made.film(HOSTILE, 40), arabic, album], complete=False, every=5
        ),
        "empty": lambda: made.summary([broken]),
        "little": lambda: made.summary([made.film("night.mp4", 240, seen=0.12)]),
        "many": lambda: made.summary([made.film(f"day/{i:03}.mp4", 30 + i % 40) for i in range(120)]),
    }[name]()


NAMES: Final = ("one", "ten", "faulty", "empty", "little", "many")
Open = Callable[..., Any]


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports, in a folder of their own."""
    folder = tmp_path_factory.mktemp("reports")
    for name in NAMES:
        (folder / f"{name}.html").write_text(report_html(summary(name)), encoding="utf-8")
    return folder


@pytest.fixture
def opened(chromium: Any, reports: Path) -> Iterator[Open]:
    """Open a report from its file; a word on the console or a request fails the test at its end."""
    kept: list[tuple[Any, Watched]] = []

    def at(
        name: str, asked: str = "#lang=en", *, size: tuple[int, int] = WIDE, scheme: str = "light", **context: Any
    ) -> Any:
        made_for = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, offline=True, **context
        )
        watched = Watched(made_for.new_page(), f"file://{reports}/{name}.html")
        kept.append((made_for, watched))
        watched.page.on("console", watched._console)
        watched.page.on("pageerror", lambda error: watched.wrong.append(str(error)))
        watched.page.on("request", watched._request)
        watched.page.goto(watched.url + asked)
        return watched.page

    yield at
    for context, _ in kept:
        context.close()
    assert [wrong for _, watched in kept for wrong in watched.wrong] == []


def _colours(page: Any) -> dict[str, list[float]]:
    """The colour of every token of an expression as the theme in force has it."""
    names = [f"x-{name}" for name in STACK] + [f"x-{name}-wash" for name in WASHED] + ["text"]
    probe = """names => { const e = document.createElement("i"); document.body.append(e);
      const found = names.map(name => { e.className = "";
        const rule = name.startsWith("x-") ? "f-" + name.slice(2) : "f-now";
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), g = document.createElementNS(
          "http://www.w3.org/2000/svg", "g"), rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        g.setAttribute("class", "crisp"); rect.setAttribute("class", rule); g.append(rect); svg.append(g);
        document.body.append(svg); const fill = getComputedStyle(rect).fill; svg.remove();
        return [name, fill.match(/[0-9.]+/g).map(Number)]; });
      e.remove(); return Object.fromEntries(found); }"""
    found: dict[str, list[float]] = page.evaluate(probe, names)
    return found


def _drawn(pixels: Pixels, colours: dict[str, list[float]]) -> list[int]:
    """Pixels of each expression of STACK, washes with their edges."""
    found = [count(pixels, colours[f"x-{name}"]) for name in STACK]
    for name in WASHED:
        found[STACK.index(name)] += count(pixels, colours[f"x-{name}-wash"])
    return found


SIGHTS: Final = [
    pytest.param(
        name,
        theme,
        language,
        size,
        id=f"{name}-{theme}-{language}-{size[0]}",
        marks=() if chosen else (pytest.mark.system,),
    )
    for i, (name, theme, language, size) in enumerate(
        product(NAMES, ("light", "dark"), ("en", "zh", "vi"), (WIDE, PHONE))
    )
    for chosen in [i % 7 == 0 and name != "many"]
]


@pytest.mark.parametrize(("name", "theme", "language", "size"), SIGHTS)
def test_a_report_is_in_order(
    opened: Open, shots: Path, name: str, theme: str, language: str, size: tuple[int, int]
) -> None:
    page = opened(name, f"#lang={language}", size=size, scheme=theme)
    page.screenshot(path=shots / f"report-{name}-{theme}-{language}-{size[0]}x{size[1]}.png", full_page=name != "many")
    assert page.evaluate("document.documentElement.lang") == TAGS[language]
    assert page.locator("h1").count() == 1
    assert checks.all_of(page) == []


@pytest.mark.parametrize("name", ["one", "ten"])
def test_opened_parts_are_in_order_too(opened: Open, name: str) -> None:
    page = opened(name, "#lang=vi", size=PHONE, scheme="dark")
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert checks.all_of(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_stack_is_drawn_in_the_shares_that_were_seen(opened: Open, theme: str) -> None:
    page = opened("ten", scheme=theme)
    colours, pixels = _colours(page), picture(page, "svg.plot.comp.named")
    drawn = _drawn(pixels, colours)
    assert min(drawn) > 50, dict(zip(STACK, drawn, strict=True))
    for name, got in zip(STACK, drawn, strict=True):
        assert got / sum(drawn) == pytest.approx(summary("ten").all.by_seconds[name], abs=TOLERANCE), name


def test_a_strip_and_a_part_show_the_same_as_the_chart_of_their_file(opened: Open) -> None:
    page = opened("ten", "#lang=en")
    page.locator("#f5 > summary").click()
    colours, wanted = _colours(page), summary("ten").files[4].by_seconds
    for selector in ("svg.strip:has(#s5)", "#f5 svg.plot.comp"):
        drawn = _drawn(picture(page, selector), colours)
        for name, got in zip(STACK, drawn, strict=True):
            assert got / sum(drawn) == pytest.approx(wanted[name], abs=0.08), (selector, name)


def test_the_line_of_valence_is_drawn_where_the_mean_is(opened: Open) -> None:
    page = opened("one")
    pixels, ink = picture(page, "svg.plot.vale"), _colours(page)["text"]
    rows = [y for y in range(118) if count(pixels[y : y + 1], ink)]
    low, high = -0.35, 0.5
    wanted = 4 + (high - (summary("one").all.valence or 0)) / (high - low) * 110
    assert count(pixels, ink) > 500
    assert abs(sum(rows) / len(rows) - wanted) < 15


def test_where_nothing_was_read_no_expression_is_drawn(opened: Open) -> None:
    page = opened("one")
    pixels, colours = picture(page, "svg.plot.comp"), _colours(page)
    width = pixels.shape[1]
    gap = pixels[:, round(width * 0.43) : round(width * 0.49)]
    assert sum(_drawn(gap, colours)) == 0
    assert len({tuple(pixel) for pixel in gap[20:200].reshape(-1, 3)}) > 1  # hatched, not blank


@pytest.mark.parametrize("column", [1, 4], ids=["by faces", "by seconds"])
def test_bars_are_as_long_as_their_figures(opened: Open, column: int) -> None:
    page = opened("ten")
    lengths = page.evaluate(
        """column => [...document.querySelectorAll(".counted .dist tr[data-x]")].slice(0, 8).map(row => {
          const cell = row.cells[column], bar = cell.querySelector("rect"), svg = cell.querySelector("svg");
          return bar ? bar.getBoundingClientRect().width / svg.getBoundingClientRect().width : 0; })""",
        column,
    )
    counted = summary("ten").all
    wanted = counted.by_faces if column == 1 else counted.by_seconds
    for name, length in zip(STACK, lengths, strict=True):
        assert length == pytest.approx(wanted[name], abs=0.01), name


def test_patterns_are_drawn_over_the_colours_on_request(opened: Open) -> None:
    page = opened("ten")
    colours, plain = _colours(page), picture(page, "svg.plot.comp.named")
    page.get_by_role("button", name="Patterns").click()
    patterned = picture(page, "svg.plot.comp.named")
    for name in STACK:
        token = f"x-{name}-wash" if name in WASHED else f"x-{name}"
        before, after = (count(pixels, colours[token]) for pixels in (plain, patterned))
        assert (0.2 * before < after < 0.9 * before) == (name not in WASHED), name
    assert page.evaluate("location.hash") == "#lang=en&patterns=on"


def test_language_and_colours_are_remembered_in_the_address(opened: Open) -> None:
    page = opened("one", "?lang=zh")
    assert page.locator("h1").inner_text() == "counter.mp4 中的表情"
    page.get_by_role("button", name="Tiếng Việt").click()
    page.get_by_role("button", name="Tối").click()
    assert page.locator("h1").inner_text() == "Biểu cảm trong counter.mp4"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == ["vi", "dark"]
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Expressions in counter.mp4"


@pytest.mark.parametrize(("locale", "tag"), [("zh-CN", "zh-Hans"), ("vi-VN", "vi"), ("de-DE", "en")])
def test_it_begins_in_the_language_of_the_browser(opened: Open, locale: str, tag: str) -> None:
    assert opened("one", "", locale=locale).evaluate("document.documentElement.lang") == tag


def test_without_script_it_is_read_in_english_and_shows_no_controls(opened: Open) -> None:
    page = opened("ten", "", java_script_enabled=False)
    assert page.locator("h1").inner_text() == "Expressions in recordings"
    assert not page.locator("#controls").is_visible()
    page.locator("#f2 > summary").click()
    assert page.locator("#f2 svg.plot.comp").is_visible()


def test_the_name_of_a_file_runs_nothing(opened: Open) -> None:
    page = opened("faulty")
    assert page.title() == "Expressions in recordings, Mien"
    assert page.locator("bdi", has_text="<script>").count() >= 2


def test_a_link_in_the_list_opens_the_part_of_its_file(opened: Open) -> None:
    page = opened("ten")
    page.locator(".list a").nth(3).click()
    assert page.locator("#f4").get_attribute("open") is not None
    assert page.locator("#f4 svg.plot.comp").is_visible()


def test_all_that_can_be_pressed_is_reached_by_the_tab_key_and_shows_that_it_is(opened: Open) -> None:
    page = opened("one")
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 20)"))
        assert page.evaluate("getComputedStyle(document.activeElement).boxShadow") != "none", reached[-1]
        if reached[-1].startswith("Table: by"):
            break
    wanted = ("Skip to content", "English", "中文", "Tiếng Việt", "Light", "Dark", "As the device", "Patterns")
    assert reached[:8] == list(wanted)
    assert reached[-1].startswith("Table: by")


def test_each_chart_has_a_name_and_says_what_it_shows(opened: Open) -> None:
    page = opened("ten")
    images = page.get_by_role("img").all()
    assert len(images) >= 2
    told = re.search(r"Mean: neutral (\d+)%", page.locator("#all-d").inner_text())
    assert told is not None
    assert int(told[1]) / 100 == pytest.approx(summary("ten").all.by_seconds["neutral"], abs=0.02)
    assert page.get_by_role("img", name="Expressions over time, all films end to end").count() == 1


def test_nothing_moves(opened: Open) -> None:
    page = opened("ten")
    assert page.evaluate("document.getAnimations().length") == 0
    moving = "[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0)"
    assert page.evaluate(f"{moving}.length") == 0


@pytest.mark.parametrize(
    "size", [PAPER, pytest.param(PORTRAIT, marks=pytest.mark.system)], ids=["landscape", "portrait"]
)
def test_on_paper_it_is_light_with_every_table_open_and_no_controls(opened: Open, shots: Path, size: Any) -> None:
    page = opened("ten", "#lang=vi&theme=dark", size=size, scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.screenshot(path=shots / f"report-ten-paper-vi-{size[0]}x{size[1]}.png", full_page=True)
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert not page.locator("#controls").is_visible()
    assert page.locator("details.table td").first.is_visible()
    assert page.locator("#f3 svg.plot.comp").is_visible()
    assert [*checks.sideways(page), *checks.cut(page)] == []
    assert page.pdf(path=shots / f"report-ten-vi-{size[0]}.pdf", landscape=size == PAPER).startswith(b"%PDF")


def test_after_printing_what_was_folded_is_folded_again(opened: Open) -> None:
    page = opened("ten")
    folded = "document.querySelectorAll('details:not([open])').length"
    before = page.evaluate(folded)
    assert page.evaluate(f"dispatchEvent(new Event('beforeprint')); {folded}") == 0
    assert page.evaluate(f"dispatchEvent(new Event('afterprint')); {folded}") == before
