"""The page of a model: its card and all that was measured of it, as Markdown."""

from collections.abc import Sequence

from contract.expressions import EXPRESSIONS
from models.card import Card, OperatingPoint, Score
from models.evaluation.degrade import NOISE, SMALL_FACE
from models.evaluation.plots import QUALITY_FILE, confusion_file, population_file, shift_file
from models.evaluation.populations import Shift
from models.evaluation.quality import FALL, Curve
from models.evaluation.results import Population, Results, Shifts
from models.scores import BINS, COVERAGES

WEAK = 0.5  # a class of which less than this part is recalled is named as weak
FEW = 10  # faces: of fewer nothing is said

PROTOCOL = (
    "Labels are each data set's own: of FER+ the official majority, of the Taiwanese performers what at least half of "
    "the raters chose (neutral where it was intended), of the others one name a picture.",
    "Each face is found and cut as on the desk; pictures of 48x48 are faces already and are cut at their middle.",
    "An expression that the labellers could not choose is dropped from the answer and the rest made to sum to 1; one "
    "that the model does not know is always missed, and that counts.",
    f"Spoilt after the face was found, with a fixed seed: noise of {NOISE} of the range on what the network sees; the "
    f"face made {SMALL_FACE} pixels wide; a grey polygon from the nose downwards.",
    "± is one standard error, an interval one of 95 % (Wilson); both take faces as independent, and faces of one "
    "person are not.",
)


def page(card: Card, results: Results | None = None, more: Sequence[str] = ()) -> str:
    """The card as Markdown, with what `results` hold of the same weights, and `more` lines that others found."""
    lines = [
        f"# {card.name} {card.version}",
        "",
        f"`{card.file}`, sha256 `{card.sha256}`. This page is made from the JSON card beside the weights and the "
        "results file by `mien-models card`.",
        "",
        f"{card.network.family}: {card.network.parameters / 1e6:.2f} M parameters, "
        f"{card.network.multiply_adds / 1e6:.1f} M multiply-adds a face.",
        *_section("Use it for", card.intended_use),
        *_section("It must not be used for", card.must_not_be_used_for),
        *_section("Limits", card.limits),
        *_interface(card),
        *_section("Operating points", [_point_line(point) for point in card.points]),
        *_section("Trained on", [f"{d.name}: {d.source} Licence: {d.licence}" for d in card.trained_on]),
        "",
        card.training,
        *_scores(card),
        *_section("How it was measured", PROTOCOL),
    ]
    if results is not None:
        lines += [*_confusions(card, results), *_populations(card, results.populations)]
        lines += [*_shifts(card, results.shifts), *_quality(card, results)]
    lines += more
    lines += _section("Each row was printed by", [f"{_named(score)}: `{score.command}`" for score in card.scores])
    return "\n".join(lines) + "\n"


def _section(title: str, items: tuple[str, ...] | list[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- {item}" for item in items)]


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]


def _frames(card: Card) -> list[str]:
    """What the channels are, of a network that takes more than one frame."""
    taken = card.input
    if taken.flow:
        return [
            f"Channels: the face; and the optical flow from {taken.frames - 1} frames before to it, x and y "
            "(`edge/optical_flow.py`). A picture that stands for itself has no flow."
        ]
    if taken.frames > 1:
        return [
            f"Channels: the last {taken.frames} frames of a face, the newest last; before the first one stands that, "
            "and a picture that stands for itself is in all of them."
        ]
    return []


def _interface(card: Card) -> list[str]:
    taken = card.input
    outputs = {point.output.name: point.output for point in card.points}
    return _section(
        "Input and output",
        [
            f"`{taken.name}` (batch, {taken.channels}, {taken.size}, {taken.size}) float32: {taken.formula}",
            *_frames(card),
            f"Crop: a square of {taken.crop_of_box_height} times the height of the detector's box, about its "
            f"centre; what lies outside the picture is {taken.outside}. {taken.crop_reason}",
            *(
                f"`{name}` (batch, {len(output.classes)}) float32: logits of {', '.join(output.classes)}"
                for name, output in outputs.items()
            ),
            "Probabilities are softmax(logits / temperature + shift)"
            + (", the mean over the face and its mirror image." if card.flip_average else "."),
        ],
    )


def _point_line(point: OperatingPoint) -> str:
    classes = zip(point.output.classes, point.shift, strict=False)
    shift = f"; shifted: {', '.join(f'{name} {value:+.2f}' for name, value in classes)}" if point.shift else ""
    unsure = f"; unsure below {point.unsure_below}" if point.unsure_below else ""
    note = f" {point.note}" if point.note else ""
    return f"`{point.name}`: output `{point.output.name}`, temperature {point.temperature}{shift}{unsure}.{note}"


def _named(score: Score) -> str:
    return f"{score.data}, {score.point}" if score.point else score.data


def _scores(card: Card) -> list[str]:
    lines = [
        "",
        "## Scores",
        "",
        f"Accuracy with its standard error, macro-F1 over the classes that the labels hold, and expected calibration "
        f"error ({BINS} bins), in percent; then accuracy over the surest part of the faces.",
        "",
        *_table(
            ["data", "point", "faces", "accuracy", "macro-F1", "calibration error"]
            + [f"surest {percent} %" for percent in COVERAGES[1:]],
            [_score_row(score) for score in card.scores],
        ),
        "",
        card.calibration,
        "",
        "Recall of each class, and how many faces have that label:",
        "",
        *_table(["data", *EXPRESSIONS], [_recall_row(score) for score in card.scores]),
    ]
    weak = [line for score in card.scores if (line := _weak(score))]
    return [*lines, *(_section(f"Weak classes: less than {WEAK:.0%} recalled, of at least {FEW} faces", weak))]


def _score_row(score: Score) -> list[str]:
    accuracy = f"{score.accuracy:.1%} ± {score.standard_error * 100:.1f}"
    name = f"{score.data} ({score.note})" if score.note else score.data
    covered = [f"{score.coverage[str(p)]:.1%}" if str(p) in score.coverage else "" for p in COVERAGES[1:]]
    row = [name, score.point, str(score.n), accuracy, f"{score.macro_f1:.1%}", f"{score.calibration_error:.1%}"]
    return [*row, *covered]


def _recall_row(score: Score) -> list[str]:
    recalls = (
        f"{score.recall[name]:.0%} of {score.labelled[name]}" if name in score.recall else "" for name in EXPRESSIONS
    )
    return [_named(score), *recalls]


def _weak(score: Score) -> str:
    weak = [name for name, value in score.recall.items() if value < WEAK and score.labelled[name] >= FEW]
    return f"{_named(score)}: {', '.join(weak)}." if weak else ""


def _confusions(card: Card, results: Results) -> list[str]:
    lines = ["", "## What is taken for what", ""]
    for entry in results.scores:
        if name := confusion_file(entry):
            title = f"{entry.name}, {entry.report.point}"
            lines.append(
                f"![{title}: of the faces of each label, the part taken for each expression]({card.name}/{name})"
            )
    return lines


def _populations(card: Card, populations: tuple[Population, ...]) -> list[str]:
    lines = []
    for each in populations:
        lines += [
            "",
            f"## Accuracy by {each.column}: {each.name}, {each.point}",
            "",
            f"![Accuracy by {each.column} with its interval]({card.name}/{population_file(each)})",
            "",
            *_table(
                [each.column, "faces", "accuracy", "interval"],
                [
                    [value, str(group.n), f"{group.accuracy:.1%}", f"{group.low:.1%} to {group.high:.1%}"]
                    for value, group in each.groups.items()
                ],
            ),
            "",
            f"Printed by `{each.command}`.",
        ]
    return lines


def _shifts(card: Card, shifts: tuple[Shifts, ...]) -> list[str]:
    lines = []
    for each in shifts:
        lines += [
            "",
            f"## Found and answered by population: {each.name}, {each.report.point}",
            "",
            "These faces have no label of expression. Shown are the part of the pictures in which the face is found, "
            "with its interval, and the mean share of each expression, in percent, with half of its interval. Shares "
            "that differ are no proof of an error: people were not photographed in the same mood.",
        ]
        for column, groups in each.report.by.items():
            rows = [_shift_row(value, shift) for value, shift in [*groups.items(), ("all", each.report.all)]]
            title = f"Found, and mean shares, by {column}"
            lines += ["", f"![{title}]({card.name}/{shift_file(each, column)})", ""]
            lines += _table([column, "pictures", "found", "unsure", *EXPRESSIONS], rows)
        lines += ["", f"Printed by `{each.command}`."]
    return lines


def _shift_row(value: str, shift: Shift) -> list[str]:
    shares = [f"{100 * shift.shares[name]:.1f} ± {100 * shift.margin[name]:.1f}" for name in EXPRESSIONS]
    found = f"{shift.found:.1%} ({shift.low:.1%} to {shift.high:.1%})"
    return [value, str(shift.pictures), found, f"{shift.unsure:.1%}", *shares]


def _quality(card: Card, results: Results) -> list[str]:
    if not results.quality:
        return []
    return [
        "",
        "## The quality gate",
        "",
        "Accuracy against what the desk measures of a face before it reads it, and the limit beyond which it does not. "
        "Posed faces were made smaller, blurred, dark and covered step by step; faces of news photos are turned as "
        "they were.",
        "",
        f"![Accuracy against each quality, with the desk's limit]({card.name}/{QUALITY_FILE})",
        "",
        *_table(
            [
                "reason",
                "measured",
                "refused",
                "accuracy there",
                "as they are",
                f"{FALL:.0%} lost at",
                "of those refused",
            ],
            [_quality_row(curve) for curve in results.quality],
        ),
        "",
        f"Printed by `{results.quality_command}`.",
    ]


def _quality_row(curve: Curve) -> list[str]:
    lost = f"{curve.fallen:.3g}" if curve.fallen is not None else "never"
    there = f"{curve.at_limit:.1%}" if curve.at_limit is not None else ""
    shares = [there, f"{curve.clean:.1%}", lost, f"{curve.refused_clean:.1%}"]
    return [f"`{curve.reason}`", curve.what, f"{curve.refused} {curve.limit:g}", *shares]
