"""Small pieces that every part of the report is put together from: figures, bullets, banners, glyphs, facts, keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.analyze.report import words
from edge.analyze.report.markup import Html, Piece, Text, el
from edge.analyze.results import Counted

_GLYPHS: Final = {
    "few": (
        "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M6 2.9a3.1 3.1 0 1 1 0 6.2a3.1 3.1 0 1 1 0-6.2"
        "M6 2.2a3.8 3.8 0 0 1 0 7.6z"
    ),
    "cross": "M2.1 2.9l.8-.8L6 5.2l3.1-3.1.8.8L6.8 6l3.1 3.1-.8.8L6 6.8 2.9 9.9l-.8-.8L5.2 6z",
    "pause": "M2.5 2.2h2.2v7.6H2.5zM7.3 2.2h2.2v7.6H7.3z",
}
"""One shape a state, so that none needs its colour: too little seen, not read, stopped."""


def glyph(name: str, tone: str = "") -> Html:
    """A shape, always with its words beside it."""
    path = el("path", d=_GLYPHS[name], fill="currentColor", fill_rule="evenodd")
    return el("svg", path, class_=f"glyph is-{tone}" if tone else "glyph", viewBox="0 0 12 12", aria_hidden="true")


def figure(label: Piece, value: Piece, small: Piece = None, note: Piece = None, bullet: Html | None = None) -> Html:
    """A headline figure with what it is of, and where it lies on its scale."""
    shown = el("div", el("span", value), el("small", small) if small else None, class_="value")
    said = el("p", note, class_="note") if note else None
    return el("div", el("dt", label), el("dd", shown, bullet, said), class_="figure")


def bullet(value: float | None, low: float, high: float) -> Html:
    """A value on its fixed scale."""
    zero = el("rect", class_="zero", x=f"{-100 * low / (high - low):.1f}%", y=3, width=1, height=4) if low < 0 else None
    tick = None
    if value is not None:
        at = f"{100 * (min(max(value, low), high) - low) / (high - low):.1f}%"
        tick = el("rect", class_="tick", x=at, width=3, height=10, rx=1, transform="translate(-1.5 0)")
    track = el("rect", class_="track", y=3, width="100%", height=4, rx=2)
    return el("svg", track, zero, tick, class_="bullet", aria_hidden="true")


def banner(tone: str, shape: str, title: Piece, *content: Piece) -> Html:
    """What has to be known before the figures are read."""
    return el("div", glyph(shape, tone), el("div", el("b", title), " ", *content), class_=f"banner is-line-{tone}")


def facts(pairs: Iterable[tuple[Piece, Piece]]) -> Html:
    """Names and values, a line each."""
    lines = (piece for name, value in pairs for piece in (el("dt", name), el("dd", value)))
    return el("dl", *lines, class_="facts")


def panel(key: str, title: Piece, note: Piece, *content: Piece, level: str = "h2") -> Html:
    """A part of the report under its heading."""
    said = el("span", note, class_="quiet small") if note else None
    header = el("header", el(level, title, id=key), said)
    return el("section", header, *content, class_="panel", aria_labelledby=key)


def little_said(counted: Counted) -> Html:
    """That too little was seen for a figure, and how much it was."""
    said = words.t("little_of", p=words.share(counted.coverage), d=words.duration(counted.seconds))
    return el("span", glyph("few", "warn"), " ", said, class_="state")


def keys(has_little: bool, has_nothing: bool, has_films: bool) -> Html:
    """What the marks of the charts mean; none that the charts do not have."""
    lines: list[tuple[Html, Text]] = [
        (el("path", class_="f-cov", d="M0 12V3H5V5H10V2H15V8H22V12Z"), words.t("k_cov")),
    ]
    if has_nothing:
        lines.append((el("rect", width=22, height=12, fill="url(#t-gap)"), words.t("k_nothing")))
    if has_little:
        lines.append((el("rect", width=22, height=12, fill="url(#t-few)"), words.t("k_few")))
    if has_films:
        lines.append((el("rect", class_="f-now", x=10, width=1, height=12), words.t("k_film")))
    items = (el("li", el("svg", mark, viewBox="0 0 22 12", aria_hidden="true"), said) for mark, said in lines)
    return el("ul", *items, class_="keys")
