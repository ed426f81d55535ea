"""What a card's page says of a network over time: folds beside the single frame, who it tells apart, where it looks."""

import matplotlib as mpl
import msgspec
import numpy as np
from matplotlib.figure import Figure

from models.plotting import GROUND, RULES, WIDTH, svg
from models.temporal.folds import FoldsOverTime
from models.temporal.results import Attended, OverTimeResults
from models.temporal.variants import BY_NAME, SINGLE

ATTENTION_FILE = "attention.svg"


def sections(card_name: str, results: OverTimeResults, *, keeps: bool) -> list[str]:
    """Markdown lines; none where nothing was kept. `keeps` is whether the network keeps something of each frame."""
    lines: list[str] = []
    for data, found in results.folds.items():
        own = [each for each in found.variants if _belongs(each.variant, card_name)]
        if any(each.variant == card_name for each in own):
            lines += [*_folds(data, msgspec.structs.replace(found, variants=own))]
            lines += ["", f"Printed by `{results.folds_commands.get(data, '')}`, with the other networks."]
    if not keeps:
        return lines
    if results.leakage is not None:
        lines += ["", "## Who somebody is", "", _LEAKAGE, ""]
        lines += ["| what is attacked | numbers | area under the curve, % |", "| --- | --- | --- |"]
        lines += [
            f"| {each.embedding} | {each.width} | {100 * each.auc:.1f} ± {100 * each.deviation:.1f} |"
            for each in results.leakage.attacked
        ]
        lines += ["", f"Printed by `{results.leakage_command}`."]
    if results.attended:
        lines += ["", "## Where it looks", "", f"![{_seen(results)}]({card_name}/{ATTENTION_FILE})", ""]
        lines += [_ATTENTION, "", f"Made by `{results.attended_command}`."]
    return lines


_LEAKAGE = (
    "An attacker learns from one half of the people, whom nothing was trained on, to tell whether two embeddings are "
    "one person's, and is scored on the other half; the mean over five splits. 50 is chance. The two controls show "
    "that the check sees what there is, and only that."
)
_ATTENTION = (
    "The mean of the faces that most taggers gave that name, and beside it each attention map's mean over them: the "
    "darker, the more that place counts."
)


def _belongs(variant: str, card_name: str) -> bool:
    """Whether a card tells of a variant: of its own network, that without a part, and what it is held against."""
    whole = BY_NAME.get(card_name)
    return variant in (card_name, SINGLE, whole.beside if whole else "") or BY_NAME[variant].of == card_name


def _seen(results: OverTimeResults) -> str:
    return f"The attention over mean faces of {', '.join(each.expression for each in results.attended)}."


def _folds(data: str, found: FoldsOverTime) -> list[str]:
    lines = [
        "",
        f"## {data}, people kept apart",
        "",
        f"{found.clips} clips of {found.people} people in {found.folds} folds: trained on all people but a fold's, "
        "answered for those. A difference has its 95 % interval, whole people drawn again and again.",
        "",
        "| network | accuracy | macro-F1 | parameters | less the single frame | less the whole, or its rival |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    beside = {(pair.model, pair.peer): pair for pair in found.beside}
    for each in found.variants:
        begun = f", begun on {each.made} made clips" if each.made else ""
        cells = [f"{each.variant}: {BY_NAME[each.variant].told}{begun}"]
        cells += [f"{100 * each.scores.accuracy:.1f} ± {100 * each.scores.standard_error:.1f}"]
        cells += [f"{100 * each.scores.macro_f1:.1f}", f"{each.parameters / 1e6:.2f} M"]
        for peer in (SINGLE, BY_NAME[each.variant].of or BY_NAME[each.variant].beside):
            pair = beside.get((each.variant, peer))
            whole = f"{100 * pair.difference:+.1f} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]" if pair else ""
            cells.append(whole)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def plots(results: OverTimeResults) -> dict[str, str]:
    """SVG by file name."""
    with mpl.rc_context(RULES):
        return {ATTENTION_FILE: svg(_attention(results.attended))} if results.attended else {}


def _attention(attended: tuple[Attended, ...]) -> Figure:
    """A row an expression: the mean face, then its maps over it."""
    across = 1 + len(attended[0].maps)
    side, gap, left, top = 0.95, 0.08, 1.2, 0.3
    figure = Figure(figsize=(WIDTH, top + len(attended) * (side + gap)))
    height = figure.get_figheight()
    for row, each in enumerate(attended):
        y = height - top - (row + 1) * (side + gap)
        figure.text(0.1 / WIDTH, (y + side / 2) / height, f"{each.expression}\n{each.n} faces", va="center")
        for column in range(across):
            x = left + column * (side + gap)
            axes = figure.add_axes((x / WIDTH, y / height, side / WIDTH, side / height))
            axes.set_axis_off()
            axes.imshow(np.array(each.face), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            if column:
                weights = np.array(each.maps[column - 1])
                extent = (-0.5, len(each.face) - 0.5, len(each.face) - 0.5, -0.5)
                axes.set_facecolor(GROUND)
                axes.imshow(1 - weights / weights.max(), cmap="gray", vmin=0, vmax=1, alpha=0.75, extent=extent,
                            interpolation="nearest")  # fmt: skip
            if row == 0:
                axes.set_title("mean face" if not column else f"map {column}")
    return figure
