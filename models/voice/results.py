"""The results file of the voice: what `mien-models voice folds` and `pairs` found."""

from pathlib import Path

import msgspec

from models.errors import CardError
from models.evaluation.results import RESULTS, rounded
from models.voice.folds import NoiseScore, VoiceScores
from models.voice.pairs import PairScores

FILE = "voice.json"


class VoiceResults(msgspec.Struct, frozen=True):
    """All that was found, with the commands that print it."""

    scores: tuple[VoiceScores, ...] = ()
    noise: tuple[NoiseScore, ...] = ()
    talker: NoiseScore | None = None
    folds_command: str = ""
    pairs: tuple[PairScores, ...] = ()


def with_pairs(results: VoiceResults, found: PairScores) -> VoiceResults:
    """The results with those of one model's faces, in the place of what was found of them before."""
    others = tuple(each for each in results.pairs if each.faces != found.faces)
    return msgspec.structs.replace(results, pairs=(*others, found))


def load(folder: Path = RESULTS) -> VoiceResults:
    """What is there; raises CardError where it cannot be read."""
    path = folder / FILE
    if not path.exists():
        return VoiceResults()
    try:
        return msgspec.json.decode(path.read_bytes(), type=VoiceResults)
    except msgspec.DecodeError as error:
        raise CardError(f"{path}: not results of this version: {error}; measure again with --keep") from None


def save(results: VoiceResults, folder: Path = RESULTS) -> Path:
    """Writes them as indented JSON, whole or not at all; returns the file."""
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(rounded(results)), indent=1) + b"\n")
    partial.replace(path)
    return path
