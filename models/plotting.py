"""The look of all plots: SVG, the same bytes for the same numbers and the same Matplotlib.

It is that of the centre's pages: one light ground, hairlines, greys and ink, words in the reader's own font.
"""

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from contract.expressions import EXPRESSIONS

INK, GREY, LINE, PALE, GROUND = "#14171a", "#616870", "#858b93", "#e3e6e9", "#ffffff"
FONT = '-apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif'
# Stack order, top to bottom, as in every chart of the centre.
STACK = ("happiness", "surprise", "neutral", "sadness", "fear", "contempt", "disgust", "anger")
WIDTH = 8.4  # inches of 72 points
RULES: dict[str, Any] = {
    "svg.hashsalt": "mien",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",  # comes with Matplotlib, so that places are the same on each machine
    "font.size": 9,
    "axes.edgecolor": PALE,
    "axes.labelcolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "text.color": INK,
    "figure.facecolor": GROUND,
    "axes.facecolor": GROUND,
}


def place(figure: Figure, *, left: float, bottom: float, top: float, right: float = 0.2) -> Any:
    """Margins in inches as Matplotlib's left, bottom, width and height."""
    width, height = figure.get_size_inches()
    return left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height


def percent(axes: Axes, label: str) -> None:
    """A horizontal axis of percent."""
    axes.set_xlim(-5, 105)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel(label)


def svg(figure: Figure) -> str:
    """A figure as SVG."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue().replace(f"'{RULES['font.family']}'", FONT.replace('"', "'"))
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


assert set(STACK) == set(EXPRESSIONS)
