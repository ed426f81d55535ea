"""Following faces from frame to frame with O-Net alone, and the whole cascade only now and then.

A track's next crop is the square of its last O-Net box, no larger: a margin makes the box grow until the face is lost.
The cascade runs when a face is lost, when there is none, and every `every` frames, so that new faces are found. Where
nobody has been for that long, it rests between SEARCHES of it: an empty chair costs little.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edge.detect import CELL, Detector, Face, Floats, Pixels, nms, overlaps, square

SAME_FACE = 0.4  # overlap (intersection over union) from which a found face is a track's next box
TWICE = 0.7  # overlap over the smaller box from which two tracks follow one face
SEARCHES = 7  # by the cascade in `every` frames, once there was no face for as long: at a desk every other frame
LARGEST = 1.5  # a box wider than this many times the picture's longer side has run away


@dataclass(frozen=True, eq=False)
class Track:
    """A face that is being followed; `id` is unique within one Tracker."""

    id: int
    face: Face


def _boxes(tracks: list[Track]) -> Floats:
    return np.array([track.face.box for track in tracks], np.float32).reshape(-1, 4)


class Tracker:
    """Tracks of all faces over the frames of one camera."""

    def __init__(self, detector: Detector, *, every: int = 15, keep: float = 0.7, beside: float = 0.0) -> None:
        """The cascade runs every `every` frames; a track lives while O-Net is at least `keep` sure of it.

        While a face is followed, others are looked for from `beside` times its height on; smaller ones do not matter.
        """
        self._detector = detector
        self._beside = beside
        self._every = every
        self._keep = keep
        self._tracks: list[Track] = []
        self._since_cascade = 0
        self._empty = 0  # frames in a row in which no face was
        self._next_id = 1

    def begin_anew(self) -> None:
        """Follow nothing any longer: the next frame is of another scene. An id is never given twice."""
        self._tracks = []
        self._since_cascade = self._empty = 0

    def update(self, image: Pixels) -> list[Track]:
        """The faces of the next frame, (H, W, 3) uint8 BGR: all tracks that hold, the oldest first."""
        before = self._tracks
        held = self._follow(image, before)
        self._since_cascade += 1
        if self._is_due(len(held), len(before)):
            self._since_cascade = 0
            at_least = self._beside * max((track.face.height for track in held), default=0.0)
            held = self._join(held, before, self._detector.detect(image, at_least=at_least))
        self._tracks = held
        self._empty = 0 if held else self._empty + 1
        return held

    def _is_due(self, held: int, before: int) -> bool:
        """Whether the cascade is to run."""
        if before == 0 and self._empty >= self._every:
            return self._empty % max(1, self._every // SEARCHES) == 0
        return held == 0 or held < before or self._since_cascade >= self._every

    def _follow(self, image: Pixels, tracks: list[Track]) -> list[Track]:
        if not tracks:
            return []
        faces = self._detector.look(image, square(_boxes(tracks)))
        moved = [
            replace(track, face=face)
            for track, face in zip(tracks, faces, strict=True)
            if face.score >= self._keep and _plausible(face, image)
        ]
        if len(moved) < 2:
            return moved
        ids = np.array([track.id for track in moved], np.float32)
        once = nms(_boxes(moved), -ids, TWICE, of_smaller=True)  # of two tracks on one face the older stays
        return [moved[i] for i in sorted(once)]

    def _join(self, held: list[Track], before: list[Track], faces: list[Face]) -> list[Track]:
        """Tracks after a cascade: a found face continues the track that it overlaps most, or begins one.

        A track that O-Net holds stays where O-Net is surer of it than the cascade, or the cascade did not find it; one
        that O-Net lost goes on where the cascade finds its face.
        """
        ids = {track.id for track in held}
        candidates = held + [track for track in before if track.id not in ids]
        overlap = overlaps(np.array([face.box for face in faces], np.float32).reshape(-1, 4), _boxes(candidates))
        joined = {track.id: track for track in held}
        taken: set[int] = set()
        for i, face in enumerate(faces):
            open_to = [j for j in range(len(candidates)) if candidates[j].id not in taken and overlap[i, j] > SAME_FACE]
            if open_to:
                track_id = candidates[max(open_to, key=lambda j: float(overlap[i, j]))].id
            else:
                track_id, self._next_id = self._next_id, self._next_id + 1
            taken.add(track_id)
            if track_id not in joined or face.score > joined[track_id].face.score:
                joined[track_id] = Track(track_id, face)
        return [joined[i] for i in sorted(joined)]


def _plausible(face: Face, image: Pixels) -> bool:
    """Whether a followed box still is one: centred in the picture, neither shrunk to nothing nor grown beyond it."""
    height, width = image.shape[:2]
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    side = max(face.width, face.height)
    return bool(0 <= x < width and 0 <= y < height and CELL <= side <= LARGEST * max(width, height))
