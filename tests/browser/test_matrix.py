"""Every page in every state, wide and narrow, light and dark, in three languages and on paper: looked at, and kept.

A look at a page is one test: nothing goes wrong on it, nothing is asked of elsewhere, nothing is cut or scrolls
sideways, axe-core finds nothing, and what its chart draws is what its table tells. The picture lands in MIEN_SHOTS,
named page-state-theme-language-size. A few looks, in which each page, theme, language and size is there, run with every
change; the others are marked `system`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser import charts, checks
from tests.browser.conftest import Folder, Look, Site, Watched, until
from tests.browser.scenes import REPORTS, SCENES, Scene

SIZES: Final = ((1366, 768), (1440, 900), (390, 844))
THEMES: Final = ("light", "dark")
LANGUAGES: Final = ("en", "zh", "vi")
TAGS: Final = {"en": "en", "zh": "zh-Hans", "vi": "vi"}
PAPER: Final = (1047, 718)  # A4 across less its margins of 10 mm, at 96 dots to the inch


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A scene as somebody looks at it."""

    scene: Scene
    theme: str
    language: str
    size: tuple[int, int]

    @property
    def name(self) -> str:
        """As the picture is called."""
        return f"{self.scene.name}-{self.theme}-{self.language}-{self.size[0]}x{self.size[1]}"

    @property
    def path(self) -> str:
        """Its address."""
        return f"{self.scene.path}{'&' if '?' in self.scene.path else '?'}lang={self.language}"


def _all(scenes: Iterable[Scene]) -> list[Sight]:
    cells = product(scenes, THEMES, LANGUAGES, SIZES)
    return [Sight(scene=scene, theme=theme, language=language, size=size) for scene, theme, language, size in cells]


ALL: Final = _all(SCENES)
REPORTED: Final = _all(Scene(name=name, path=f"/{name}.html", live=False) for name in REPORTS)
QUICK: Final = {
    "floor-busy-light-vi-1366x768",
    "floor-week-dark-en-390x844",
    "floor-demo-dark-vi-390x844",
    "floor-empty-light-zh-390x844",
    "desk-gaps-dark-zh-390x844",
    "desk-late-light-en-1440x900",
    "desk-unread-dark-en-390x844",
    "boxes-busy-light-vi-390x844",
    "boxes-empty-dark-zh-1366x768",
    "error-unknown-dark-vi-390x844",
    "error-broken-light-zh-1366x768",
    "report-gaps-light-vi-390x844",
    "report-busy-dark-zh-1366x768",
}


def _sights(wanted: list[Sight]) -> list[Any]:
    marks = {True: (), False: (pytest.mark.system,)}
    return [pytest.param(sight, id=sight.name, marks=marks[sight.name in QUICK]) for sight in wanted]


def _look_at(sight: Sight, site: Site, look: Look) -> Watched:
    scene = sight.scene
    watched = look(site(scene.place), sight.path, size=sight.size, scheme=sight.theme, status=scene.status)
    if scene.live:
        until(watched.page, "Mien.linkKind === 'stream'")
    return watched


@pytest.mark.parametrize("sight", _sights(ALL))
def test_a_page_is_in_order(sight: Sight, site: Site, look: Look, shots: Path) -> None:
    watched = _look_at(sight, site, look)
    page = watched.page
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == TAGS[sight.language]
    page.screenshot(path=shots / f"{sight.name}.png", full_page=True)
    assert checks.all_of(page) == []
    if sight.scene.chart:
        assert charts.faults(page) == []
        assert charts.blank_strips(page) == []
    assert watched.wrong == []


@pytest.mark.parametrize("sight", _sights(REPORTED))
def test_a_report_is_in_order(sight: Sight, reports: Folder, look: Look, shots: Path) -> None:
    page = look(reports, f"{sight.scene.path}#lang={sight.language}", size=sight.size, scheme=sight.theme).page
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == TAGS[sight.language]
    page.screenshot(path=shots / f"{sight.name}.png", full_page=True)
    assert checks.all_of(page) == []
    assert charts.report_faults(page) == []


def test_the_quick_looks_have_every_page_theme_language_and_size() -> None:
    every = [*ALL, *REPORTED]
    chosen = [sight for sight in every if sight.name in QUICK]
    assert len(chosen) == len(QUICK)
    assert {sight.scene.name.split("-")[0] for sight in chosen} == {sight.scene.name.split("-")[0] for sight in every}
    seen = {(sight.theme, sight.language) for sight in chosen}
    assert seen == set(product(THEMES, LANGUAGES))
    assert {sight.size for sight in chosen} == set(SIZES)


ON_PAPER: Final = [
    Sight(scene=scene, theme="dark", language=language, size=PAPER) for scene in SCENES for language in LANGUAGES
]
SHEETS: Final = {"floor": 4, "desk": 4, "boxes": 3, "error": 1}


@pytest.mark.parametrize("sight", [pytest.param(s, id=s.name, marks=pytest.mark.system) for s in ON_PAPER])
def test_a_page_prints_in_light_colours_without_its_controls(sight: Sight, site: Site, look: Look, shots: Path) -> None:
    page = _look_at(sight, site, look).page
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_timeout(200)  # the charts are drawn again, with patterns
    name = replace(sight, theme="paper").name
    page.screenshot(path=shots / f"{name}.png", full_page=True)
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert not [e for e in page.locator(".seg, .bar nav, .langs").all() if e.is_visible()]
    assert [*checks.sideways(page), *checks.cut(page)] == []
    printed = page.pdf(path=shots / f"{name}.pdf", prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") <= SHEETS[sight.scene.name.split("-")[0]]
