"""What holds of every page, whatever it shows: nothing is cut, nothing scrolls sideways, axe-core finds nothing.

Each check returns what it found, one line each; an empty list is a page in order. That each can find something is shown
by test_checks.py, on pages made wrong on purpose.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

_CUT: Final = """() => {
  const found = [], clips = way => ["hidden", "clip"].includes(way);
  const told = (what, e) => found.push(what + " " + e.tagName.toLowerCase() + (e.id ? "#" + e.id : "." + e.className)
    + ": " + e.innerText.slice(0, 60).replace(/\\s+/g, " "));
  const scrolls = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  const seen = e => e.checkVisibility({ visibilityProperty: true }) && !e.closest("svg, .sr, .skip, .u-wrap");
  for (const e of document.querySelectorAll("body *")) {
    if (!seen(e) || !e.innerText.trim()) continue;
    const style = getComputedStyle(e), box = e.getBoundingClientRect(), block = style.display !== "inline";
    const wide = e.scrollWidth > e.clientWidth + 1, high = e.scrollHeight > e.clientHeight + 1;
    if (block && (wide && clips(style.overflowX) || high && clips(style.overflowY))) told("cut", e);
    else if (block && wide && scrolls(e) && !e.querySelector(":scope > table")) told("scrolls", e);
    let inner = e;
    while (inner && !scrolls(inner)) inner = inner.parentElement;
    if (!inner && (box.right > document.documentElement.clientWidth + 1 || box.left < -1)) told("outside", e);
  }
  return found;
}"""
_KEYS: Final = r"""() => document.body.innerText.match(
  /\b(?:[a-z]+_[a-z0-9_]+|undefined|NaN|null)\b|\[object \w+\]|\{\w+\}/g) || []"""


def cut(page: Any) -> list[str]:
    """Texts that are clipped, that stand outside the window, or that scroll and are no table."""
    found: list[str] = page.evaluate(_CUT)
    return found


def sideways(page: Any) -> list[str]:
    """How much wider than its window a page is."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [f"the page is {wide} px wide in a window of {window}"] if wide > window else []


def axe(page: Any) -> list[str]:
    """What axe-core finds with all its rules, the contrast of colours among them, at whatever impact.

    Nothing where MIEN_AXE does not name it, so that the other checks of a page still count; test_checks.py skips then.
    """
    if not (path := os.environ.get("MIEN_AXE")):
        return []
    if not page.evaluate("'axe' in window"):
        page.evaluate(Path(path).read_text(encoding="utf-8"))
    report = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert report["testEngine"]["name"] == "axe-core"
    return [
        f"{item['impact']} {item['id']}: {node['html'][:120]}"
        for item in report["violations"]
        for node in item["nodes"]
    ]


def keys(page: Any) -> list[str]:
    """Words that are no words: the key of a text that a language lacks, and what programs print for nothing."""
    found: list[str] = page.evaluate(_KEYS)
    return found


def all_of(page: Any, *, with_axe: bool = True) -> list[str]:
    """Every check of a page as it stands on a screen."""
    return [*sideways(page), *cut(page), *keys(page), *(axe(page) if with_axe else [])]
