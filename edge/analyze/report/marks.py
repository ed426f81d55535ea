"""The marks of the report's charts and tables: swatches and bars of the expressions, their patterns, the textures."""

from __future__ import annotations

from typing import Final

from edge.analyze.report.markup import Html, el
from look import STACK, WASHED

PATTERNED: Final = tuple(name for name in STACK if name not in WASHED)
"""The expressions that have a pattern, for paper and for who asks for it."""


def definitions() -> Html:
    """What the plots refer to: textures of what is missing, patterns of the expressions."""
    textures = (
        _tile("t-gap", 6, "M-1 7L7 -1M-1 1L1 -1M5 7L7 5", "hatching"),
        _tile("t-few", 7, "M2 3.5h1.6", "dotting"),
    )
    motifs = {
        "surprise": (5, "M2.5 0V5"),
        "sadness": (5, "M-1 -1L6 6M-1 4L1 6M4 -1L6 1"),
        "fear": (5, "M2 2.5h1.4"),
        "contempt": (5, "M0 0L5 5M5 0L0 5"),
        "disgust": (4, "M0 2H4"),
        "anger": (5, "M-1 6L6 -1M-1 1L1 -1M4 6L6 4"),
    }
    patterns = (_tile(f"p-{name}", size, d, "motif") for name, (size, d) in motifs.items())
    return el("svg", el("defs", *textures, *patterns), class_="defs", aria_hidden="true")


def swatch(name: str) -> Html:
    """The colour of an expression beside its name."""
    wash = el("rect", class_=f"f-{name}-wash", x=2, y=2, width=8, height=8) if name in WASHED else None
    over = el("rect", class_="over", width=12, height=12, fill=f"url(#p-{name})") if name in PATTERNED else None
    full = el("rect", class_=f"f-{name}", width=12, height=12, rx=2)
    return el("svg", full, wash, over, class_="swatch", viewBox="0 0 12 12", aria_hidden="true")


def bar(fill: str, part: float) -> Html:
    """A bar of a table: a part of 1 of the cell's width."""
    width = f"{100 * min(1.0, part):.1f}%"
    over = None
    if fill in PATTERNED:
        over = el("rect", class_="over", y=3, width=width, height=8, fill=f"url(#p-{fill})")
    return el(
        "svg", el("rect", class_=f"f-{fill}", y=3, width=width, height=8), over, class_="distbar", aria_hidden="true"
    )


def _tile(name: str, size: int, d: str, class_: str) -> Html:
    path = el("path", class_=class_, d=d)
    return el("pattern", path, id=name, width=size, height=size, patternUnits="userSpaceOnUse")
