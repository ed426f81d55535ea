"""The card of a model: what it is, what it was trained on, what it scores, and what it must not be used for.

The JSON beside the weights is the card; the desk reads its file, input and points from it. `models.evaluation.page`
says the same to people.
"""

import hashlib
from pathlib import Path

import msgspec

from contract.expressions import EXPRESSIONS
from models.errors import CardError


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network sees: a square crop of the face's box, grey, `size` pixels wide, (grey - mean) * scale.

    `channels` are more than one of a network that takes the last `frames` of a face, or with `flow` the newest and how
    it moved: `edge.bundle.ExpressionInput`.
    """

    name: str
    size: int
    scale: float
    mean: float
    crop_of_box_height: float
    outside: int
    formula: str
    crop_reason: str
    channels: int = 1
    frames: int = 1
    flow: bool = False


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Logits that the network gives, and of which expressions, in the contract's order."""

    name: str
    classes: tuple[str, ...]


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
    """What one command printed. Shares lie between 0 and 1; `recall` is of each class that the labels hold.

    `coverage` is the accuracy over the surest faces, by their percent.
    """

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
    point: str = ""
    coverage: dict[str, float] = {}


class OperatingPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to use the weights: one of the network's outputs, with a temperature and shifted classes.

    Probabilities are softmax(logits / temperature + shift); `shift` is empty or has one value for each class of
    `output`, in units of log probability. `labels` is the label set that the output was trained for. A face whose
    largest probability, over the mean of its views, is under `unsure_below` is to be called unsure. `neutral` is the
    mean of the log probabilities of resting faces, of all expressions of the contract.
    """

    name: str
    labels: str
    output: Output
    temperature: float
    shift: tuple[float, ...] = ()
    unsure_below: float = 0.0
    note: str = ""
    neutral: tuple[float, ...] = ()


class OverTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The network that reads a face's last `length` frames together, of the `width` numbers kept of each.

    Those are the second output of the network of a frame. What it takes and gives: `edge.bundle.OverTimeCard`.
    """

    file: str
    sha256: str
    length: int
    width: int


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole card; the first of its operating points is the default. Raises nothing by itself; see `load`."""

    name: str
    version: str
    file: str
    sha256: str
    input: Input
    points: tuple[OperatingPoint, ...]
    flip_average: bool
    network: Network
    trained_on: tuple[TrainingData, ...]
    training: str
    calibration: str
    scores: tuple[Score, ...]
    intended_use: tuple[str, ...]
    must_not_be_used_for: tuple[str, ...]
    limits: tuple[str, ...]
    licence: str = "Apache-2.0"
    over_time: OverTime | None = None

    def point(self, name: str = "") -> OperatingPoint:
        """The operating point of that name, by default the first. Raises CardError."""
        if not name:
            return self.points[0]
        for point in self.points:
            if point.name == name:
                return point
        known = ", ".join(point.name for point in self.points)
        raise CardError(f"{self.name}-{self.version}: has no operating point {name!r}; its card names {known}")

    def point_for(self, labels: str) -> OperatingPoint:
        """The operating point that bears a label set's own name, else the default."""
        return next((point for point in self.points if point.name == labels), self.points[0])


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; CardError where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CardError(f"{path}: cannot read it: {error.strerror}; write it with `mien-convert export`") from None


def load(path: Path) -> Card:
    """The card at `path`, its weights' hash checked. CardError where either is missing, broken or does not fit."""
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise CardError(
            f"{path}: cannot read the card: {error.strerror}; write it with `mien-convert export`"
        ) from None
    except msgspec.DecodeError as error:
        raise CardError(f"{path}: not a card of this version: {error}; write it with `mien-convert export`") from None
    files = {card.file: card.sha256}
    if card.over_time is not None:
        files[card.over_time.file] = card.over_time.sha256
    for file, said in files.items():
        if (found := sha256_of(path.parent / file)) != said:
            raise CardError(f"{path}: says {file} has sha256 {said}, but it has {found}; export both again")
    if not card.points:
        raise CardError(f"{path}: has no operating point; export it with this version")
    for point in card.points:
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
