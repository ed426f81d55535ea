"""How a face looks: the expression network on one crop and its mirror image, calibrated by its operating point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contract.expressions import EXPRESSIONS
from edge.align import face_crop, place
from edge.bundle import Bundle, ExpressionCard, OperatingPoint
from edge.detect import Face
from edge.errors import ModelError
from edge.optical_flow import flow, without
from edge.runtime.backend import Backend, Runtime
from edge.runtime.onnx import ON_PROCESSOR

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


def softmax(logits: Floats, temperature: float, shift: tuple[float, ...] = ()) -> Floats:
    """Probabilities over the last axis of logits / `temperature` + `shift`, which has one value a class, or none."""
    scaled = logits / np.float32(temperature) + np.asarray(shift or 0.0, np.float32)
    power = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Floats = power / power.sum(axis=-1, keepdims=True)
    return shares


class Recogniser:
    """The expression network of a bundle, at one operating point."""

    def __init__(self, backend: Backend, card: ExpressionCard, point: OperatingPoint) -> None:
        """`backend` gives the output of `point`; and behind it, of a network that is read over time, what is kept.

        Raises ModelError where it does not give what its card says.
        """
        self._backend = backend
        self.card, self.point = card, point
        self._places = [EXPRESSIONS.index(name) for name in point.output.classes]
        blank = np.zeros((card.input.size, card.input.size), np.uint8)
        found = [output.shape[-1] for output in self._backend.infer(self._of_stills(blank[None]))]
        if found[0] != len(self._places):
            raise ModelError(
                f"{card.file}: gives {found[0]} values for the {len(self._places)} classes on its card; "
                "reinstall the bundle"
            )
        if card.over_time is not None and found[1:] != [card.over_time.width]:
            raise ModelError(
                f"{card.file}: keeps {found[1:]} values of a face where its card says {card.over_time.width}; "
                "reinstall the bundle"
            )

    @classmethod
    def from_bundle(cls, bundle: Bundle, runtime: Runtime = ON_PROCESSOR) -> Recogniser:
        """The recogniser of a bundle. Raises ModelError."""
        [(file, output), *_] = bundle.every_output()
        backend = runtime.load(file, output)
        return cls(backend, bundle.expression, bundle.point)

    def crop(self, image: Pixels, face: Face) -> Pixels:
        """What the network sees of a face: grey (size, size) uint8."""
        size, part = self.card.input.size, self.card.input.crop_of_box_height
        return face_crop(image, face.box, face.landmarks, size, of_box_height=part)

    def points(self, face: Face) -> Floats:
        """The face's landmarks (5, 2) in that crop."""
        taken = self.card.input
        return place(face.box, face.landmarks, taken.crop_of_box_height).inside(face.landmarks, taken.size)

    def shares(self, crop: Pixels) -> Floats:
        """Calibrated probabilities (8,) of the expressions, in the order of contract.expressions.EXPRESSIONS.

        One that the network does not know has 0. The mean over the mirror image where the card asks for it.
        """
        return np.asarray(self.views(crop, mirror=self.card.flip_average).mean(axis=0), np.float32)

    def views(self, crop: Pixels, *, mirror: bool = True) -> Floats:
        """The same of the crop and of its mirror image, (2, 8); of the crop alone, (1, 8), without `mirror`."""
        views = np.stack([crop, crop[:, ::-1]]) if mirror else crop[None]
        return self.calibrated(self._backend.infer(self._of_stills(views))[0])

    def kept(self, crop: Pixels) -> Floats:
        """What is kept (width,) of the crop, to be read over time; of a network whose card says so."""
        kept: Floats = self._backend.infer(self._of_stills(crop[None]))[1][0]
        return kept

    def moving(self, crops: Pixels) -> Floats:
        """Calibrated probabilities (8,) of one face in its last frames, (frames, size, size), the newest last."""
        taken = self._normal(crops[None])
        if self.card.input.flow:
            taken = np.concatenate([taken[:, -1:], flow(crops[0], crops[-1])[None]], axis=1)
        return np.asarray(self.calibrated(self._backend.infer(taken)[0])[0], np.float32)

    def calibrated(self, logits: Floats) -> Floats:
        """Probabilities (..., 8) of logits (..., classes) of the operating point's output."""
        shares: Floats = np.zeros((*logits.shape[:-1], len(EXPRESSIONS)), np.float32)
        shares[..., self._places] = softmax(logits, self.point.temperature, self.point.shift)
        return shares

    def _of_stills(self, crops: Pixels) -> Floats:
        """Faces (N, size, size), each alone, as the network takes them: (N, channels, size, size)."""
        taken = self.card.input
        faces = self._normal(crops[:, None])
        return without(faces) if taken.flow else np.repeat(faces, taken.frames, axis=1)

    def _normal(self, crops: Pixels) -> Floats:
        normal: Floats = (crops.astype(np.float32) - np.float32(self.card.input.mean)) * np.float32(
            self.card.input.scale
        )
        return normal
