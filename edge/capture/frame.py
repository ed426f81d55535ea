"""What a picture is on its way through the desk, and what the capture asks of anything that gives pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source."""

    image: Pixels  # (H, W, 3) uint8 BGR
    stamp_s: float  # monotonic clock, when it came
    index: int  # counted from 0, frames that were left out included


class Source(Protocol):
    """Gives pictures one after the other. One that is no Clip is a camera: it sets the pace, may block and may lie."""

    name: str
    """What errors and logs call it."""

    fps: float
    """Pictures a second; of a camera, what it was asked for."""

    def read(self) -> Pixels | None:
        """The next picture, (H, W, 3) uint8 BGR; None at the end. Raises CaptureError where there is none to be had."""

    def close(self) -> None:
        """Let go of the device or the file."""


@runtime_checkable
class Clip(Source, Protocol):
    """A source that is played."""

    def skip(self) -> bool:
        """Leave out the next picture, more cheaply than reading it; False at the end."""

    def rewind(self) -> None:
        """Begin again. Raises CaptureError where it is gone."""
