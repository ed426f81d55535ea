"""The plots of a comparison. Models differ by mark as well as by colour; what is not ours is grey and hollow.

A network that is used at several points is drawn at its first: the tables have them all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.compare.results import BEST_CROP, ModelFacts, Results, Scored, Speed
from models.plotting import GROUND, INK, LINE, RULES, STACK, WIDTH, percent, place, svg

OURS = (INK, "#007389", "#a279b6", "#b27c00", "#394a89", "#5d9668")
MARKS = ("o", "s", "D", "^", "v", "P")
PEERS = ("o", "s", "D", "^")
FEW = 10  # faces: a bin of fewer says nothing and draws the eye


@dataclass(frozen=True)
class Line:
    """A row of the comparison in all plots: a model, and for a peer how it was cropped."""

    model: str
    role: str
    label: str
    colour: str
    mark: str
    is_peer: bool

    def style(self) -> dict[str, Any]:
        """Matplotlib's words for its marks."""
        return {
            "color": self.colour,
            "marker": self.mark,
            "markersize": 5,
            "markerfacecolor": GROUND if self.is_peer else self.colour,
            "markeredgewidth": 1.1,
        }


def lines(results: Results) -> list[Line]:
    """The rows in the order of the models, each with its name and its marks; all points of a network have the same."""
    found: list[Line] = []
    reference = results.models[0].id
    networks = [model.network for model in _first_points(results) if not model.is_peer]
    peers = 0
    for model in results.models:
        for role in dict.fromkeys(row.role for row in results.scores if row.model == model.id):
            if model.is_peer:
                how = "its best crop" if role == BEST_CROP else f"crop of {reference}"
                label = f"{model.id} {model.version}, {how}"
                found.append(Line(model.id, role, label, LINE, PEERS[peers % len(PEERS)], True))
                peers += 1
            else:
                around, place = divmod(networks.index(model.network), len(OURS))
                mark = MARKS[(place + around) % len(MARKS)]  # another time around, the same colour is another mark
                found.append(Line(model.id, role, model.id, OURS[place], mark, False))
    return found


def drawn(results: Results) -> list[Line]:
    """The rows that plots show."""
    first = {model.id for model in _first_points(results)}
    return [line for line in lines(results) if line.model in first]


def _first_points(results: Results) -> list[ModelFacts]:
    return list({model.network: model for model in reversed(results.models)}.values())[::-1]


def row_of(results: Results, line: Line, data: str) -> Scored:
    """The scores of a row on one data set."""
    return next(row for row in results.of(data) if (row.model, row.role) == (line.model, line.role))


def plots(results: Results) -> dict[str, str]:
    """Every plot as SVG, by file name."""
    makers: dict[str, Callable[[Results], Figure]] = {
        "accuracy.svg": accuracy,
        **({"paired.svg": against} if results.paired else {}),
        "recall.svg": recall,
        "reliability.svg": reliability,
        "coverage.svg": coverage,
        "cost.svg": cost,
    }
    with mpl.rc_context(RULES):
        return {name: svg(make(results)) for name, make in makers.items()}


def accuracy(results: Results) -> Figure:
    """Accuracy with its standard error: a band of the page for each data set, a mark for each model."""
    rows = drawn(results)
    figure = _figure(1.0 + len(results.data) * (0.3 + 0.17 * len(rows)), rows)
    axes = figure.add_axes(place(figure, left=1.35, bottom=0.45, top=_head(rows)))
    for at, data in enumerate(results.data):
        for number, line in enumerate(rows):
            row = row_of(results, line, data.name)
            if row.learned:
                continue
            y = at + (number - (len(rows) - 1) / 2) * 0.6 / max(1, len(rows))
            axes.errorbar(
                100 * row.accuracy, y, xerr=100 * row.standard_error, linestyle="none", elinewidth=1.1, **line.style()
            )
    axes.set_yticks(range(len(results.data)), [f"{data.name}\n{data.faces} faces" for data in results.data])
    axes.set_ylim(len(results.data) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    percent(axes, "accuracy, % (bar: one standard error either way)")
    return figure


def against(results: Results) -> Figure:
    """Each model's accuracy less the peer's, a band for each data set, the 95 % interval as a bar; zero is marked."""
    rows = [line for line in drawn(results) if not line.is_peer]
    first = results.paired[0].peer
    found = {(each.data, each.model): each for each in results.paired if each.peer == first}
    figure = _figure(1.0 + len(results.data) * (0.3 + 0.17 * len(rows)), rows)
    axes = figure.add_axes(place(figure, left=1.35, bottom=0.45, top=_head(rows)))
    axes.axvline(0, color=LINE, linewidth=0.8)
    for at, data in enumerate(results.data):
        for number, line in enumerate(rows):
            if row_of(results, line, data.name).learned:
                continue
            pair = found[data.name, line.model]
            y = at + (number - (len(rows) - 1) / 2) * 0.6 / max(1, len(rows))
            reach = [[100 * (pair.difference - pair.low)], [100 * (pair.high - pair.difference)]]
            axes.errorbar(100 * pair.difference, y, xerr=reach, linestyle="none", elinewidth=1.1, **line.style())
    axes.set_yticks(range(len(results.data)), [f"{data.name}\n{data.faces} faces" for data in results.data])
    axes.set_ylim(len(results.data) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"accuracy less that of {first} at its best crop, points (bar: 95 % interval)")
    return figure


def recall(results: Results) -> Figure:
    """Recall of each class, one panel a data set; a class that the labels lack has no mark."""
    rows = drawn(results)
    with _panels(results, rows, height=4.4, left=0.95) as (figure, panels):
        for panel, data in panels:
            for number, line in enumerate(rows):
                row = row_of(results, line, data)
                if row.learned:
                    continue
                shift = (number - (len(rows) - 1) / 2) * 0.7 / len(rows)  # so that a mark lies in its own class's row
                known = [name for name in STACK if name in row.recall]
                places = [STACK.index(name) + shift for name in known]
                panel.plot([100 * row.recall[name] for name in known], places, linestyle="none", **line.style())
            panel.set_yticks(range(len(STACK)), STACK)
            panel.set_ylim(len(STACK) - 0.5, -0.5)
            panel.grid(visible=False, axis="y")
            for edge in range(1, len(STACK)):
                panel.axhline(edge - 0.5, color=LINE, linewidth=0.4)
            percent(panel, "recall, %")
    return figure


def reliability(results: Results) -> Figure:
    """The part that is right beside the share claimed, one panel a data set; on the diagonal a model knows itself."""
    rows = drawn(results)
    with _panels(results, rows, height=2.35, left=0.6) as (figure, panels):
        for panel, data in panels:
            panel.plot([0, 100], [0, 100], color=LINE, linewidth=0.8, linestyle=(0, (1, 2)))
            for line in rows:
                row = row_of(results, line, data)
                bins = [each for each in row.bins if each.count >= FEW and not row.learned]
                style = {**line.style(), "markersize": 3.5}
                places = [100 * each.confidence for each in bins]
                panel.plot(places, [100 * each.accuracy for each in bins], linewidth=1.1, **style)
            panel.set_ylim(0, 100)
            panel.set_yticks(range(0, 101, 20))
            percent(panel, "largest share, %")
            panel.set_ylabel("right, %")
    return figure


def coverage(results: Results) -> Figure:
    """Accuracy where the least sure faces are left out, one panel a data set."""
    rows = drawn(results)
    with _panels(results, rows, height=2.1, left=0.6) as (figure, panels):
        for panel, data in panels:
            for line in rows:
                row = row_of(results, line, data)
                found = {} if row.learned else row.coverage
                style = {**line.style(), "markersize": 4}
                panel.plot([int(part) for part in found], [100 * x for x in found.values()], linewidth=1.1, **style)
            panel.set_xlim(101, 79)
            panel.set_xticks([100, 95, 90, 80])
            panel.set_ylim(0, 100)
            panel.set_yticks(range(0, 101, 20))
            panel.set_xlabel("faces answered, %")
            panel.set_ylabel("accuracy, %")
    return figure


def cost(results: Results) -> Figure:
    """Time, memory, file and parameters of each model as bars, each on a scale of its own that begins at zero."""
    speeds = {speed.model: speed for speed in results.speed}
    models = [model for model in _first_points(results) if model.id in speeds]
    figure = Figure(figsize=(WIDTH, 0.95 + 0.28 * len(models)))
    whole: tuple[tuple[str, Callable[[Any, Speed], float], str], ...] = (
        ("ms a face", lambda _, speed: speed.wall_ms, "{:.2f}"),
        ("resident memory, MB", lambda _, speed: speed.resident_mb, "{:.0f}"),
        ("file, MB", lambda model, _: model.bytes / 1e6, "{:.2f}"),
        ("parameters, millions", lambda model, _: model.parameters / 1e6, "{:.2f}"),
    )
    left, gap = 1.35, 0.3
    each = (WIDTH - left - 0.1 - gap * (len(whole) - 1)) / len(whole)
    for column, (title, value, form) in enumerate(whole):
        x = left + column * (each + gap)
        axes = figure.add_axes(place(figure, left=x, bottom=0.15, top=0.4, right=WIDTH - x - each))
        values = [value(model, speeds[model.id]) for model in models]
        colours = [GROUND if model.is_peer else INK for model in models]
        axes.barh(
            range(len(models)), values, 0.5, color=colours, edgecolor=[LINE if m.is_peer else INK for m in models]
        )
        for y, number in enumerate(values):
            axes.annotate(form.format(number), (number, y), (4, 0), textcoords="offset points", va="center", color=INK)
        axes.set_title(title)
        axes.set_xlim(0, 1.45 * max(values))
        axes.set_ylim(len(models) - 0.4, -0.6)
        axes.set_xticks([])
        axes.grid(visible=False)
        axes.set_yticks(range(len(models)), [model.id for model in models] if column == 0 else [""] * len(models))
    return figure


def _figure(height: float, rows: list[Line]) -> Figure:
    """A figure with the legend at its head, two names a line."""
    figure = Figure(figsize=(WIDTH, height + _head(rows)))
    for number, line in enumerate(rows):
        x, y = 0.15 + 4.2 * (number % 2), 0.2 + 0.22 * (number // 2)
        at = (x / WIDTH, 1 - y / figure.get_figheight())
        figure.add_artist(mpl.lines.Line2D([at[0]], [at[1]], linestyle="none", **line.style()))
        figure.text(at[0] + 0.12 / WIDTH, at[1], line.label, va="center_baseline")
    return figure


def _head(rows: list[Line]) -> float:
    return 0.3 + 0.22 * ((len(rows) + 1) // 2)


@contextmanager
def _panels(
    results: Results, rows: list[Line], *, height: float, left: float
) -> Iterator[tuple[Figure, list[tuple[Axes, str]]]]:
    """A figure of three panels a row, one for each data set, each with its title."""
    across = 3
    down = -(-len(results.data) // across)
    title, foot = 0.3, 0.5
    figure = _figure(down * (height + title + foot), rows)
    whole = figure.get_figheight()
    wide = (WIDTH - 0.15) / across
    panels = []
    for number, data in enumerate(results.data):
        x, y = left + (number % across) * wide, _head(rows) + (number // across) * (height + title + foot) + title
        box = (x / WIDTH, 1 - (y + height) / whole, (wide - left) / WIDTH, height / whole)
        axes = figure.add_axes(box)
        axes.set_title(data.name)
        panels.append((axes, data.name))
    yield figure, panels
