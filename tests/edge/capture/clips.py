"""Clips and folders of images that the tests write for themselves, and a camera that does as it is told."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import CaptureError

Pixels = NDArray[np.uint8]


def grey(value: int, width: int = 64, height: int = 48) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


def write_clip(path: Path, count: int, fps: float = 25.0) -> Path:
    """A video whose frame i is grey 4 i."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    assert writer.isOpened()
    for i in range(count):
        writer.write(grey(4 * i))
    writer.release()
    return path


class StagedCamera:
    """A camera for the real Capture to open: gives pictures, freezes, blocks or dies when told."""

    name = "camera staged"
    fps = 100.0

    def __init__(self) -> None:
        self.frozen = False
        self.dead = False
        self.closed = False
        self.let_go = threading.Event()  # a cleared one blocks the next read
        self.let_go.set()
        self.count = 0

    def read(self) -> Pixels | None:
        time.sleep(0.01)
        self.let_go.wait()
        if self.dead:
            raise CaptureError(f"{self.name}: gives no pictures any more; check its cable")
        if not self.frozen:
            self.count += 1
        return grey(self.count % 256)

    def close(self) -> None:
        self.closed = True
