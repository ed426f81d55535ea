"""Merging on pairs: a face and a voice of one expression, of different people, neither of whom was trained on.

They are not one person's, so this shows what merging does where the two err apart from each other; real pairs err
together more often. Pairs of different expressions show whether conflict makes a reading less sure.
"""

from collections.abc import Callable

import msgspec
import numpy as np

from edge.merge import Branch, merged
from models.compare.paired import Paired, difference
from models.data import Floats, Ints
from models.scores import calibration_error

DRAWN = 20000  # of four thousand the calibration error still differs by a point from one draw to the next
SEED = 1


class PairScore(msgspec.Struct, frozen=True):
    """One way to read a pair: shares between 0 and 1; `conflicting` is the mean confidence where the two differ."""

    way: str
    accuracy: float
    calibration_error: float
    confidence: float
    conflicting: float


class PairScores(msgspec.Struct, frozen=True):
    """All ways on the same pairs, merging less each other way, with its interval by speaker, and what prints it all."""

    faces: str
    voices: str
    n: int
    ways: list[PairScore]
    beside: list[Paired]
    command: str = ""


Way = Callable[[Floats, Floats], Floats]


def ways(face_reliability: Floats, voice_reliability: Floats) -> dict[str, Way]:
    """Ways to read a face and a voice, by name; reliabilities (n, 8) or (8,)."""

    def merge(face: Floats, voice: Floats) -> Floats:
        of_faces, of_voices = (
            np.broadcast_to(face_reliability, face.shape),
            np.broadcast_to(voice_reliability, face.shape),
        )
        rows = zip(face, of_faces, voice, of_voices, strict=True)
        return np.array([merged((Branch(a, b), Branch(c, d))) for a, b, c, d in rows], np.float32)

    def largest(face: Floats, voice: Floats) -> Floats:
        found = np.maximum(face, voice)
        return np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)

    return {
        "face alone": lambda face, _: face,
        "voice alone": lambda _, voice: voice,
        "mean of both": lambda face, voice: (face + voice) / 2,
        "larger of both": largest,
        "merged": merge,
    }


def drawn(face_labels: Ints, voice_labels: Ints, *, same: bool, seed: int = SEED) -> tuple[Ints, Ints]:
    """Rows of faces and voices (DRAWN,): a voice at random, and a face of the same expression, or of another one."""
    draw = np.random.default_rng((seed, same))
    shared = sorted(set(face_labels.tolist()) & set(voice_labels.tolist()))
    able = np.flatnonzero(np.isin(voice_labels, shared))
    voices = able[draw.integers(0, len(able), DRAWN)]
    by_label = {label: np.flatnonzero(face_labels == label) for label in shared}
    faces = []
    for voice in voices:
        label = int(voice_labels[voice])
        if not same:
            others = [each for each in shared if each != label]
            label = others[draw.integers(len(others))]
        faces.append(by_label[label][draw.integers(len(by_label[label]))])
    return np.array(faces, np.int64), voices


def scored(
    named: tuple[str, str],
    face: tuple[Floats, Ints],
    voice: tuple[Floats, Ints],
    speakers: list[str],
    reliabilities: tuple[Floats, Floats],
) -> PairScores:
    """Scores of all ways. `face` and `voice` are shares (n, 8) with labels (n,); `reliabilities` are of the face (8,)
    and, for each voice, of the voice (n, 8).
    """
    (faces, face_labels), (voices, voice_labels) = face, voice
    alike, apart = (drawn(face_labels, voice_labels, same=same) for same in (True, False))
    labels, people = voice_labels[alike[1]], np.array(speakers)[alike[1]]
    found, right = [], {}
    for name in ways(*reliabilities):
        together, against = (
            ways(reliabilities[0], reliabilities[1][rows[1]])[name](faces[rows[0]], voices[rows[1]])
            for rows in (alike, apart)
        )
        right[name] = together.argmax(axis=1) == labels
        sure = float(together.max(axis=1).mean())
        found.append(
            PairScore(
                name,
                float(right[name].mean()),
                calibration_error(together, labels),
                sure,
                float(against.max(axis=1).mean()),
            )
        )
    count = len(set(people.tolist()))
    beside = [
        Paired("merged", name, "pairs", DRAWN, count, *difference(right["merged"], own, people))
        for name, own in right.items()
        if name != "merged"
    ]
    return PairScores(*named, DRAWN, found, beside)


def table(found: PairScores) -> str:
    """For people."""
    lines = [f"{found.n} pairs, of faces: {found.faces}; and voices: {found.voices} (not one person's)"]
    lines += [
        f"{each.way:<15} accuracy {100 * each.accuracy:5.1f}  calibration error {100 * each.calibration_error:4.1f}  "
        f"confidence {each.confidence:.2f}, where the two differ {each.conflicting:.2f}"
        for each in found.ways
    ]
    lines += [
        f"merged less {pair.peer}: {100 * pair.difference:+.1f} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"
        for pair in found.beside
    ]
    return "\n".join(lines)
