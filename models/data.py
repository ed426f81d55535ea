"""Reads labelled faces from parquet files; FER+ votes, the official majority rule, and near copies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.parquet

from contract.expressions import EXPRESSIONS
from models.errors import DataError

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

CLASSES: tuple[str, ...] = tuple(EXPRESSIONS)
NOT_A_CLASS = -1
FACE_SIDE = 48
_VOTES = (*CLASSES, "unknown", "NF")
_SPELLED = {"happy": "happiness", "sad": "sadness", "angry": "anger"}


@dataclass(frozen=True)
class Faces:
    """FER-2013 faces with the votes of ten FER+ taggers and their original labels.

    images: (N, 48, 48) uint8 grey. votes: (N, 10) uint8, the eight expressions in the contract's order, then
    `unknown` and `NF` (no face). labels: (N,) FER-2013's own, -1 where there is none.
    """

    images: Bytes
    votes: Bytes
    labels: Ints

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> "Faces":
        return Faces(self.images[rows], self.votes[rows], self.labels[rows])


def read_columns(path: Path, columns: tuple[str, ...]) -> dict[str, list[Any]]:
    """Named columns of a parquet file as lists; DataError where the file or a column is missing or broken."""
    try:
        table = pyarrow.parquet.read_table(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give --data, or set MIEN_DATA to the folder of data sets") from None
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable parquet file ({reason}); copy it again from its source") from None
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise DataError(f"{path}: lacks the columns {', '.join(missing)}; this is another kind of data set")
    return {name: table.column(name).to_pylist() for name in columns}


def decode(encoded: bytes, colour: bool, where: str) -> Bytes:
    """A picture (H, W) grey or (H, W, 3) RGB from its encoded bytes; `where` names it in the error."""
    mode = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), mode) if encoded else None
    if picture is None:
        raise DataError(f"{where}: not a readable picture; copy the file again from its source")
    return np.asarray(picture[:, :, ::-1] if colour else picture, np.uint8)


def read_faces(path: Path) -> Faces:
    """A split in the format of `fer2013plus/train.parquet`: `image`, the ten vote columns, `fer2013` where it is."""
    columns = read_columns(path, ("image", *_VOTES))
    images = [decode(data, False, f"{path}, row {row}") for row, data in enumerate(columns["image"])]
    wrong = next((row for row, image in enumerate(images) if image.shape != (FACE_SIDE, FACE_SIDE)), None)
    if wrong is not None:
        raise DataError(f"{path}, row {wrong}: picture is {images[wrong].shape}, not 48x48; use the 48x48 release")
    if not images:
        raise DataError(f"{path}: holds no faces; copy it again from its source")
    votes = np.array([columns[name] for name in _VOTES], np.uint8).T.copy()
    return Faces(np.stack(images), votes, _own_labels(path, len(images)))


def _own_labels(path: Path, count: int) -> Ints:
    names = [None] * count
    if "fer2013" in pyarrow.parquet.read_schema(path).names:
        names = read_columns(path, ("fer2013",))["fer2013"]
    return np.array([NOT_A_CLASS if name is None else class_of(name, path) for name in names], np.int64)


def class_of(name: str, path: Path) -> int:
    """The place among CLASSES of an expression as a data set spells it; DataError where it is none."""
    spelled = _SPELLED.get(name, name)
    if spelled not in CLASSES:
        raise DataError(f"{path}: unknown expression {name}; known are {', '.join(CLASSES)}")
    return CLASSES.index(spelled)


def without_single_votes(votes: Bytes) -> Bytes:
    """Votes (N, 10) with each lone vote taken as an outlier and set to 0, as the FER+ authors do."""
    return np.where(votes > 1, votes, 0).astype(np.uint8)


def majority(votes: Bytes) -> Ints:
    """Official FER+ majority label (N,): more than half of the votes left after single ones are dropped.

    -1 where no expression has it, or where `unknown` or `NF` has it: such faces are not counted in a score.
    """
    kept = without_single_votes(votes)
    top = kept.argmax(axis=1)
    clear = kept.max(axis=1) * 2 > kept.sum(axis=1)
    return np.where(clear & (top < len(CLASSES)), top, NOT_A_CLASS).astype(np.int64)


def soft_labels(votes: Bytes) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Training targets (N, 8) that sum to 1, and which rows (N,) to train on.

    A row serves where, single votes dropped, the eight expressions hold at least half of what is left.
    """
    kept = without_single_votes(votes).astype(np.float32)
    expressions = kept[:, : len(CLASSES)]
    total = expressions.sum(axis=1)
    usable = (total > 0) & (total * 2 >= kept.sum(axis=1))
    return expressions / np.maximum(total, 1)[:, None], usable


def copies_of(images: Bytes, others: Bytes, above: float = 0.9, chunk: int = 2048) -> npt.NDArray[np.bool_]:
    """Which of `images` (N, H, W) are near copies (correlation over `above`, mirrors included) of one of `others`.

    FER-2013 holds many pictures more than once, across its splits too; a score is honest only without them.
    """
    reference = unit_rows(np.concatenate([others, others[:, :, ::-1]])).T
    found = [(unit_rows(images[at : at + chunk]) @ reference).max(axis=1) for at in range(0, len(images), chunk)]
    return np.concatenate(found) > above


def unit_rows(images: Bytes) -> Floats:
    """Each picture of (N, H, W) as a row (N, H * W) of mean 0 and length 1: their products are correlations."""
    rows = images.reshape(len(images), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    norms: Floats = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-6), np.float32)
