"""CK+ peak sequences as the common 48x48 set: three frames of each, rising to the peak (Lucey et al. 2010)."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from models.clips.clips import Clip, Clips, clips_of
from models.data import FACE_SIDE, Bytes, Ints, class_of, decode, read_columns
from models.errors import DataError
from models.prepared import Source
from models.sources.ck48 import LICENCE, NAME

RATE = 30.0  # frames a second that the cameras took
FOLDS = Path(__file__).with_name("ck48_folds.json")


def ck48(path: Path) -> Clips:
    """All sequences of `ck48.parquet` (`subject`, `sequence`, `frame`, `emotion`, `image`). Raises DataError."""
    columns = read_columns(path, ("subject", "sequence", "frame", "emotion", "image"))
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(columns["subject"], columns["sequence"], strict=True)):
        rows[key].append(row)
    found = []
    for (subject, _), taken in sorted(rows.items()):
        taken.sort(key=lambda row: columns["frame"][row])
        label = class_of(columns["emotion"][taken[-1]], path)
        frames = np.stack([_face(columns["image"][row], f"{path}, row {row}") for row in taken])
        times = np.array([columns["frame"][row] for row in taken], np.float32) / np.float32(RATE)
        found.append(Clip(frames, times, label, str(subject)))
    return clips_of(found, Source(NAME, f"{path.name}: Lucey et al. 2010", LICENCE, 0))


def _face(encoded: bytes, where: str) -> Bytes:
    face = decode(encoded, False, where)
    if face.shape != (FACE_SIDE, FACE_SIDE):
        raise DataError(f"{where}: picture is {face.shape}, not 48x48; use the 48x48 release")
    return face


def folds(clips: Clips) -> Ints:
    """The fold (N,) of each sequence, its subject's by the file beside this module. DataError for another subject."""
    known: dict[str, int] = json.loads(FOLDS.read_text(encoding="utf-8"))
    subjects = [who.partition("/")[2] for who in clips.people.tolist()]
    strange = sorted(set(subjects) - set(known))
    if strange:
        raise DataError(f"CK+ subjects {', '.join(strange[:5])} are in no fold of {FOLDS.name}; score them as others")
    return np.array([known[subject] for subject in subjects], np.int64)
