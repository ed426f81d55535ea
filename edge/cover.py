"""Whether something is before the mouth: a small network that looks at the crop that the expression network sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.align import face_crop
from edge.bundle import Bundle, CoverCard, ExpressionInput
from edge.detect import Face
from edge.errors import ModelError
from edge.runtime.backend import Backend, Runtime
from edge.runtime.onnx import ON_PROCESSOR

Pixels = NDArray[np.uint8]


class Cover:
    """The cover network of a bundle."""

    def __init__(self, backend: Backend, card: CoverCard, beside: ExpressionInput) -> None:
        """`beside` is what the expression network sees. Raises ModelError where the network is not as its card says."""
        self._backend = backend
        self.card = card
        self._same_crop = (card.input.size, card.input.crop_of_box_height) == (beside.size, beside.crop_of_box_height)
        found = self._backend.infer(np.zeros((1, 1, card.input.size, card.input.size), np.float32))[0].shape
        if found != (1, 1):
            raise ModelError(f"{card.file}: gives {found} and not one value a face; reinstall the bundle")

    @classmethod
    def from_bundle(cls, bundle: Bundle, runtime: Runtime = ON_PROCESSOR) -> Cover | None:
        """The cover network of a bundle; None where it has none. Raises ModelError."""
        if bundle.cover is None:
            return None
        return cls(runtime.load(bundle.cover_file()), bundle.cover, bundle.expression.input)

    def hides(self, image: Pixels, face: Face, crop: Pixels) -> bool:
        """Whether the mouth of a face is covered; `crop` is what the expression network sees of it."""
        return self.probability(image, face, crop) > self.card.threshold

    def probability(self, image: Pixels, face: Face, crop: Pixels) -> float:
        """How probable it is that the mouth is covered, by what was drawn before faces in training."""
        seen = self.card.input
        if not self._same_crop:
            crop = face_crop(image, face.box, face.landmarks, seen.size, of_box_height=seen.crop_of_box_height)
        batch = (crop[None, None].astype(np.float32) - np.float32(seen.mean)) * np.float32(seen.scale)
        return float(self._backend.infer(batch)[0][0, 0])
