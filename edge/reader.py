"""One frame through the path: find or follow the faces, choose whose counts, look whether it can be read, read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.reading import Reason, Role
from edge.bundle import Bundle
from edge.cover import Cover
from edge.detect import Detector, Face
from edge.held import Held
from edge.over_time import Moving, OverTime, of_bundle
from edge.quality import Limits, fault, scene_fault
from edge.recognise import Recogniser
from edge.runtime.backend import Runtime
from edge.runtime.onnx import ON_PROCESSOR
from edge.stages import Stages
from edge.track import Track, Tracker
from edge.views import Views
from edge.window import LEAST_SURE, FrameView, agent_face

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

BESIDE_AGENT = 0.5  # of the agent's height: a face of over half the area, which counts, has 0.7 of it
MOST_FACES = 12  # of customers that are read in one frame, the largest first


@dataclass(frozen=True, eq=False)
class FaceView:
    """One face of one frame: what it is followed as, and its shares (8,), or the reason why it has none."""

    track: Track
    result: Floats | Reason


@dataclass(frozen=True, eq=False)
class Look:
    """A frame with every face in it: the view that counts for the role, and the faces, the oldest track first."""

    view: FrameView
    faces: list[FaceView]


class FaceReader:
    """Reads the frames of one camera, in their order."""

    def __init__(
        self,
        tracker: Tracker,
        recogniser: Recogniser,
        *,
        role: Role = Role.AGENT,
        aim: tuple[float, float] = (0.5, 0.5),
        limits: Limits | None = None,
        cover: Cover | None = None,
        over_time: OverTime | Moving | None = None,
        stages: Stages | None = None,
    ) -> None:
        """`aim` is where an agent's face is expected, x and y as parts of the picture; `stages` is told how long.

        Faces are read `over_time` where that is given, else by two views each.
        """
        self._stages = stages or Stages()
        self._tracker, self._recogniser, self._cover = tracker, recogniser, cover
        self._views = Views(recogniser) if over_time is None else over_time
        self._held = Held()
        self._role, self._aim = role, aim
        self._limits = limits or Limits()

    @classmethod
    def from_bundle(
        cls,
        bundle: Bundle,
        runtime: Runtime = ON_PROCESSOR,
        *,
        role: Role = Role.AGENT,
        aim: tuple[float, float] = (0.5, 0.5),
        min_face: float = 40.0,
        cascade_every: int = 15,
        every_face: bool = False,
        stages: Stages | None = None,
    ) -> FaceReader:
        """The whole path over a bundle's models; `every_face` is for `look`. Raises ModelError."""
        beside = BESIDE_AGENT if role is Role.AGENT and not every_face else 0.0
        detector = Detector.from_files(bundle.detector_files(), runtime, min_face=min_face)
        tracker = Tracker(detector, every=cascade_every, beside=beside)
        recogniser, cover = Recogniser.from_bundle(bundle, runtime), Cover.from_bundle(bundle, runtime)
        over_time = of_bundle(bundle, recogniser, runtime)
        return cls(tracker, recogniser, role=role, aim=aim, cover=cover, over_time=over_time, stages=stages)

    @property
    def least_sure(self) -> float:
        """The largest share under which a face is unsure, and the confidence under which a second is."""
        return self._recogniser.point.unsure_below or LEAST_SURE

    def begin_anew(self) -> None:
        """Follow no face from the last frame to the next, which is of another scene."""
        self._tracker.begin_anew()

    def read(self, image: Pixels, at_s: float | None = None) -> FrameView:
        """How the faces of the next frame, (H, W, 3) uint8 BGR, look; or why that cannot be said.

        `at_s` is when it was taken, no earlier than the last; None for a picture that stands for itself.
        """
        with self._stages.time("detect"):
            tracks = {track.face: track for track in self._tracker.update(image)}
        if not tracks and at_s is not None:
            self._views.forget(at_s)  # nobody's frames are kept while nobody is there
        return self._view(image, list(tracks), lambda face: self._read_one(image, tracks[face], at_s))

    def look(self, image: Pixels, at_s: float | None = None) -> Look:
        """The same, with each face that is there read for itself."""
        faces = [FaceView(track, self._read_one(image, track, at_s)) for track in self._tracker.update(image)]
        results = {view.track.face: view.result for view in faces}
        return Look(self._view(image, list(results), results.__getitem__), faces)

    def _view(self, image: Pixels, faces: list[Face], read: Callable[[Face], Floats | Reason]) -> FrameView:
        if not faces:
            return FrameView(0, reason=scene_fault(image, self._limits))
        if self._role is Role.CUSTOMER:
            largest = sorted(faces, key=lambda face: -face.area)[:MOST_FACES]
            return _mean(len(faces), [read(face) for face in largest])
        chosen = agent_face(faces, image.shape[1], image.shape[0], self._aim)
        result = chosen if isinstance(chosen, Reason) else read(chosen)
        if isinstance(result, Reason):
            return FrameView(len(faces), reason=result)
        return FrameView(len(faces), result, float(result.max()))

    def _read_one(self, image: Pixels, track: Track, at_s: float | None) -> Floats | Reason:
        if at_s is None:
            return self._read_anew(image, track, None)
        result = self._held.result(track.id, at_s)
        if result is None:
            result = self._read_anew(image, track, at_s)
            self._held.keep(track.id, at_s, result)
        return result

    def _read_anew(self, image: Pixels, track: Track, at_s: float | None) -> Floats | Reason:
        face = track.face
        with self._stages.time("align"):
            crop = self._recogniser.crop(image, face)
            reason = fault(face, crop, self._recogniser.points(face), self._limits)
            if reason is None and self._cover is not None and self._cover.hides(image, face, crop):
                reason = Reason.COVERED
        if reason is not None:
            return reason
        with self._stages.time("recognise"):
            return self._views.shares(crop, track.id, at_s)


def _mean(faces: int, results: Sequence[Floats | Reason]) -> FrameView:
    """The mean over the customers that can be read, and how many those are; else why the largest cannot."""
    shares = [result for result in results if not isinstance(result, Reason)]
    if not shares:
        (reason, *_) = (result for result in results if isinstance(result, Reason))
        return FrameView(faces, reason=reason)
    sure = float(np.mean([share.max() for share in shares]))
    return FrameView(len(shares), np.mean(shares, axis=0, dtype=np.float32), sure)
