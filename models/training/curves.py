"""The course of a training as a plot."""

import json
from pathlib import Path

import matplotlib

from models.heads import HEADS

matplotlib.use("Agg")
from matplotlib import pyplot

CURVES = "curves.jsonl"


def plot_curves(folder: Path) -> None:
    """Draws `curves.jsonl` as `curves.png`: loss, and each head's scores on the faces that were only reported on."""
    lines = [json.loads(line) for line in (folder / CURVES).read_text(encoding="utf-8").splitlines()]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    epochs = [line["epoch"] for line in lines]
    left.plot(epochs, [line["loss"] for line in lines])
    left.set(xlabel="epoch", title="training loss")
    for head, colour in zip(HEADS, ("C0", "C1"), strict=True):
        for what, style in (("accuracy", "-"), ("f1", "--")):
            name = f"{head.name}_{what}"
            if name in lines[-1]:
                label = f"{head.name}, {'accuracy' if what == 'accuracy' else 'macro-F1'}"
                right.plot(epochs, [100 * line[name] for line in lines], style, color=colour, label=label)
    right.set(xlabel="epoch", title="on faces not trained on, in percent")
    right.legend(loc="lower right")
    figure.savefig(folder / "curves.png", dpi=120)
    pyplot.close(figure)
