"""The course over time as inline SVG: composition over a coverage strip, and valence, on one axis of film time.

Nothing needs script: what follows the width of the page stands in a nested drawing that is stretched sideways alone;
what must not be stretched (textures, patterns, words) is placed by percentages. Heights are pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from edge.analyze.report import words
from edge.analyze.report.columns import Column, Look
from edge.analyze.report.marks import PATTERNED
from edge.analyze.report.markup import Html, Text, el, shortened
from look import STACK, WASHED

WIDE: Final = 1000  # the stretched drawings' own width
STACK_H: Final = 216
_NAMES_H, _COVERAGE_H, _GAP_H, _AXIS_H, _VALENCE_H = 18, 14, 6, 18, 118
_NARROW, _BROAD = (-0.35, 0.5), (-1.06, 1.06)  # the fixed scale of valence, and where a value leaves it
_TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)
_MOST_TICKS: Final = 10
_MOST_PARTED: Final = 80  # films on one axis; of more the lines between would be all there is
_NAMED, _NUMBERED = 0.08, 0.015  # the parts of the axis in which a film's name, or its number, has room
_LETTERS: Final = 140  # that the whole axis has room for
_THIN: Final = 0.25  # pixels under which an area is left out

Limits = tuple[float, float]


@dataclass(frozen=True)
class Film:
    """A recording on an axis, on which it begins at `start_s`."""

    number: int
    name: str
    start_s: float
    length_s: float
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Axis:
    """Film time across a plot, of one recording or of several end to end."""

    films: tuple[Film, ...]
    scale: Limits  # of valence

    @property
    def length_s(self) -> float:
        """Of all films together."""
        return sum(film.length_s for film in self.films)

    def at(self, seconds: float) -> float:
        """Where a moment stands: 0 to 1."""
        return seconds / self.length_s if self.length_s else 0.0

    def placed(self) -> Iterator[tuple[float, Column]]:
        """Every column with its beginning on the axis, in seconds."""
        return ((film.start_s + column.start_s, column) for film in self.films for column in film.columns)


def scale_of(all_columns: Iterable[Column]) -> Limits:
    """The scale of valence: the same for all, and the wide one only if some value leaves the narrow one."""
    low, high = _NARROW
    out = any(column.valence is not None and not low <= column.valence <= high for column in all_columns)
    return _BROAD if out else _NARROW


def composition(axis: Axis, key: str, labels: dict[str, str], drawn: str | None = None) -> Html:
    """Shares of the seen time over the part that was seen. `drawn` names a stack that stands elsewhere in the page."""
    top = _NAMES_H if len(axis.films) > 1 else 4
    floor = top + STACK_H
    strip, words_at = floor + _GAP_H, floor + _GAP_H + _COVERAGE_H + 15
    height = floor + _GAP_H + _COVERAGE_H + _AXIS_H
    inside = el("use", href=f"#{drawn}") if drawn else stack(axis, key)
    plot = el(
        "svg",
        *_grid(axis, top, floor),
        *_textures(axis, top, STACK_H),
        _stretched(inside, top, STACK_H),
        *_patterns(key, top),
        _stretched(el("path", class_="f-cov", d=_coverage(axis)), strip, _COVERAGE_H),
        *_partings(axis, 2, strip + _COVERAGE_H),
        *_names(axis),
        *_times(axis, words_at),
        class_="plot comp" if len(axis.films) == 1 else "plot comp named",
        role="img",
        **labels,
    )
    ends: list[tuple[float, Text | str]] = [(top + 10, "100%"), (top + STACK_H / 2 + 4, "50%"), (floor, "0%")]
    ends.append((strip + 12, words.t("seen_axis")))
    return el("div", _marks(ends, height), plot, class_="axes")


def valence(axis: Axis, labels: dict[str, str]) -> Html:
    """The line of valence over the same axis: broken where there is no figure."""
    low, high = axis.scale

    def y(value: float) -> float:
        return 4 + (high - value) / (high - low) * (_VALENCE_H - 8)

    marks = (1.0, 0.5, 0.0, -0.5, -1.0) if axis.scale == _BROAD else (0.4, 0.2, 0.0, -0.2)
    zero = el("rect", class_="f-line", x=0, y=_short(y(0)), width="100%", height=1)
    line = el("path", class_="line", vector_effect="non-scaling-stroke", d=_line(axis, y))
    plot = el(
        "svg",
        *_grid(axis, 0, _VALENCE_H),
        *_textures(axis, 0, _VALENCE_H),
        zero,
        _stretched(line, 0, _VALENCE_H, crisp=False),
        *_partings(axis, 0, _VALENCE_H),
        *_times(axis, _VALENCE_H + 15),
        class_="plot vale",
        role="img",
        **labels,
    )
    said = [(y(mark) + 4, words.decimal(0, 0) if mark == 0 else _level(mark)) for mark in marks]
    return el("div", _marks(said, _VALENCE_H + _AXIS_H), plot, class_="axes")


def strip(axis: Axis, key: str) -> Html:
    """The same in 27 pixels, beside a name: a picture of what the row says."""
    inside = el("svg", stack(axis, key), viewBox=f"0 0 {WIDE} {STACK_H}", preserveAspectRatio="none", height=22)
    cover = _stretched(el("path", class_="f-cov", d=_coverage(axis)), 23, 4, of=_COVERAGE_H)
    return el("svg", *_textures(axis, 0, 22), inside, cover, class_="strip", aria_hidden="true")


def stack(axis: Axis, key: str) -> Html:
    """The areas of the expressions over WIDE by STACK_H, as a group that can be used again by its key."""
    areas: dict[str, list[str]] = {}
    for start_s, column in axis.placed():
        if column.shares is not None:
            x, width = WIDE * axis.at(start_s), WIDE * axis.at(column.length_s)
            for name, top, floor in _areas(column.shares):
                areas.setdefault(name, []).append(_box(x, top, width, floor - top))
    order = [part for name in STACK for part in (name, f"{name}-wash") if part in areas]
    paths = (el("path", id=f"{key}-{name}", class_=f"f-{name}", d="".join(areas[name])) for name in order)
    return el("g", *paths, id=key, shape_rendering="crispEdges")


def clock(seconds: float, whole_s: float) -> str:
    """A moment of a film: minutes and seconds, with hours where the film has any."""
    minutes, rest = divmod(int(seconds + 1e-6), 60)
    if whole_s < 3600:
        return f"{minutes:02}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def parts_films(count: int) -> bool:
    """Whether so many films on one axis are parted by lines."""
    return 1 < count <= _MOST_PARTED


def _areas(shares: Sequence[float]) -> Iterator[tuple[str, float, float]]:
    """Fill, top and floor of each area of a column. A wash has its edge, all else a pixel of ground above it."""
    floor = 0.0
    for i, (name, share) in enumerate(zip(STACK, shares, strict=True)):
        top, floor = floor, min(float(STACK_H), floor + STACK_H * share)
        if floor - top < _THIN:
            continue
        if name in WASHED:
            yield name, top, floor
            edges = (0, 2) if i == 0 else (1, 1)
            if floor - top > sum(edges):
                yield f"{name}-wash", top + edges[0], floor - edges[1]
        else:
            parted = i > 0 and STACK[i - 1] not in WASHED and floor - top > 2
            yield name, top + parted, floor


def _line(axis: Axis, y: Callable[[float], float]) -> str:
    drawn = []
    placed = list(axis.placed())
    for has_figure, run in groupby(placed, key=lambda item: item[1].valence is not None):
        if not has_figure:
            continue
        columns = list(run)
        values = [column.valence or 0.0 for _, column in columns]
        means = [sum(near) / len(near) for near in (values[max(0, i - 1) : i + 2] for i in range(len(values)))]
        if len(columns) == 1:
            (start_s, column), *_ = columns
            drawn.append(f"M{_x(axis, start_s)} {_short(y(means[0]))}h{_x(axis, column.length_s)}")
        else:
            points = (
                f"{_x(axis, start_s + column.length_s / 2)} {_short(y(mean))}"
                for (start_s, column), mean in zip(columns, means, strict=True)
            )
            drawn.append("M" + "L".join(points))
    return "".join(drawn)


def _coverage(axis: Axis) -> str:
    boxes = []
    for start_s, column in axis.placed():
        high = max(1.0, _COVERAGE_H * column.coverage) if column.seconds_read > 0 else 0.0
        if high:
            x, width = WIDE * axis.at(start_s), WIDE * axis.at(column.length_s)
            boxes.append(_box(x, _COVERAGE_H - high, width, high))
    return "".join(boxes)


def _textures(axis: Axis, top: float, height: float) -> Iterator[Html]:
    """Hatching where nothing was read, dots where too little was; neighbours make one rectangle."""
    for look, run in groupby(axis.placed(), key=lambda item: item[1].look):
        if look is not Look.SEEN:
            columns = list(run)
            start_s, length_s = columns[0][0], sum(column.length_s for _, column in columns)
            fill = "url(#t-gap)" if look is Look.NOTHING else "url(#t-few)"
            yield el("rect", x=_percent(axis, start_s), y=top, width=_percent(axis, length_s), height=height, fill=fill)


def _patterns(key: str, top: float) -> Iterator[Html]:
    """The patterns over the areas, clipped to them, where patterns are on."""
    for name in PATTERNED:
        area = el("use", href=f"#{key}-{name}", transform=f"scale({1 / WIDE:.6f} {1 / STACK_H:.6f})")
        yield el("clipPath", area, id=f"{key}-c-{name}", clipPathUnits="objectBoundingBox")
        over = {"fill": f"url(#p-{name})", "clip_path": f"url(#{key}-c-{name})"}
        yield el("rect", class_="over", y=top, width="100%", height=STACK_H, **over)


def _grid(axis: Axis, top: float, floor: float) -> Iterator[Html]:
    for tick in _ticks(axis):
        yield el("rect", class_="grid", x=_percent(axis, tick), y=top, width=1, height=floor - top)


def _partings(axis: Axis, top: float, floor: float) -> Iterator[Html]:
    if parts_films(len(axis.films)):
        for film in axis.films[1:]:
            yield el("rect", class_="f-now", x=_percent(axis, film.start_s), y=top, width=1, height=floor - top)


def _names(axis: Axis) -> Iterator[Html]:
    """The number of each film where it has room, and its name where that has, in a frame that cuts off what has not."""
    for film in axis.films if parts_films(len(axis.films)) else ():
        part = axis.at(film.length_s)
        if part >= _NUMBERED:
            name = shortened(film.name, int(_LETTERS * part) - 4) if part >= _NAMED else ""
            label = el("text", str(film.number), el("tspan", f"  {name}", class_="name") if name else None, x=4, y=13)
            yield el("svg", label, x=_percent(axis, film.start_s), width=f"{100 * part:.2f}%", height=_NAMES_H)


def _times(axis: Axis, y: float) -> Iterator[Html]:
    for i, tick in enumerate(_ticks(axis)):
        at = axis.at(tick)
        anchor = "start" if at < 0.02 else "end" if at > 0.97 else "middle"
        said = clock(tick, axis.length_s)
        yield el("text", said, x=_percent(axis, tick), y=y, text_anchor=anchor, class_="odd" if i % 2 else None)


def _ticks(axis: Axis) -> list[float]:
    length = axis.length_s
    step = next((s for s in _TICKS if length / s <= _MOST_TICKS), _TICKS[-1])
    return [float(i * step) for i in range(int(length / step + 1e-6) + 1)] if length else []


def _marks(said: Sequence[tuple[float, Text | str]], height: float) -> Html:
    texts = (el("text", text, x="100%", y=_short(y), text_anchor="end") for y, text in said)
    return el("svg", *texts, class_="ys", height=height, aria_hidden="true")


def _stretched(inside: Html, y: float, height: float, *, of: float | None = None, crisp: bool = True) -> Html:
    return el(
        "svg",
        inside,
        y=y,
        width="100%",
        height=height,
        viewBox=f"0 0 {WIDE} {_short(height if of is None else of)}",
        preserveAspectRatio="none",
        shape_rendering="crispEdges" if crisp else None,
    )


def _level(value: float) -> Text:
    return words.each(lambda language: ("+" if value > 0 else "\u2212") + language.decimal(abs(value), 1))


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{_short(x)} {_short(y)}h{_short(width)}v{_short(height)}h-{_short(width)}z"


def _x(axis: Axis, seconds: float) -> str:
    return _short(WIDE * axis.at(seconds))


def _percent(axis: Axis, seconds: float) -> str:
    return f"{100 * axis.at(seconds):.2f}%"


def _short(value: float) -> str:
    """At most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
