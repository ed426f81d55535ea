"""How long a browser takes from asking for a page to a chart that is drawn: Chromium, headless, by Playwright.

A script that runs before the page's own looks in every frame whether the chart's canvas has a pixel that is not blank,
and notes the time since the address was asked for.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from bench.errors import BenchError, CannotMeasure

ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
WINDOW: Final = {"width": 1366, "height": 768}
DRAWN_S: Final = 60.0
_WATCH: Final = """
const blank = canvas => !canvas.width || !canvas.height ||
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.every(byte => byte === 0);
const look = () => {
  const canvas = document.querySelector("#comp canvas");
  if (canvas && !blank(canvas)) window.drawnAt = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_LOADED: Final = """() => performance.getEntries().filter(entry => "transferSize" in entry)
  .map(entry => [entry.name, entry.encodedBodySize])"""


class Browser:
    """A running Chromium."""

    def __init__(self, running: Any) -> None:
        """`running` is Playwright's."""
        self._running = running

    def drawn_ms(self, url: str, rounds: int) -> float:
        """The median time to a drawn chart, each time with an empty cache. Raises BenchError where none is drawn."""
        return statistics.median(self._once(url) for _ in range(rounds))

    def bytes(self, url: str) -> dict[str, int]:
        """The bytes of a page and of all that it loads, by the last part of their address."""
        page = self._running.new_page(viewport=WINDOW)
        try:
            page.goto(url, wait_until="load")
            return {name.rpartition("/")[2].partition("?")[0]: size for name, size in page.evaluate(_LOADED)}
        finally:
            page.close()

    def _once(self, url: str) -> float:
        context = self._running.new_context(viewport=WINDOW)
        try:
            page = context.new_page()
            page.add_init_script(_WATCH)
            page.goto(url, wait_until="commit")
            deadline = time.monotonic() + DRAWN_S
            while (at := page.evaluate("() => window.drawnAt ?? null")) is None:
                if time.monotonic() > deadline:
                    raise BenchError(f"{url}: no chart after {DRAWN_S:.0f} s; open it in a browser")
                page.wait_for_timeout(20)
            return float(at)
        finally:
            context.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium of the system. Raises CannotMeasure where there is none, or no Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise CannotMeasure("no Playwright: pip install playwright") from None
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise CannotMeasure("no Chromium on this machine: install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield Browser(browser)
        browser.close()
