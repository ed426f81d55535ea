"""What a run knows of the voice's worth once it was asked about people whom it had not heard: calibration.json."""

from pathlib import Path

import msgspec

from models.card import load
from models.datasets import FER_PLUS
from models.errors import CheckpointError
from models.model import CARD, Model
from models.registry import BUNDLES
from models.samples import read_samples
from models.voice.calibrate import LEAST_PART, Calibration, reliability_of
from models.voice.folds import BOTH, NoiseScore

FILE = "calibration.json"


class Worth(msgspec.Struct, frozen=True):
    """Of the voice: its calibration, and by level of noise the part of its accuracy in quiet that is left. Of faces: by
    the id of a model at a point, as readings carry it, how far each expression is to be believed.
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


def worth(
    found: Calibration,
    noise: list[NoiseScore],
    of_faces: dict[str, tuple[float, ...]],
    utterances: int,
    speakers: int,
    epochs: int,
    seed: int,
) -> Worth:
    """All of it."""
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
        of_faces,
        utterances,
        speakers,
        epochs,
        seed,
    )


def faces(valid: Path, bundles: Path = BUNDLES) -> dict[str, tuple[float, ...]]:
    """How far each expression is to be believed, by the id that readings carry, of each packaged model at each of its
    points: on the even rows of a labelled file. Raises DataError.
    """
    found = {}
    for path in sorted(bundles.glob(f"*/{CARD}")):
        card = load(path)
        taken = card.input
        even = read_samples(valid, taken.crop_of_box_height, taken.size, FER_PLUS)[::2]
        for point in card.points:
            shares = Model(path.parent, point.name).shares(even.crops)
            name = f"{card.name}-{card.version}"
            found[name if point == card.points[0] else f"{name}:{point.name}"] = reliability_of(shares, even.labels)
    return found


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
