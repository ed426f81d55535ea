"""Prepared sets: labelled 48 px face pictures of one or more sources in one parquet file, ready to train on.

`mien-models data build` writes them, each adapter in models/sources/ giving one; `mien-models train` reads them. The
file says itself what is in it: its metadata holds a manifest with the count and the licence of each source.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.parquet

from contract.expressions import EXPRESSIONS
from models.data import FACE_SIDE, NOT_A_CLASS, Bytes, Floats, Ints, decode, read_columns
from models.errors import DataError

_MANIFEST = b"mien"


class Source(msgspec.Struct, frozen=True):
    """Where pictures of a prepared set came from, how many, under which licence, and what was left out and why."""

    name: str
    origin: str
    licence: str
    pictures: int
    people: int = 0
    left_out: dict[str, int] = {}


@dataclass(frozen=True)
class Prepared:
    """Face pictures with what their sources say of them.

    images: (N, 48, 48) uint8 grey, the whole of a FER-2013 picture's field. votes: (N, 8) shares of taggers in the
    contract's order, all 0 where nobody voted. labels: (N,) one expression each, -1 where there is none. people: (N,)
    an id that is unique over all sources, or "" where nobody is named. sources: (N,) names of `manifest`.
    """

    images: Bytes
    votes: Floats
    labels: Ints
    people: npt.NDArray[np.str_]
    sources: npt.NDArray[np.str_]
    manifest: tuple[Source, ...]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> "Prepared":
        return Prepared(
            self.images[rows], self.votes[rows], self.labels[rows], self.people[rows], self.sources[rows], self.manifest
        )


def joined(parts: list[Prepared]) -> Prepared:
    """Several sets as one. DataError where there are none."""
    if not parts:
        raise DataError("no prepared set is named; build one with `mien-models data build`")
    return Prepared(
        np.concatenate([each.images for each in parts]),
        np.concatenate([each.votes for each in parts]),
        np.concatenate([each.labels for each in parts]),
        np.concatenate([each.people for each in parts]),
        np.concatenate([each.sources for each in parts]),
        tuple(source for each in parts for source in each.manifest),
    )


def write(prepared: Prepared, path: Path) -> None:
    """Writes the set, whole or not at all; pictures as PNG."""
    columns = {
        "image": [cv2.imencode(".png", image)[1].tobytes() for image in prepared.images],
        "votes": [row.tolist() if row.any() else None for row in prepared.votes],
        "emotion": [EXPRESSIONS[label] if label != NOT_A_CLASS else None for label in prepared.labels],
        "person": prepared.people.tolist(),
        "source": prepared.sources.tolist(),
    }
    table = pyarrow.table(columns).replace_schema_metadata({_MANIFEST: msgspec.json.encode(prepared.manifest)})
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    pyarrow.parquet.write_table(table, partial)
    partial.replace(path)


def manifest(path: Path) -> tuple[Source, ...]:
    """What a prepared file says of its sources. DataError where it is not one."""
    try:
        found = (pyarrow.parquet.read_schema(path).metadata or {}).get(_MANIFEST)
        return msgspec.json.decode(found or b"", type=tuple[Source, ...])
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; build it with `mien-models data build`") from None
    except (pyarrow.ArrowException, OSError, msgspec.DecodeError):
        raise DataError(f"{path}: not a prepared set; build one with `mien-models data build`") from None


def read(path: Path) -> Prepared:
    """A prepared file. DataError where it is missing, broken or no prepared set."""
    sources = manifest(path)
    columns = read_columns(path, ("image", "votes", "emotion", "person", "source"))
    images = [decode(data, False, f"{path}, row {row}") for row, data in enumerate(columns["image"])]
    if not images or any(image.shape != (FACE_SIDE, FACE_SIDE) for image in images):
        raise DataError(f"{path}: holds no 48x48 pictures; build it again with `mien-models data build`")
    none = [0.0] * len(EXPRESSIONS)
    return Prepared(
        np.stack(images),
        np.array([none if row is None else row for row in columns["votes"]], np.float32),
        np.array([NOT_A_CLASS if name is None else EXPRESSIONS.index(name) for name in columns["emotion"]], np.int64),
        np.array(columns["person"], np.str_),
        np.array(columns["source"], np.str_),
        sources,
    )
