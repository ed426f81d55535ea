"""The marks of the report's charts and tables: swatches and bars of the expressions, their patterns, the textures."""

from __future__ import annotations

from typing import Final

from edge.analyze.report.markup import Html, el
from look import STACK, WASHED

PATTERNED: Final = tuple(name for name in STACK if name not in WASHED)
"""The expressions that have a pattern, for paper and for who asks for it."""


_MOTIFS: Final = {
    "surprise": (5, "M2.5 0V5"),
    "sadness": (5, "M-1 -1L6 6M-1 4L1 6M4 -1L6 1"),
    "fear": (5, "M2 2.5h1.4"),
    "contempt": (7, "M0 0L7 7M7 0L0 7"),
    "disgust": (4, "M0 2H4"),
    "anger": (5, "M-1 6L6 -1M-1 1L1 -1M4 6L6 4"),
}
"""The patterns: how large a tile is, in pixels, and what is drawn on it."""


def definitions() -> Html:
    """What the plots refer to: textures of what is missing, the expressions with their patterns, swatches."""
    textures = (
        _tile("t-gap", 6, el("path", class_="hatching", d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5")),
        _tile("t-few", 7, el("path", class_="dotting", d="M2 3.5h1.6")),
    )
    swatches = (_swatch(name) for name in STACK)
    inside = el("defs", *textures, *map(_patterned, PATTERNED), *swatches)
    return el("svg", inside, class_="defs", aria_hidden="true")


def swatch(name: str) -> Html:
    """The colour of an expression beside its name."""
    return el("svg", el("use", href=f"#w-{name}"), class_="swatch", aria_hidden="true")


def bar(fill: str, part: float) -> Html | None:
    """A bar of a table: a part of 1 of the cell's width. None for nothing."""
    if part < 0.0005:
        return None
    drawn = el("rect", class_=f"f-{fill}", width=f"{100 * min(1.0, part):.1f}%")
    return el("svg", drawn, class_="distbar", aria_hidden="true")


def _swatch(name: str) -> Html:
    wash = el("rect", class_=f"f-{name}-wash", x=2, y=2, width=8, height=8) if name in WASHED else None
    return el("g", el("rect", class_=f"f-{name}", width=12, height=12, rx=2), wash, id=f"w-{name}")


def _patterned(name: str) -> Html:
    """The colour of an expression with its pattern: what `patterns` puts in place of the plain colour."""
    size, d = _MOTIFS[name]
    ground = el("rect", class_="ground", width=size, height=size, fill=f"var(--x-{name})")
    return _tile(f"p-{name}", size, ground, el("path", class_="motif", d=d))


def _tile(name: str, size: int, *content: Html) -> Html:
    return el("pattern", *content, id=name, width=size, height=size, patternUnits="userSpaceOnUse")
