"""Every page in every state, wide and narrow, light and dark, in three languages and on paper: looked at, and kept.

At each look nothing goes wrong, nothing is asked of elsewhere, nothing is cut or scrolls sideways, axe-core finds
nothing, and what a chart draws is what its table tells. The picture lands in MIEN_SHOTS, named
page-state-theme-language-size. A few looks, in which each page, theme, language and size is there, run with every
change; all of them, a scene in a language at a time, are marked `system`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from tests.browser import charts, checks
from tests.browser.conftest import Folder, Look, Site, Watched, until
from tests.browser.scenes import REPORTS, SCENES, Scene

SIZES: Final = ((1366, 768), (1440, 900), (390, 844))
THEMES: Final = ("light", "dark")
LANGUAGES: Final = ("en", "zh", "vi")
TAGS: Final = {"en": "en", "zh": "zh-Hans", "vi": "vi"}
NARROWEST: Final = (320, 700)
REPORT: Final = "report"  # the place of scenes that are files
REDRAWN_MS: Final = 200  # after a change of colours or of the medium the charts are drawn again
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


EVERY: Final = (*SCENES, *(Scene(name=name, place=REPORT, path=f"/{name}.html", live=False) for name in REPORTS))
ALL: Final = [
    Sight(scene=scene, theme=theme, language=language, size=size)
    for scene, theme, language, size in product(EVERY, THEMES, LANGUAGES, SIZES)
]
QUICK: Final = {
    "floor-busy-light-vi-1366x768",
    "floor-week-dark-en-390x844",
    "floor-demo-dark-vi-390x844",
    "floor-empty-light-zh-390x844",
    "desk-gaps-dark-zh-390x844",
    "desk-late-light-en-1440x900",
    "desk-fault-dark-vi-390x844",
    "desk-unread-dark-en-390x844",
    "boxes-busy-light-vi-390x844",
    "boxes-empty-dark-zh-1366x768",
    "error-unknown-dark-vi-390x844",
    "error-broken-light-zh-1366x768",
    "report-gaps-light-vi-390x844",
    "report-busy-dark-zh-1366x768",
}


SHEETS: Final = {"floor": 4, "desk": 4, "boxes": 3, "error": 1}  # of paper, at most


class Looker:
    """Looks at scenes: opens their pages where they are, keeps a picture, tells what is wrong."""

    def __init__(self, site: Site, reports: Folder, look: Look, shots: Path) -> None:
        self._site, self._reports, self._look, self._shots = site, reports, look, shots

    def open(self, sight: Sight) -> Watched:
        """The page of a sight, its script begun."""
        scene = sight.scene
        place = self._reports if scene.place == REPORT else self._site(scene.place)
        watched = self._look(place, sight.path, size=sight.size, scheme=sight.theme, status=scene.status)
        self._begun(watched, sight)
        return watched

    def again(self, watched: Watched, sight: Sight) -> None:
        """The same page in another size and in light colours, loaded anew."""
        watched.page.set_viewport_size({"width": sight.size[0], "height": sight.size[1]})
        watched.page.emulate_media(media="screen", color_scheme=sight.theme)
        if sight.scene.place != REPORT:
            self._site(sight.scene.place)  # it is the made moment again
        watched.page.reload()
        self._begun(watched, sight)

    def wrong(self, watched: Watched, sight: Sight, *, with_axe: bool = True) -> list[str]:
        """What is wrong with the page as it stands there now; its picture is kept."""
        page, scene = watched.page, sight.scene
        page.screenshot(path=self._shots / f"{sight.name}.png", full_page=True)
        found = checks.all_of(page, with_axe=with_axe)
        if scene.place == REPORT:
            found += charts.report_faults(page)
        elif scene.chart:
            found += [*charts.faults(page), *charts.blank_strips(page)]
        return [*found, *watched.wrong]

    def wrong_on_paper(self, watched: Watched, sight: Sight) -> list[str]:
        """The same on paper, which is light, without controls, and not too much of it."""
        page, name = watched.page, replace(sight, theme="paper", size=PAPER).name
        page.set_viewport_size({"width": PAPER[0], "height": PAPER[1]})
        page.emulate_media(media="print", color_scheme="dark")
        page.wait_for_timeout(REDRAWN_MS)
        page.screenshot(path=self._shots / f"{name}.png", full_page=True)
        found = [*checks.sideways(page), *checks.cut(page)]
        if page.evaluate("getComputedStyle(document.documentElement).colorScheme") != "light":
            found.append("paper is dark")
        found += [f"on paper: {e.inner_text()}" for e in page.locator(".seg, .bar nav, .langs").all() if e.is_visible()]
        printed = page.pdf(path=self._shots / f"{name}.pdf", prefer_css_page_size=True)
        sheets = printed.count(b"/Type /Page\n")
        return [*found, *([f"{sheets} sheets of paper"] if sheets > SHEETS[sight.scene.name.split("-")[0]] else [])]

    def _begun(self, watched: Watched, sight: Sight) -> None:
        if sight.scene.live:
            until(watched.page, "Mien.linkKind === 'stream'")
        assert watched.page.locator("h1").count() == 1
        assert watched.page.evaluate("document.documentElement.lang") == TAGS[sight.language]


@pytest.fixture
def looker(site: Site, reports: Folder, look: Look, shots: Path) -> Looker:
    """Somebody who looks at the pages."""
    return Looker(site, reports, look, shots)


@pytest.mark.parametrize("sight", [pytest.param(sight, id=sight.name) for sight in ALL if sight.name in QUICK])
def test_a_page_is_in_order(sight: Sight, looker: Looker) -> None:
    assert looker.wrong(looker.open(sight), sight) == []


@pytest.mark.system
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scene", EVERY, ids=lambda scene: scene.name)
def test_a_page_is_in_order_in_every_size_and_theme_and_on_paper(scene: Scene, language: str, looker: Looker) -> None:
    wrong: dict[str, list[str]] = {}
    first = Sight(scene=scene, theme="light", language=language, size=SIZES[0])
    watched = looker.open(first)
    for size in SIZES:
        if size != SIZES[0]:
            looker.again(watched, replace(first, size=size))
        for theme in THEMES:
            sight = replace(first, size=size, theme=theme)
            watched.page.emulate_media(color_scheme=theme)
            watched.page.wait_for_timeout(REDRAWN_MS)
            wrong[sight.name] = looker.wrong(watched, sight, with_axe=size != SIZES[1])  # it is as wide as the first
    looker.again(watched, replace(first, size=NARROWEST))
    wrong["narrowest"] = [*checks.sideways(watched.page), *checks.cut(watched.page)]
    if scene.place != REPORT:  # which has its own way to paper; see test_report.py
        wrong["paper"] = looker.wrong_on_paper(watched, first)
    assert {name: found for name, found in wrong.items() if found} == {}


def test_the_quick_looks_have_every_page_theme_language_and_size() -> None:
    chosen = [sight for sight in ALL if sight.name in QUICK]
    assert len(chosen) == len(QUICK)
    assert {sight.scene.name.split("-")[0] for sight in chosen} == {scene.name.split("-")[0] for scene in EVERY}
    assert {(sight.theme, sight.language) for sight in chosen} == set(product(THEMES, LANGUAGES))
    assert {sight.size for sight in chosen} == set(SIZES)
