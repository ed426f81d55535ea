"""The results file of the networks over time: what the commands of `mien-models clips` found, kept with --keep."""

from pathlib import Path

import msgspec

from models.errors import CardError
from models.evaluation.results import RESULTS, rounded
from models.temporal.folds import FoldsOverTime
from models.temporal.leakage import Leakage

FILE = "over-time.json"


class Attended(msgspec.Struct, frozen=True):
    """Where a network looks on faces of one expression: the mean (side rows of side greys) of `n` such faces, and each
    attention map's mean (a row of shares for each of its rows), which sums to 1.
    """

    expression: str
    n: int
    face: list[list[int]]
    maps: list[list[list[float]]]


class OverTimeResults(msgspec.Struct, frozen=True):
    """All that was kept, with the commands that print it; of folds by the name of their data."""

    folds: dict[str, FoldsOverTime] = {}
    folds_commands: dict[str, str] = {}
    leakage: Leakage | None = None
    leakage_command: str = ""
    attended: tuple[Attended, ...] = ()
    attended_command: str = ""


def load(folder: Path = RESULTS) -> OverTimeResults:
    """What is there; raises CardError where it cannot be read."""
    path = folder / FILE
    if not path.exists():
        return OverTimeResults()
    try:
        return msgspec.json.decode(path.read_bytes(), type=OverTimeResults)
    except msgspec.DecodeError as error:
        raise CardError(f"{path}: not results of this version: {error}; measure again with --keep") from None


def save(results: OverTimeResults, folder: Path = RESULTS) -> Path:
    """Writes them as indented JSON, whole or not at all; returns the file."""
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    partial.replace(path)
    return path


def keep_folds(found: FoldsOverTime, command: str, folder: Path = RESULTS) -> Path:
    """Keeps the scores of folds, without each clip's answers, in place of those of the same data."""
    variants = [msgspec.structs.replace(each, shares=[]) for each in found.variants]
    before = load(folder)
    folds = {**before.folds, found.data: rounded(msgspec.structs.replace(found, variants=variants))}
    commands = {**before.folds_commands, found.data: command}
    return save(msgspec.structs.replace(before, folds=folds, folds_commands=commands), folder)


def keep_leakage(found: Leakage, command: str, folder: Path = RESULTS) -> Path:
    """Keeps what an attacker found."""
    before = load(folder)
    return save(msgspec.structs.replace(before, leakage=rounded(found), leakage_command=command), folder)


def keep_attended(found: tuple[Attended, ...], command: str, folder: Path = RESULTS) -> Path:
    """Keeps where a network looks."""
    before = load(folder)
    return save(msgspec.structs.replace(before, attended=tuple(map(rounded, found)), attended_command=command), folder)
