"""Keeps what was computed of a file of faces by the hashes of all that decides it: above all, where the faces are."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edge.detect import Detector, Face
from models.data import Floats
from models.registry import DEFAULT, ROOT
from models.samples import Labelled

# What decides a crop beside the data, as it was when this was loaded: where it changes, what was kept is not used.
CUT_BY = tuple(
    path.read_bytes()
    for path in (
        DEFAULT / "detector.json",
        ROOT / "edge" / "detect.py",
        ROOT / "edge" / "align.py",
        ROOT / "models" / "samples.py",
        ROOT / "models" / "labels.py",
    )
)


def digest(*parts: bytes | str | float) -> str:
    """A hexadecimal hash of some bytes, words and numbers in their order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part if isinstance(part, bytes) else repr(part).encode())
        found.update(b"\0")
    return found.hexdigest()


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a data file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def keep(path: Path, values: Floats) -> None:
    """Writes an array, whole or not at all: a run may be interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, values)
    partial.replace(path)


def key_of(labelled: Labelled, sha256: str) -> str:
    """What stands for pictures of a file whose hash is `sha256`, their labels, and how they are cut."""
    return digest(sha256, labelled.kind, labelled.rows.tobytes(), *CUT_BY)


def found_faces(labelled: Labelled, kept: Path, begun: Callable[[int], None]) -> list[Face | None]:
    """`find_faces`, or what it found before and is at `kept`. Raises DataError."""
    if kept.exists():
        return [_face(row) for row in np.load(kept)]
    faces = labelled.find_faces(Detector.from_bundle(), begun)
    keep(kept, np.array([_row(face) for face in faces], np.float32))
    return faces


def _row(face: Face | None) -> list[float]:
    return [np.nan] * 15 if face is None else [*face.box, face.score, *face.landmarks.ravel().tolist()]


def _face(row: Floats) -> Face | None:
    if np.isnan(row[0]):
        return None
    x1, y1, x2, y2, sure, *points = row.tolist()
    return Face((x1, y1, x2, y2), sure, np.array(points, np.float32).reshape(5, 2))
