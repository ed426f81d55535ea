"""What a run knows of the voice's worth once it was asked about people whom it had not heard: calibration.json."""

from pathlib import Path

import msgspec

from models.card import load
from models.errors import CheckpointError
from models.evaluation.results import RESULTS, path_of
from models.evaluation.results import load as load_results
from models.model import CARD
from models.registry import BUNDLES
from models.voice.calibrate import LEAST_PART, Calibration
from models.voice.folds import BOTH, NoiseScore

FILE = "calibration.json"
FACES = "FER+ valid, odd rows"


class Worth(msgspec.Struct, frozen=True):
    """Of the voice: its calibration, and by level of noise the part of its accuracy in quiet that is left. Of faces: by
    the id of a model at a point, as readings carry it, how often each expression is right where it is said.
    """

    temperature: float
    unsure_below: float
    reliability: tuple[float, ...]
    by_noise: list[tuple[float, float]]
    too_noisy_below_db: float
    faces: dict[str, tuple[float, ...]]
    utterances: int
    speakers: int
    epochs: int
    seed: int


def worth(found: Calibration, noise: list[NoiseScore], utterances: int, speakers: int, epochs: int, seed: int) -> Worth:
    """All of it; the faces from what was measured of the packaged models."""
    quiet = next(each for each in noise if each.level_db is None).accuracy[BOTH]
    levels = sorted((each.level_db, each.accuracy[BOTH] / quiet) for each in noise if each.level_db is not None)
    by_noise = [(float(level), round(min(1.0, part), 3)) for level, part in levels]
    enough = [level for level, part in by_noise if part >= LEAST_PART]
    return Worth(
        found.temperature,
        found.unsure_below,
        found.reliability,
        by_noise,
        min(enough, default=by_noise[-1][0]),
        faces(),
        utterances,
        speakers,
        epochs,
        seed,
    )


def faces(bundles: Path = BUNDLES, results: Path = RESULTS) -> dict[str, tuple[float, ...]]:
    """How often each expression is right where it is said, by the id that readings carry, of each packaged model."""
    found = {}
    for path in sorted(bundles.glob(f"*/{CARD}")):
        card = load(path)
        measured = load_results(card, path_of(card, results))
        for entry in measured.scores if measured is not None else ():
            report = entry.report
            if entry.name == FACES:
                name = f"{card.name}-{card.version}"
                found[name if report.point == card.points[0].name else f"{name}:{report.point}"] = _right(
                    report.confusion
                )
    return found


def _right(confusion: list[list[int]]) -> tuple[float, ...]:
    """Of what was said of each class, the part that was right."""
    columns = list(zip(*confusion, strict=True))
    return tuple(round(column[place] / sum(column), 3) if sum(column) else 0.0 for place, column in enumerate(columns))


def save(found: Worth, run: Path) -> Path:
    """Writes it into the folder of a run; returns the file."""
    path = run / FILE
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path


def read(run: Path) -> Worth:
    """What lies in the folder of a run. Raises CheckpointError."""
    path = run / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Worth)
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}; run `mien-models voice train --out {run}`") from None
    except msgspec.DecodeError as error:
        raise CheckpointError(f"{path}: not of this version: {error}; run `mien-models voice train`") from None
