"""The plots on a model's page: what is taken for what, accuracy by population, and accuracy against quality."""

import re

import matplotlib as mpl
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from contract.expressions import EXPRESSIONS
from models.evaluation.populations import Shift
from models.evaluation.quality import OVER, Curve
from models.evaluation.results import Entry, Population, Results, Shifts
from models.plotting import GREY, GROUND, INK, LINE, PALE, RULES, STACK, WIDTH, percent, place, svg

# The light colours of look/tokens.css, neutral in its wash.
COLOURS = {
    "happiness": "#b27c00",
    "surprise": "#007389",
    "neutral": "#e2e5e9",
    "sadness": "#394a89",
    "fear": "#a279b6",
    "contempt": "#5c4039",
    "disgust": "#5d9668",
    "anger": "#bc251f",
}
ACROSS = 3  # panels a row
LOG = ("height", "sharpness", "light")  # measures that are told on a scale of ratios


def _slug(*words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


def confusion_file(entry: Entry) -> str:
    """The name of the plot of an entry's confusion; "" of a part of the rows, which is not drawn."""
    made = entry.report
    return f"confusion-{_slug(entry.name, made.point)}.svg" if made.rows == "all" else ""


def population_file(each: Population) -> str:
    """The name of the plot of accuracy by a column."""
    return f"population-{_slug(each.name, each.column)}.svg"


def shift_file(each: Shifts, column: str) -> str:
    """The name of the plot of what is found and answered by a column."""
    return f"shift-{_slug(each.name, column)}.svg"


QUALITY_FILE = "quality.svg"


def plots(results: Results) -> dict[str, str]:
    """Every plot of a model as SVG, by file name."""
    with mpl.rc_context(RULES):
        made = {name: svg(_confusion(entry)) for entry in results.scores if (name := confusion_file(entry))}
        made |= {population_file(each): svg(_population(each)) for each in results.populations}
        for each in results.shifts:
            made |= {shift_file(each, column): svg(_shift(groups)) for column, groups in each.report.by.items()}
        if results.quality:
            made[QUALITY_FILE] = svg(_quality(results.quality))
    return made


def _confusion(entry: Entry) -> Figure:
    """Rows are labels, columns what they were taken for; the darker a cell, the more of its row."""
    made = entry.report
    labelled = [name for name in STACK if name in made.labelled]
    figure = Figure(figsize=(5.4, 1.0 + 0.34 * len(labelled)))
    axes = figure.add_axes(place(figure, left=1.45, bottom=0.1, top=0.75, right=0.1))
    for y, label in enumerate(labelled):
        row = made.confusion[EXPRESSIONS.index(label)]
        for x, taken in enumerate(STACK):
            count = row[EXPRESSIONS.index(taken)]
            part = count / made.labelled[label]
            axes.add_patch(mpl.patches.Rectangle((x, y), 1, 1, facecolor=INK, alpha=0.9 * part, linewidth=0))
            if count:
                shown = f"{100 * part:.0f}" if part >= 0.005 else "<1"
                colour = GROUND if part > 0.45 else INK
                axes.text(x + 0.5, y + 0.5, shown, ha="center", va="center_baseline", color=colour)
    axes.set_xlim(0, len(STACK))
    axes.set_ylim(len(labelled), 0)
    axes.xaxis.tick_top()
    axes.set_xticks([x + 0.5 for x in range(len(STACK))], [name[:9] for name in STACK], rotation=30, ha="left")
    axes.set_yticks([y + 0.5 for y in range(len(labelled))], [f"{name}, {made.labelled[name]}" for name in labelled])
    axes.grid(visible=False)
    return figure


def _population(each: Population) -> Figure:
    """Accuracy of each value with its interval, the surest finding first to see: the lowest at the bottom."""
    groups = sorted(each.groups.items(), key=lambda item: -item[1].accuracy)
    figure = Figure(figsize=(WIDTH, 0.7 + 0.2 * len(groups)))
    axes = figure.add_axes(place(figure, left=1.2, bottom=0.5, top=0.1))
    for y, (_, group) in enumerate(groups):
        axes.plot([100 * group.low, 100 * group.high], [y, y], color=LINE, linewidth=1.1)
        axes.plot(100 * group.accuracy, y, marker="o", markersize=5, color=INK)
    axes.set_yticks(range(len(groups)), [f"{value}, {group.n}" for value, group in groups])
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    percent(axes, f"accuracy, % (by {each.column}, with how many faces; bar: 95 %)")
    return figure


def _shift(groups: dict[str, Shift]) -> Figure:
    """On the left the part that is found with its interval, on the right the mean shares, stacked."""
    rows = list(groups.items())
    figure = Figure(figsize=(WIDTH, 1.15 + 0.3 * len(rows)))
    found = figure.add_axes(place(figure, left=1.3, bottom=0.5, top=0.5, right=WIDTH - 3.4))
    shares = figure.add_axes(place(figure, left=3.75, bottom=0.5, top=0.5))
    for y, (_, shift) in enumerate(rows):
        found.plot([100 * shift.low, 100 * shift.high], [y, y], color=LINE, linewidth=1.1)
        found.plot(100 * shift.found, y, marker="o", markersize=5, color=INK)
        left = 0.0
        for name in STACK:
            width = 100 * shift.shares[name]
            shares.barh(y, width, 0.6, left=left, color=COLOURS[name], edgecolor=GROUND, linewidth=0.5)
            left += width
    found.set_yticks(range(len(rows)), [f"{value}, {shift.pictures}" for value, shift in rows])
    least = min(shift.low for _, shift in rows)
    found.set_xlim(100 * least - 1, 100.5)
    found.set_xlabel("found, % (bar: 95 %)")
    shares.set_yticks(range(len(rows)), [""] * len(rows))
    shares.set_xlim(0, 100)
    shares.set_xlabel("mean share, %")
    for axes in (found, shares):
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
    handles = [mpl.patches.Patch(facecolor=COLOURS[name], label=name) for name in STACK]
    figure.legend(handles=handles, loc="upper right", ncol=len(STACK), handlelength=0.8, columnspacing=1.0, fontsize=8)
    return figure


def _quality(curves: tuple[Curve, ...]) -> Figure:
    """Accuracy against each measure, a panel each; what the desk refuses is shaded, its limit a line."""
    down = -(-len(curves) // ACROSS)
    height, title, foot, left = 1.6, 0.35, 0.5, 0.55
    figure = Figure(figsize=(WIDTH, down * (height + title + foot)))
    whole, wide = figure.get_figheight(), (WIDTH - 0.1) / ACROSS
    for number, curve in enumerate(curves):
        x, y = left + (number % ACROSS) * wide, (number // ACROSS) * (height + title + foot) + title
        axes = figure.add_axes((x / WIDTH, 1 - (y + height) / whole, (wide - left - 0.05) / WIDTH, height / whole))
        _draw_curve(axes, curve)
    return figure


def _draw_curve(axes: Axes, curve: Curve) -> None:
    if curve.name in LOG:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
    for each in curve.bins:
        axes.plot([each.measure] * 2, [100 * each.low, 100 * each.high], color=LINE, linewidth=1.1)
    places = [each.measure for each in curve.bins]
    axes.plot(places, [100 * each.accuracy for each in curve.bins], marker="o", markersize=4, color=INK, linewidth=1.1)
    low, high = axes.get_xlim()
    low, high = min(low, curve.limit), max(high, curve.limit)
    refused = (curve.limit, high) if curve.refused == OVER else (low, curve.limit)
    axes.axvspan(*refused, color=PALE, linewidth=0, zorder=0)
    axes.axvline(curve.limit, color=GREY, linewidth=1.1, linestyle=(0, (3, 2)))
    axes.set_xlim(low, high)
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 20))
    axes.set_title(f"{curve.reason}: {curve.name}")
    axes.set_ylabel("accuracy, %")
