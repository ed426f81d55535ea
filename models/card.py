"""The card of a model: what it is, what it was trained on, what it scores, and what it must not be used for.

The JSON beside the weights is the card; the desk reads its file, input and output from it. `page()` says the same to
people.
"""

import hashlib
from pathlib import Path

import msgspec

from contract.expressions import EXPRESSIONS
from models.errors import CardError


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network sees: a square crop of the face's box, grey, `size` pixels wide, (grey - mean) * scale."""

    name: str
    size: int
    scale: float
    mean: float
    crop_of_box_height: float
    outside: int
    formula: str
    crop_reason: str
    channels: int = 1


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network gives, and the temperature that makes probabilities of it."""

    name: str
    classes: tuple[str, ...]
    temperature: float
    formula: str


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The network's family and its cost for one face."""

    family: str
    parameters: int
    multiply_adds: int


class TrainingData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data set that the weights come from."""

    name: str
    source: str
    licence: str


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one command printed. Shares lie between 0 and 1; `recall` is of each class that the labels hold."""

    data: str
    command: str
    n: int
    accuracy: float
    standard_error: float
    macro_f1: float
    calibration_error: float
    recall: dict[str, float]
    labelled: dict[str, int]
    note: str = ""


class OperatingPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another way to use the same weights: another output of the network, another temperature, or shifted classes.

    Probabilities are softmax(logits / temperature + shift); `shift` is empty or has one value for each class of
    `output`, in units of log probability.
    """

    name: str
    output: Output
    shift: tuple[float, ...] = ()
    note: str = ""


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole card. Raises nothing by itself; see `load`."""

    name: str
    version: str
    file: str
    sha256: str
    input: Input
    output: Output
    flip_average: bool
    network: Network
    trained_on: tuple[TrainingData, ...]
    training: str
    calibration: str
    scores: tuple[Score, ...]
    intended_use: tuple[str, ...]
    must_not_be_used_for: tuple[str, ...]
    limits: tuple[str, ...]
    operating_points: tuple[OperatingPoint, ...] = ()

    def point(self, name: str = "") -> OperatingPoint:
        """The operating point of that name, by default the card's own output. Raises CardError."""
        if not name:
            return OperatingPoint("", self.output)
        for point in self.operating_points:
            if point.name == name:
                return point
        known = ", ".join(point.name for point in self.operating_points) or "none"
        raise CardError(f"{self.name}-{self.version}: has no operating point {name!r}; its card names {known}")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; CardError where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CardError(f"{path}: cannot read it: {error.strerror}; write it with `mien-models export`") from None


def load(path: Path) -> Card:
    """The card at `path`, its weights' hash checked. CardError where either is missing, broken or does not fit."""
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise CardError(f"{path}: cannot read the card: {error.strerror}; write it with `mien-models export`") from None
    except msgspec.DecodeError as error:
        raise CardError(f"{path}: not a card of this version: {error}; write it with `mien-models export`") from None
    found = sha256_of(path.parent / card.file)
    if found != card.sha256:
        raise CardError(f"{path}: says {card.file} has sha256 {card.sha256}, but it has {found}; export both again")
    for point in (card.point(), *card.operating_points):
        classes = point.output.classes
        if not classes or classes != tuple(name for name in EXPRESSIONS if name in classes):
            raise CardError(f"{path}: its classes are not the contract's, in its order; export it with this version")
        if point.shift and len(point.shift) != len(classes):
            raise CardError(f"{path}: {point.name} shifts {len(point.shift)} of {len(classes)} classes; give one each")
    return card


def save(card: Card, path: Path) -> None:
    """Writes the card as indented JSON, whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    partial.replace(path)


def page(card: Card) -> str:
    """The card as Markdown."""
    lines = [
        f"# {card.name} {card.version}",
        "",
        f"`{card.file}`, sha256 `{card.sha256}`. This page is made from the JSON card beside the weights by "
        "`mien-models card`.",
        "",
        f"{card.network.family}: {card.network.parameters / 1e6:.2f} M parameters, "
        f"{card.network.multiply_adds / 1e6:.1f} M multiply-adds a face.",
        *_section("Use it for", card.intended_use),
        *_section("It must not be used for", card.must_not_be_used_for),
        *_section("Limits", card.limits),
        *_interface(card),
        *(
            _section("Operating points", [_point_line(p) for p in card.operating_points])
            if card.operating_points
            else []
        ),
        *_section("Trained on", [f"{d.name}: {d.source} Licence: {d.licence}" for d in card.trained_on]),
        "",
        card.training,
        "",
        "## Scores",
        "",
        "Accuracy with its standard error, macro-F1 over the classes that the labels hold, and expected calibration "
        "error (15 bins), in percent.",
        "",
        "| data | faces | accuracy | macro-F1 | calibration error |",
        "| --- | --- | --- | --- | --- |",
        *(_score_row(score) for score in card.scores),
        "",
        card.calibration,
        *_recalls(card.scores),
        *_section("Each row was printed by", [f"{score.data}: `{score.command}`" for score in card.scores]),
    ]
    return "\n".join(lines) + "\n"


def _section(title: str, items: tuple[str, ...] | list[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- {item}" for item in items)]


def _interface(card: Card) -> list[str]:
    taken, given = card.input, card.output
    return [
        *_section(
            "Input and output",
            [
                f"`{taken.name}` (batch, {taken.channels}, {taken.size}, {taken.size}) float32: {taken.formula}",
                f"Crop: a square of {taken.crop_of_box_height} times the height of the detector's box, about its "
                f"centre; what lies outside the picture is {taken.outside}. {taken.crop_reason}",
                f"`{given.name}` (batch, {len(given.classes)}) float32 of {', '.join(given.classes)}: {given.formula}",
                f"Temperature {given.temperature}; {'' if card.flip_average else 'not '}averaged over the mirror.",
            ],
        )
    ]


def _point_line(point: OperatingPoint) -> str:
    given = point.output
    shift = f"; shifted by {', '.join(f'{value:+.2f}' for value in point.shift)}" if point.shift else ""
    note = f" {point.note}" if point.note else ""
    return f"{point.name}: `{given.name}` of {', '.join(given.classes)}, temperature {given.temperature}{shift}.{note}"


def _score_row(score: Score) -> str:
    accuracy = f"{score.accuracy:.1%} ± {score.standard_error * 100:.1f}"
    name = f"{score.data} ({score.note})" if score.note else score.data
    return f"| {name} | {score.n} | {accuracy} | {score.macro_f1:.1%} | {score.calibration_error:.1%} |"


def _recalls(scores: tuple[Score, ...]) -> list[str]:
    lines = ["", "Recall of each class, and how many faces have that label:", ""]
    lines += [f"| data | {' | '.join(EXPRESSIONS)} |", f"| --- |{' --- |' * len(EXPRESSIONS)}"]
    for score in scores:
        cells = [
            f"{score.recall[name]:.0%} of {score.labelled[name]}" if name in score.recall else ""
            for name in EXPRESSIONS
        ]
        lines.append(f"| {score.data} | {' | '.join(cells)} |")
    return lines
