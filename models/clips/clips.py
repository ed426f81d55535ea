"""Clips of faces in one parquet file, ready to train on: each frame cut as on the desk, with when it was taken.

`mien-models clips build` writes them, each adapter in models/clips/sources/ giving one; the file says itself what is in
it, as prepared sets of stills do (models/prepared.py).
"""

from collections.abc import Sequence
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
from models.prepared import Source, manifest

LONGEST = 32  # frames of a clip that are kept, the newest: as many as a desk remembers of a face
SLOWEST, FASTEST = 4.0, 15.0  # frames of one face a second that a desk reads
_MANIFEST = b"mien"


@dataclass(frozen=True)
class Clip:
    """One clip: frames (n, 48, 48) uint8 grey, each taken at its time (n,), rising seconds; what it shows at its end.

    `label` is a place in the contract's order; `person` is "" where nobody is named.
    """

    frames: Bytes
    times: Floats
    label: int
    person: str = ""


@dataclass(frozen=True)
class Clips:
    """Clips of one or more sources, all of the same length T, the newest frame last.

    frames: (N, T, 48, 48) uint8 grey. ages: (N, T) seconds before the newest frame. mask: (N, T), false where a clip
    has fewer frames than T: before its first. labels: (N,) -1 where there is none. people: (N,) unique over all
    sources, or "". sources: (N,) names of `manifest`.
    """

    frames: Bytes
    ages: Floats
    mask: npt.NDArray[np.bool_]
    labels: Ints
    people: npt.NDArray[np.str_]
    sources: npt.NDArray[np.str_]
    manifest: tuple[Source, ...]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, rows: Any) -> "Clips":
        return Clips(
            self.frames[rows],
            self.ages[rows],
            self.mask[rows],
            self.labels[rows],
            self.people[rows],
            self.sources[rows],
            self.manifest,
        )


def clips_of(found: Sequence[Clip], source: Source) -> Clips:
    """Clips of one source, the last LONGEST frames of each. DataError where there are none."""
    if not found:
        why = "; ".join(f"{reason}: {count}" for reason, count in source.left_out.items()) or "no clip is there"
        raise DataError(f"{source.origin}: no clip of {source.name} can be used ({why}); look at its layout")
    length = min(LONGEST, max(len(clip.frames) for clip in found))
    frames = np.zeros((len(found), length, FACE_SIDE, FACE_SIDE), np.uint8)
    ages: Floats = np.zeros((len(found), length), np.float32)
    mask = np.zeros((len(found), length), bool)
    for row, clip in enumerate(found):
        count = min(length, len(clip.frames))
        frames[row, -count:] = clip.frames[-count:]
        ages[row, -count:] = clip.times[-1] - clip.times[-count:]
        mask[row, -count:] = True
    people = np.array([f"{source.name}/{clip.person}" if clip.person else "" for clip in found], np.str_)
    labels = np.array([clip.label for clip in found], np.int64)
    counted = msgspec.structs.replace(source, pictures=int(mask.sum()), people=len(set(people.tolist()) - {""}))
    return Clips(frames, ages, mask, labels, people, np.full(len(found), source.name), (counted,))


def joined(parts: Sequence[Clips]) -> Clips:
    """Several sets as one, as long as the longest. DataError where there are none."""
    if not parts:
        raise DataError("no clips are named; build some with `mien-models clips build`")
    length = max(part.frames.shape[1] for part in parts)
    return Clips(
        np.concatenate([_longer(part.frames, length) for part in parts]),
        np.concatenate([_longer(part.ages, length) for part in parts]),
        np.concatenate([_longer(part.mask, length) for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.people for part in parts]),
        np.concatenate([part.sources for part in parts]),
        tuple(source for part in parts for source in part.manifest),
    )


def _longer(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """An array (N, T, ...) with zeros before the first of T, `length` in all."""
    missing = length - array.shape[1]
    return np.pad(array, [(0, 0), (missing, 0), *((0, 0) for _ in array.shape[2:])])


def write(clips: Clips, path: Path) -> None:
    """Writes the clips, whole or not at all; frames as PNG."""
    columns = {
        "frames": [
            [cv2.imencode(".png", frame)[1].tobytes() for frame in frames[mask]]
            for frames, mask in zip(clips.frames, clips.mask, strict=True)
        ],
        "ages": [ages[mask].tolist() for ages, mask in zip(clips.ages, clips.mask, strict=True)],
        "emotion": [EXPRESSIONS[label] if label != NOT_A_CLASS else None for label in clips.labels],
        "person": clips.people.tolist(),
        "source": clips.sources.tolist(),
    }
    table = pyarrow.table(columns).replace_schema_metadata({_MANIFEST: msgspec.json.encode(clips.manifest)})
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    pyarrow.parquet.write_table(table, partial)
    partial.replace(path)


def read(path: Path) -> Clips:
    """A file of clips. DataError where it is missing, broken or none."""
    sources = manifest(path)
    columns = read_columns(path, ("frames", "ages", "emotion", "person", "source"))
    found = []
    for row, (encoded, ages) in enumerate(zip(columns["frames"], columns["ages"], strict=True)):
        frames = [decode(data, False, f"{path}, row {row}") for data in encoded]
        if not frames or len(frames) != len(ages) or any(each.shape != (FACE_SIDE, FACE_SIDE) for each in frames):
            raise DataError(f"{path}, row {row}: is no clip of 48x48 faces; build the file again")
        name = columns["emotion"][row]
        label = NOT_A_CLASS if name is None else EXPRESSIONS.index(name)
        found.append(Clip(np.stack(frames), -np.array(ages, np.float32), label))
    clips = clips_of(found, Source("", str(path), "", 0))
    return Clips(
        clips.frames,
        clips.ages,
        clips.mask,
        clips.labels,
        np.array(columns["person"], np.str_),
        np.array(columns["source"], np.str_),
        sources,
    )
