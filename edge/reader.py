"""One frame through the path: find or follow the faces, choose whose counts, look whether it can be read, read it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contract.reading import Reason, Role
from edge.bundle import Bundle
from edge.detect import Detector, Face
from edge.quality import Limits, fault, scene_fault
from edge.recognise import Recogniser
from edge.track import Tracker
from edge.window import FrameView, agent_face

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

BESIDE_AGENT = 0.5  # of the agent's height: a face of over half the area, which counts, has 0.7 of it
MOST_FACES = 12  # of customers that are read in one frame, the largest first


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
    ) -> None:
        """`aim` is where an agent's face is expected, x and y as parts of the picture."""
        self._tracker, self._recogniser = tracker, recogniser
        self._role, self._aim = role, aim
        self._limits = limits or Limits()

    @classmethod
    def from_bundle(
        cls,
        bundle: Bundle,
        *,
        role: Role = Role.AGENT,
        aim: tuple[float, float] = (0.5, 0.5),
        min_face: float = 40.0,
        cascade_every: int = 15,
    ) -> FaceReader:
        """The whole path over a bundle's models. Raises ModelError."""
        beside = BESIDE_AGENT if role is Role.AGENT else 0.0
        tracker = Tracker(Detector.from_bundle(bundle.folder, min_face=min_face), every=cascade_every, beside=beside)
        return cls(tracker, Recogniser.from_bundle(bundle), role=role, aim=aim)

    def read(self, image: Pixels) -> FrameView:
        """How the faces of the next frame, (H, W, 3) uint8 BGR, look; or why that cannot be said."""
        faces = [track.face for track in self._tracker.update(image)]
        if not faces:
            return FrameView(0, reason=scene_fault(image, self._limits))
        if self._role is Role.CUSTOMER:
            return self._read_all(image, sorted(faces, key=lambda face: -face.area)[:MOST_FACES])
        chosen = agent_face(faces, image.shape[1], image.shape[0], self._aim)
        if isinstance(chosen, Reason):
            return FrameView(len(faces), reason=chosen)
        result = self._read_one(image, chosen)
        if isinstance(result, Reason):
            return FrameView(len(faces), reason=result)
        return FrameView(len(faces), result, float(result.max()))

    def _read_one(self, image: Pixels, face: Face) -> Floats | Reason:
        crop = self._recogniser.crop(image, face)
        points = self._recogniser.points(face)
        return fault(face, crop, points, self._limits) or self._recogniser.shares(crop)

    def _read_all(self, image: Pixels, faces: Sequence[Face]) -> FrameView:
        """The mean over the customers that can be read, and how many those are; else why the largest cannot."""
        results = [self._read_one(image, face) for face in faces]
        shares = [result for result in results if not isinstance(result, Reason)]
        if not shares:
            (reason, *_) = (result for result in results if isinstance(result, Reason))
            return FrameView(len(faces), reason=reason)
        sure = float(np.mean([share.max() for share in shares]))
        return FrameView(len(shares), np.mean(shares, axis=0, dtype=np.float32), sure)
