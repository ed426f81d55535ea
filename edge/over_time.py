"""A followed face read over time: its last frames, or what is kept of them, and what they say together.

A ring is read whole with each new frame: shapes are fixed, no network has a state, and frames that were lost only leave
the others older. It lives in this process alone, as long as its face is followed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle, OverTimeCard
from edge.errors import ModelError
from edge.recognise import Recogniser
from edge.runtime.backend import Backend, Runtime
from edge.runtime.onnx import ON_PROCESSOR

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

FORGET_S: Final = 2.0  # a gap after which nothing that was seen before speaks for what is seen now
BESIDE: Final = 2  # columns of a ring beside what is kept of a frame: its age in seconds, and 1 where there is one


@dataclass
class _Ring:
    """A face's last frames, or what is kept of them, each with when it was seen; the newest last."""

    frames: deque[tuple[float, NDArray[Any]]] = field(default_factory=deque)

    def add(self, at_s: float, kept: NDArray[Any], length: int) -> None:
        if self.frames and not 0 <= at_s - self.frames[-1][0] <= FORGET_S:
            self.frames.clear()
        self.frames.append((at_s, kept))
        while len(self.frames) > length:
            self.frames.popleft()

    def rows(self, length: int, width: int) -> Floats:
        """As the network takes it: (1, 1, length, width + BESIDE), rows of zeros before the first frame."""
        ring: Floats = np.zeros((length, width + BESIDE), np.float32)
        now_s = self.frames[-1][0]
        for row, (at_s, kept) in zip(ring[length - len(self.frames) :], self.frames, strict=True):
            row[:width], row[width], row[width + 1] = kept, now_s - at_s, 1.0
        return ring[None, None]

    def crops(self, length: int) -> Pixels:
        """Crops (length, size, size); before the first one stands that."""
        crops = [kept for _, kept in self.frames]
        return np.stack([*crops[:1] * (length - len(crops)), *crops])


class _Rings:
    """The rings of all faces that are followed, by their tracks."""

    def __init__(self) -> None:
        self._rings: dict[int, _Ring] = {}

    def add(self, track: int, at_s: float, kept: NDArray[Any], length: int) -> _Ring:
        """The ring of a face with this in it, its last `length` at most."""
        self.forget(at_s)
        ring = self._rings.setdefault(track, _Ring())
        ring.add(at_s, kept, length)
        return ring

    def forget(self, at_s: float) -> None:
        """Let go the rings of faces that were last seen FORGET_S before `at_s`."""
        self._rings = {each: ring for each, ring in self._rings.items() if at_s - ring.frames[-1][0] <= FORGET_S}

    def __len__(self) -> int:
        """How many faces are remembered."""
        return len(self._rings)


class OverTime(_Rings):
    """Reads faces by what is kept of their frames; in the place of `edge.views.Views`.

    A frame goes through the expression network once. What that keeps of it joins the face's ring, which a second
    network, far smaller, reads.
    """

    def __init__(self, recogniser: Recogniser, backend: Backend, card: OverTimeCard) -> None:
        """`backend` runs the card's network. Raises ModelError where that does not give what its card says."""
        super().__init__()
        self._recogniser, self._backend, self._card = recogniser, backend, card
        blank: Floats = np.zeros((1, 1, card.length, card.width + BESIDE), np.float32)
        found, wanted = backend.infer(blank)[0].shape[-1], len(recogniser.point.output.classes)
        if found != wanted:
            raise ModelError(
                f"{card.file}: gives {found} values for the {wanted} classes on its card; reinstall the bundle"
            )

    def shares(self, crop: Pixels, track: int, at_s: float | None) -> Floats:
        """Calibrated probabilities (8,) of the face that `track` follows, seen at `at_s`, no earlier than the last.

        A picture that stands for itself (`at_s` is None) is read alone.
        """
        if at_s is None:
            return self._recogniser.shares(crop)
        kept = self._recogniser.kept(crop)
        ring = self.add(track, at_s, kept, self._card.length)
        [logits] = self._backend.infer(ring.rows(self._card.length, self._card.width))[0]
        return self._recogniser.calibrated(logits)


class Moving(_Rings):
    """Reads faces by their last frames themselves, which the expression network takes at once; in the same place."""

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self._recogniser, self._length = recogniser, recogniser.card.input.frames

    def shares(self, crop: Pixels, track: int, at_s: float | None) -> Floats:
        """As `OverTime.shares`."""
        if at_s is None:
            return self._recogniser.shares(crop)
        return self._recogniser.moving(self.add(track, at_s, crop, self._length).crops(self._length))


def of_bundle(bundle: Bundle, recogniser: Recogniser, runtime: Runtime = ON_PROCESSOR) -> OverTime | Moving | None:
    """What reads a bundle's faces over time; None of one that reads each frame for itself. Raises ModelError."""
    if bundle.expression.over_time is not None:
        return OverTime(recogniser, runtime.load(bundle.over_time_file()), bundle.expression.over_time)
    return Moving(recogniser) if bundle.expression.input.frames > 1 else None
