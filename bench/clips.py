"""The frames that sides see, 640 x 480 BGR, as raw pixels: the synthetic clip, and the woman's with MIEN_DATA."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.capture.files import VideoFile
from edge.capture.frame import Clip
from edge.capture.synthetic import SyntheticClip

WIDTH: Final = 640
HEIGHT: Final = 480
SHAPE: Final = (HEIGHT, WIDTH, 3)
NO_DATA: Final = "MIEN_DATA is not set"


def woman() -> Path | None:
    """The woman's clip, where MIEN_DATA says that the data are there."""
    data = os.environ.get("MIEN_DATA")
    return Path(data) / "video" / "WolfgangLanger_Pexels.mp4" if data else None


def write_all(folder: Path, count: int) -> dict[str, Path]:
    """Each clip by name, its first `count` frames in a file; the woman's only where MIEN_DATA is set."""
    files = {"synthetic": _write(folder / "synthetic.raw", SyntheticClip(), count)}
    clip = woman()
    if clip is not None:
        files["woman"] = _write(folder / "woman.raw", VideoFile(clip), count)
    return files


def read_all(path: Path) -> Iterator[NDArray[np.uint8]]:
    """The frames of such a file."""
    with path.open("rb") as file:
        while (flat := np.fromfile(file, np.uint8, int(np.prod(SHAPE)))).size:
            yield flat.reshape(SHAPE)


def frames(clip: Clip, count: int) -> Iterator[NDArray[np.uint8]]:
    """The first `count` frames of a clip, scaled to 480 rows and cut to 640 columns."""
    for _ in range(count):
        image = clip.read()
        if image is None:
            return
        scale = HEIGHT / image.shape[0]
        large = cv2.resize(image, (max(WIDTH, round(image.shape[1] * scale)), HEIGHT))
        left = (large.shape[1] - WIDTH) // 2
        yield np.ascontiguousarray(large[:, left : left + WIDTH])


def _write(path: Path, clip: Clip, count: int) -> Path:
    with path.open("wb") as file:
        for image in frames(clip, count):
            file.write(image.tobytes())
    return path
