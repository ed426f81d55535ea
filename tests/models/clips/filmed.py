"""Tiny videos and folders of frames, laid out as data sets are; and clips without a file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.clips.clips import Clip, Clips, clips_of
from models.data import Bytes
from models.prepared import Source
from tests.models.sources.drawn import drawn


def film(path: Path, seed: int, frames: int = 5, rate: float = 5.0) -> Path:
    """A video of face pictures of 48x48 that hardly change, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (48, 48))
    for _ in range(frames):
        writer.write(cv2.cvtColor(drawn(seed), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def halves(seed: int, label: int) -> Bytes:
    """A face picture (48, 48) of noise: bright above for label 1, below for label 2."""
    image = np.random.default_rng(seed).integers(0, 100, (48, 48), dtype=np.uint8)
    image[slice(0, 24) if label == 1 else slice(24, 48)] += 120
    return image


def two_kinds(count: int, people: int = 4, frames: int = 3) -> Clips:
    """Clips of labels 1 and 2 by turns, each of a person, whose frames tell the label."""
    found = [
        Clip(
            np.stack([halves(10 * row + at, 1 + row % 2) for at in range(frames)]),
            np.arange(frames, dtype=np.float32) / np.float32(10),
            1 + row % 2,
            f"p{row // 2 % people}",
        )
        for row in range(count)
    ]
    return clips_of(found, Source("made", "made", "none", 0))
