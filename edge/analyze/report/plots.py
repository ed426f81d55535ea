"""The course over time as inline SVG: composition over a coverage strip, and valence, on one axis of film time.

Nothing needs script: what follows the width of the page stands in a nested drawing that is stretched sideways alone;
what must not be stretched (textures, patterns, words) is placed by percentages. Heights are pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from edge.analyze.report import words
from edge.analyze.report.axis import WIDE, Axis, clock, short
from edge.analyze.report.columns import Column, Look
from edge.analyze.report.marks import PATTERNED
from edge.analyze.report.markup import Html, Text, el, shortened
from look import STACK, WASHED

STACK_H: Final = 216
_NAMES_H, _COVERAGE_H, _GAP_H, _AXIS_H, _VALENCE_H = 18, 14, 6, 18, 118
_STRIP_H, _STRIP_GAP_H, _STRIP_COVERAGE_H = 22, 1, 4
_NAMED, _NUMBERED = 0.08, 0.015  # the parts of the axis in which a film's name, or its number, has room
_LETTERS: Final = 140  # that the whole axis has room for
_THIN: Final = 0.25  # pixels under which an area is left out


def composition(axis: Axis, key: str, labels: dict[str, str], drawn: str | None = None) -> Html:
    """Shares of the seen time over the part that was seen. `drawn` names a stack that stands elsewhere in the page."""
    top = _NAMES_H if len(axis.films) > 1 else 4
    floor = top + STACK_H
    strip = floor + _GAP_H
    plot = el(
        "svg",
        _grid(axis, top, STACK_H),
        *_textures(axis, top, STACK_H),
        _stretched(axis, el("use", href=f"#{drawn}") if drawn else stack(axis, key), top, STACK_H),
        _patterns(axis, drawn or key, top),
        _stretched(axis, _coverage(axis), strip, _COVERAGE_H),
        *_partings(axis, 2, strip + _COVERAGE_H),
        *_names(axis),
        *_times(axis, strip + _COVERAGE_H + 15),
        class_="plot comp" if len(axis.films) == 1 else "plot comp named",
        role="img",
        **labels,
    )
    ends: list[tuple[float, Text | str]] = [(top + 10, "100%"), (top + STACK_H / 2 + 4, "50%"), (floor, "0%")]
    ends.append((strip + 12, words.t("seen_axis")))
    return el("div", _levels(ends, strip + _COVERAGE_H + _AXIS_H), plot, class_="axes")


def valence(axis: Axis, labels: dict[str, str]) -> Html:
    """The line of valence over the same axis: broken where there is no figure, and from film to film."""
    low, high = axis.scale

    def y(value: float) -> float:
        return 4 + (high - value) / (high - low) * (_VALENCE_H - 8)

    levels = (1.0, 0.5, 0.0, -0.5, -1.0) if axis.scale == WIDE else (0.4, 0.2, 0.0, -0.2)
    line = el("path", class_="line", vector_effect="non-scaling-stroke", d=_line(axis, y))
    plot = el(
        "svg",
        _grid(axis, 0, _VALENCE_H),
        *_textures(axis, 0, _VALENCE_H),
        el("rect", class_="f-line", y=short(y(0)), width="100%", height=1),
        _stretched(axis, line, 0, _VALENCE_H),
        *_partings(axis, 0, _VALENCE_H),
        *_times(axis, _VALENCE_H + 15),
        class_="plot vale",
        role="img",
        **labels,
    )
    said = [(y(level) + 4, _signed(level)) for level in levels]
    return el("div", _levels(said, _VALENCE_H + _AXIS_H), plot, class_="axes")


def strip(axis: Axis, key: str) -> Html:
    """The same in 27 pixels, beside a name: a picture of what the row says."""
    inside = _stretched(axis, stack(axis, key), 0, _STRIP_H, of=STACK_H)
    cover = _stretched(axis, _coverage(axis), _STRIP_H + _STRIP_GAP_H, _STRIP_COVERAGE_H, of=_COVERAGE_H)
    return el("svg", *_textures(axis, 0, _STRIP_H), inside, cover, class_="strip", aria_hidden="true")


def stack(axis: Axis, key: str) -> Html:
    """The areas of the expressions as a group that can be used again by its key."""
    areas: dict[str, list[str]] = {}
    for start_s, column in axis.placed():
        if column.shares is not None:
            for name, top, floor in _areas(column.shares):
                areas.setdefault(name, []).append(_box(axis, start_s, column, top, floor))
    order = [part for name in STACK for part in (name, f"{name}-wash") if part in areas]
    paths = (el("path", id=f"{key}-{name}", class_=f"f-{name}", d="".join(areas[name])) for name in order)
    return el("g", *paths, id=key, class_="crisp")


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
    placed = ((film.number, film.start_s + column.start_s, column) for film in axis.films for column in film.columns)
    for (_, has_figure), run in groupby(placed, key=lambda item: (item[0], item[2].valence is not None)):
        if not has_figure:
            continue
        columns = [(start_s, column) for _, start_s, column in run]
        values = [column.valence or 0.0 for _, column in columns]
        means = [sum(near) / len(near) for near in (values[max(0, i - 1) : i + 2] for i in range(len(values)))]
        if len(columns) == 1:
            ((start_s, column),) = columns
            drawn.append(f"M{short(axis.unit(start_s))} {y(means[0]):.1f}h{short(axis.unit(column.length_s))}")
        else:
            points = (
                f"{short(axis.unit(start_s + column.length_s / 2))} {y(mean):.1f}"
                for (start_s, column), mean in zip(columns, means, strict=True)
            )
            drawn.append("M" + "L".join(points))
    return "".join(drawn)


def _coverage(axis: Axis) -> Html:
    boxes = (
        _box(axis, start_s, column, _COVERAGE_H - max(1.0, _COVERAGE_H * column.coverage), _COVERAGE_H)
        for start_s, column in axis.placed()
        if column.seconds_read > 0
    )
    return el("path", class_="f-cov crisp", d="".join(boxes))


def _textures(axis: Axis, top: float, height: float) -> Iterator[Html]:
    """Hatching where nothing was read, dots where too little was; neighbours make one rectangle."""
    for look, run in groupby(axis.placed(), key=lambda item: item[1].look):
        if look is not Look.SEEN:
            columns = list(run)
            start, width = axis.percent(columns[0][0]), axis.percent(sum(column.length_s for _, column in columns))
            fill = "url(#t-gap)" if look is Look.NOTHING else "url(#t-few)"
            yield el("rect", x=start, y=top, width=width, height=height, fill=fill)


def _patterns(axis: Axis, key: str, top: float) -> Html:
    """The patterns over the areas, clipped to them, where patterns are on."""
    scale = f"scale({axis.step_s / axis.length_s:.6f} {1 / STACK_H:.6f})"
    drawn = {name for _, column in axis.placed() if column.shares for name, *_ in _areas(column.shares)}
    pieces = []
    for name in PATTERNED:
        if name in drawn:
            area = el("use", href=f"#{key}-{name}", transform=scale)
            pieces.append(el("clipPath", area, id=f"{key}-c-{name}", clipPathUnits="objectBoundingBox"))
            pieces.append(el("rect", class_=f"o-{name}", clip_path=f"url(#{key}-c-{name})"))
    return el("svg", *pieces, class_="over", y=top, width="100%", height=STACK_H)


def _grid(axis: Axis, top: float, height: float) -> Html:
    lines = "".join(f"M{short(axis.unit(tick))} 0v{height}" for tick in axis.ticks())
    return _stretched(axis, el("path", class_="grid", vector_effect="non-scaling-stroke", d=lines), top, height)


def _partings(axis: Axis, top: float, floor: float) -> Iterator[Html]:
    for film in axis.films[1:] if axis.is_parted else ():
        yield el("rect", class_="f-now", x=axis.percent(film.start_s), y=top, width=1, height=floor - top)


def _names(axis: Axis) -> Iterator[Html]:
    """The number of each film where it has room, and its name where that has, in a frame that cuts off what has not."""
    for film in axis.films if axis.is_parted else ():
        part = axis.part(film.length_s)
        if part >= _NUMBERED:
            name = shortened(film.name, int(_LETTERS * part) - 4) if part >= _NAMED else ""
            label = el("text", str(film.number), el("tspan", f"  {name}", class_="name") if name else None, x=4, y=13)
            yield el("svg", label, x=axis.percent(film.start_s), width=axis.percent(film.length_s), height=_NAMES_H)


def _times(axis: Axis, y: float) -> Iterator[Html]:
    for i, tick in enumerate(axis.ticks()):
        at = axis.part(tick)
        anchor = "start" if at < 0.02 else "end" if at > 0.97 else None
        said = clock(tick, axis.length_s)
        yield el("text", said, x=axis.percent(tick), y=y, text_anchor=anchor, class_="odd" if i % 2 else None)


def _levels(said: Sequence[tuple[float, Text | str]], height: float) -> Html:
    texts = (el("text", text, x="100%", y=short(y)) for y, text in said)
    return el("svg", *texts, class_="ys", height=height, aria_hidden="true")


def _stretched(axis: Axis, inside: Html, y: float, height: float, *, of: float | None = None) -> Html:
    box = f"0 0 {axis.wide} {height if of is None else of}"
    return el("svg", inside, y=y, width="100%", height=height, viewBox=box, preserveAspectRatio="none")


def _signed(value: float) -> Text:
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return words.each(lambda language: sign + language.decimal(abs(value), 1 if value else 0))


def _box(axis: Axis, start_s: float, column: Column, top: float, floor: float) -> str:
    """A rectangle of a path. Both ends are rounded, so that nothing of the ground shows between neighbours."""
    left, right = axis.unit(start_s), axis.unit(start_s + column.length_s)
    width, top, floor = short(right - left), round(top, 1), round(floor, 1)
    return f"M{short(left)} {short(top)}h{width}v{short(floor - top)}h-{width}z"
