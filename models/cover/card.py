"""The card of the cover network and its page; the desk reads its file, input and threshold from the card."""

from pathlib import Path

import msgspec

from models.card import Input, Network, TrainingData, sha256_of
from models.errors import CardError

CARD = "cover.json"
WEIGHTS = "cover.onnx"


class CoverOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network gives."""

    name: str
    formula: str


class CoverScore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one command printed of one file. Shares lie between 0 and 1.

    `false_alarms` is the share of the faces as they are that were taken for covered; `missed` that of the masked ones
    that were not, of each style; `not_found` the share of the masked ones that the detector no longer finds.
    """

    data: str
    command: str
    n: int
    false_alarms: float
    missed: dict[str, float]
    not_found: float
    note: str = ""


class CoverCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole card; over `threshold` of the network's output a mouth is covered."""

    name: str
    version: str
    file: str
    sha256: str
    input: Input
    output: CoverOutput
    threshold: float
    network: Network
    trained_on: tuple[TrainingData, ...]
    training: str
    threshold_reason: str
    scores: tuple[CoverScore, ...]
    limits: tuple[str, ...]
    licence: str = "Apache-2.0"


def load(path: Path) -> CoverCard:
    """The card at `path`, its weights' hash checked. CardError where either is missing, broken or does not fit."""
    try:
        card = msgspec.json.decode(path.read_bytes(), type=CoverCard)
    except OSError as error:
        raise CardError(f"{path}: cannot read it: {error.strerror}; write it with `mien-models train-cover`") from None
    except msgspec.DecodeError as error:
        raise CardError(f"{path}: no card of this version: {error}; write it with `mien-models train-cover`") from None
    found = sha256_of(path.parent / card.file)
    if found != card.sha256:
        raise CardError(f"{path}: says {card.file} has sha256 {card.sha256}, but it has {found}; train both again")
    return card


def save(card: CoverCard, path: Path) -> None:
    """Writes the card as indented JSON, whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    partial.replace(path)


def page(card: CoverCard) -> str:
    """The card as Markdown."""
    taken = card.input
    lines = [
        f"# {card.name} {card.version}",
        "",
        f"`{card.file}`, sha256 `{card.sha256}`. This page is made from the JSON card beside the weights by "
        "`mien-models evaluate-cover --card`.",
        "",
        "Says whether the mouth of a face is covered, so that no expression is read off a mask. "
        f"{card.network.family.capitalize()}: {card.network.parameters} parameters, "
        f"{card.network.multiply_adds / 1e6:.2f} M multiply-adds a face.",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in card.limits),
        "",
        "## Input and output",
        "",
        f"- `{taken.name}` (batch, 1, {taken.size}, {taken.size}) float32: {taken.formula}",
        f"- Crop: a square of {taken.crop_of_box_height} times the height of the detector's box, about its centre; "
        f"what lies outside the picture is {taken.outside}. {taken.crop_reason}",
        f"- `{card.output.name}` (batch, 1) float32: {card.output.formula}",
        f"- Covered over {card.threshold}. {card.threshold_reason}",
        "",
        "## Trained on",
        "",
        *(f"- {each.name}: {each.source} Licence: {each.licence}" for each in card.trained_on),
        "",
        card.training,
        "",
        "## Scores",
        "",
        *_table(card.scores),
        "",
        *(f"- {score.data}: `{score.command}`" for score in card.scores),
    ]
    return "\n".join(lines) + "\n"


def _table(scores: tuple[CoverScore, ...]) -> list[str]:
    """What was called covered and is not, and what is and was not, of each style."""
    lines = [
        "In percent. False alarms: faces as they are that were called covered. Then, for each style of mask "
        "drawn before these faces, those that were found and called free. "
        "Not found: masked faces that the detector does not find.",
        "",
    ]
    if not scores:
        return lines
    styles = list(scores[0].missed)
    lines += [f"| data | faces | false alarms | {' | '.join(styles)} | not found |", f"|{' --- |' * (len(styles) + 4)}"]
    for score in scores:
        name = f"{score.data} ({score.note})" if score.note else score.data
        missed = " | ".join(f"{100 * score.missed[style]:.1f}" for style in styles)
        lines.append(
            f"| {name} | {score.n} | {100 * score.false_alarms:.1f} | {missed} | {100 * score.not_found:.1f} |"
        )
    return lines
