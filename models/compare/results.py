"""The results file of a comparison, from which its page, its plots and README's figures are made."""

from __future__ import annotations

from pathlib import Path

import msgspec

from models.compare.paired import Paired
from models.datasets import DATA_SETS
from models.errors import CompareError
from models.registry import ROOT
from models.scores import Bin

RESULTS = ROOT / "models" / "results" / "compare.json"

# How a row came by its crop: by its card, the default model's for a peer, or the best of those tried, also for a peer.
CARD_CROP, SAME_CROP, BEST_CROP = "card", "same", "best"

_WHOLE = {data.name for data in DATA_SETS if data.whole}


class Machine(msgspec.Struct, frozen=True):
    """What was measured on; `load` is the number of processes that wanted to run when speeds had been measured."""

    processor: str
    cores: int
    system: str
    python: str
    load: float


class DataFacts(msgspec.Struct, frozen=True):
    """A data set as it was scored: `faces` are scored, `not_found` are labelled pictures without a face found."""

    name: str
    file: str
    sha256: str
    faces: int
    not_found: int
    labelled: dict[str, int]
    offered: tuple[str, ...]
    note: str


class ModelFacts(msgspec.Struct, frozen=True):
    """A model as it was run. `multiply_adds` is 0 where it is not known, `crop` is None for a peer."""

    id: str
    version: str
    is_peer: bool
    runtime: str
    file: str
    sha256: str
    bytes: int
    parameters: int
    multiply_adds: int
    size: int
    crop: float | None
    mirror: bool
    classes: tuple[str, ...]
    trained_on: tuple[str, ...]
    note: str

    @property
    def network(self) -> str:
        """Its name without that of the point at which it is used."""
        return self.id.partition("@")[0]


class Scored(msgspec.Struct, frozen=True):
    """A model on a data set at one crop. Shares lie between 0 and 1; `coverage` is accuracy by percent of the faces.

    `seen` says that the model was trained on pictures of the same collection. `confusion[i][j]` counts label i taken
    for j, in the contract's order.
    """

    model: str
    data: str
    role: str
    crop: float
    seen: bool
    n: int
    accuracy: float
    standard_error: float
    macro_f1: float
    calibration_error: float
    recall: dict[str, float]
    coverage: dict[str, float]
    bins: list[Bin]
    confusion: list[list[int]]

    @property
    def learned(self) -> bool:
        """Whether the model was trained on these very pictures: then it says what it remembers of them."""
        return self.seen and self.data in _WHOLE


class CropScore(msgspec.Struct, frozen=True):
    """A model on a data set at one of the crops that were tried."""

    model: str
    data: str
    crop: float
    accuracy: float
    macro_f1: float


class Speed(msgspec.Struct, frozen=True):
    """A model's cost for one face, from grey crop to probabilities; milliseconds are medians over the rounds."""

    model: str
    wall_ms: float
    lowest_ms: float
    highest_ms: float
    cpu_ms: float
    resident_mb: float
    peak_mb: float


class Results(msgspec.Struct, frozen=True):
    """All that `mien-models compare` found in one run."""

    protocol: int
    date: str
    command: str
    machine: Machine
    versions: dict[str, str]
    rounds: int
    faces_a_round: int
    data: list[DataFacts]
    models: list[ModelFacts]
    scores: list[Scored]
    crops: list[CropScore]
    paired: list[Paired]
    speed: list[Speed]

    def of(self, data: str) -> list[Scored]:
        """The rows of one data set, in the order of the models."""
        return [row for row in self.scores if row.data == data]


def save(results: Results, path: Path) -> None:
    """Writes the results as indented JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    partial.replace(path)


def load(path: Path = RESULTS) -> Results:
    """The results at `path`. Raises CompareError where they are missing or broken."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except OSError as error:
        raise CompareError(f"{path}: cannot read it: {error.strerror}; run `mien-models compare`") from None
    except msgspec.DecodeError as error:
        raise CompareError(f"{path}: not results of this version: {error}; run `mien-models compare`") from None
