"""The results file of a model: all that was measured of it, from which its page is made."""

from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from models.card import Card
from models.errors import CardError
from models.evaluation.evaluate import Report
from models.evaluation.populations import Group, Unlabelled
from models.evaluation.quality import Curve

RESULTS = Path(__file__).resolve().parent.parent / "results"
DIGITS = 6  # more than are shown, or what is shown would be rounded twice

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Entry(msgspec.Struct, frozen=True):
    """A data set scored at one operating point, and the command that prints it."""

    name: str
    command: str
    note: str
    report: Report


class Population(msgspec.Struct, frozen=True):
    """Accuracy by the values of a column."""

    name: str
    command: str
    point: str
    column: str
    groups: dict[str, Group]


class Shifts(msgspec.Struct, frozen=True):
    """What is found and answered in a file without labels, by the values of its columns."""

    name: str
    command: str
    report: Unlabelled


class Results(msgspec.Struct, frozen=True):
    """Everything measured of one file of weights; `quality` is measured by a command of its own."""

    model: str
    sha256: str
    matplotlib: str
    scores: tuple[Entry, ...] = ()
    populations: tuple[Population, ...] = ()
    shifts: tuple[Shifts, ...] = ()
    quality: tuple[Curve, ...] = ()
    quality_command: str = ""


def path_of(card: Card, folder: Path = RESULTS) -> Path:
    """Where the results of a card's model lie."""
    return folder / f"{card.name}.json"


def empty(card: Card) -> Results:
    """Results of a card's weights of which nothing was measured yet."""
    return Results(f"{card.name}-{card.version}", card.sha256, version("matplotlib"))


def load(card: Card, path: Path) -> Results | None:
    """The results of a card's weights; None where there are none, or none of these weights. Raises CardError."""
    if not path.exists():
        return None
    try:
        results = msgspec.json.decode(path.read_bytes(), type=Results)
    except msgspec.DecodeError as error:
        raise CardError(f"{path}: not results of this version: {error}; run `mien-models card --measure`") from None
    return results if results.sha256 == card.sha256 else None


def save(results: Results, path: Path) -> None:
    """Writes the results as indented JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    partial.replace(path)


def rounded(made: _Struct) -> _Struct:
    """The same with every number rounded to DIGITS."""
    return msgspec.convert(_rounded(msgspec.to_builtins(made)), type(made))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, (list, tuple)) else value
