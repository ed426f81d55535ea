"""FER-2013 as Kaggle gives it away, one CSV file with the pixels as text, and the FER+ votes beside it."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from contract.expressions import EXPRESSIONS
from models.data import FACE_SIDE, Bytes, Faces
from models.errors import DataError
from models.prepared import Prepared
from models.sources.fer import NAME, merged_set
from models.sources.tables import read_table

# Goodfellow et al. 2013: the numbers of `emotion`.
NUMBERED = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
TRAINING = "Training"
_VOTES = (*EXPRESSIONS, "unknown", "NF")


def kaggle(path: Path, usage: str = TRAINING, votes: Path | None = None) -> Prepared:
    """The pictures of one `usage`, without near copies of pictures of another: those are to be scored on.

    `path` is fer2013.csv or icml_face_data.csv (`emotion`, `pixels`, `Usage`), or the competition's train.csv, which
    has no `Usage` and is taken whole. `votes` is fer2013new.csv of FER+, row by row the same pictures. Raises
    DataError.
    """
    faces, usages = _read(path)
    if votes is not None:
        faces = replace(faces, votes=_votes(votes, path, usages))
    chosen = np.array([each.lower() in ("", usage.lower()) for each in usages])
    if not chosen.any():
        raise DataError(f"{path}: no picture's Usage is {usage}; give --usage {' or '.join(sorted(set(usages)))}")
    name = NAME if votes is not None else "FER-2013"
    return merged_set(name, path, faces[chosen], faces.images[~chosen])


def _read(path: Path) -> tuple[Faces, list[str]]:
    """All faces, their votes all 0, and the Usage of each, "" where the file has no such column."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            missing = [name for name in ("emotion", "pixels") if name not in (rows.fieldnames or ())]
            if missing:
                raise DataError(f"{path}: has no column {' and '.join(missing)}; this is not FER-2013 as Kaggle has it")
            lines = tqdm(rows, desc="reading pictures", unit="picture", mininterval=2)
            read = [_face(row, f"{path}, line {line}") for line, row in enumerate(lines, start=2)]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the path of fer2013.csv or icml_face_data.csv") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a readable CSV file ({str(error).splitlines()[0]}); copy it again") from None
    if not read:
        raise DataError(f"{path}: holds no pictures; copy it again from its source")
    images, labels, usages = zip(*read, strict=True)
    return Faces(np.stack(images), np.zeros((len(read), len(_VOTES)), np.uint8), np.array(labels, np.int64)), [*usages]


def _face(row: dict[str, str | None], where: str) -> tuple[Bytes, int, str]:
    try:
        pixels = np.array([int(value) for value in (row["pixels"] or "").split()], np.uint8)
        label = int(row["emotion"] or "")
    except (ValueError, OverflowError):
        raise DataError(f"{where}: emotion and pixels are not all whole numbers of 0 to 255; copy it again") from None
    if pixels.size != FACE_SIDE**2:
        raise DataError(f"{where}: has {pixels.size} pixels, not 48 times 48; copy the file again")
    if not 0 <= label < len(NUMBERED):
        raise DataError(f"{where}: emotion is {label}; known are 0 to 6, {' '.join(NUMBERED)}")
    place = EXPRESSIONS.index(NUMBERED[label])
    return pixels.reshape(FACE_SIDE, FACE_SIDE), place, (row.get("Usage") or "").strip()


def _votes(path: Path, pictures: Path, usages: list[str]) -> Bytes:
    """The ten votes (N, 10) of each of the pictures."""
    table = read_table(path, ("Usage",), *((name,) for name in _VOTES))
    if len(table) != len(usages):
        raise DataError(f"{path}: has {len(table)} rows, {pictures} has {len(usages)}; give both files whole")
    for line, (row, usage) in enumerate(zip(table, usages, strict=True), start=2):
        if usage and row[0].lower() != usage.lower():
            raise DataError(f"{path}, line {line}: Usage is {row[0]}, in {pictures} {usage}; give files of one release")
    try:
        return np.array([[int(float(cell or 0)) for cell in row[1:]] for row in table], np.uint8)
    except (ValueError, OverflowError):
        raise DataError(f"{path}: a vote is not a number; copy the file again from its source") from None
