"""Video files and folders of images as sources."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

# FFmpeg inside OpenCV writes its own lines on standard error; what is wrong with a file is said once, by us.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2

from edge.capture.frame import Pixels
from edge.errors import CaptureError

IMAGES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
UNKNOWN_FPS = 25.0  # where a file does not say


def by_number(path: Path) -> list[str | int]:
    """A key that sorts files by name, numbers in them by value: frame2 before frame10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)]


def open_video(path: Path, *, threads: int = 0) -> Any:
    """A cv2.VideoCapture of a file, upright as its rotation says. Raises CaptureError where it is missing or no video.

    `threads` decode it, 0 for as many as FFmpeg likes.
    """
    if not os.access(path, os.R_OK):
        raise CaptureError(f"{path}: there is no such file, or it may not be read; check the path")
    # OpenCV before 4.7 cannot be told; it takes a thread a core.
    asked = [cv2.CAP_PROP_N_THREADS, threads] if threads and hasattr(cv2, "CAP_PROP_N_THREADS") else []
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, asked)
    if not video.isOpened():
        raise CaptureError(f"{path}: is no video that can be read; give an MP4, MOV, AVI or GIF file")
    video.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return video


def frame_rate(video: Any, least: float = 0.5) -> float:
    """Frames a second as an opened video states them, UNKNOWN_FPS where that is under `least` or cannot be."""
    rate = float(video.get(cv2.CAP_PROP_FPS))
    return rate if least <= rate <= 240 else UNKNOWN_FPS


class VideoFile:
    """A video file as a Source."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises CaptureError where it is missing or no video."""
        self.name = str(path)
        self._path = path
        self._video = open_video(path)
        self.fps = frame_rate(self._video)
        if not self.skip():
            raise CaptureError(f"{path}: has no picture in it; give another file")
        self.rewind()

    def read(self) -> Pixels | None:
        """The next picture; None at the end."""
        ok, image = self._video.read()
        if not ok or image is None:
            return None
        picture: Pixels = image
        return picture

    def skip(self) -> bool:
        """Leave out the next picture."""
        return bool(self._video.grab())

    def rewind(self) -> None:
        """Begin again. Raises CaptureError where the file is gone."""
        self.close()
        self._video = open_video(self._path)

    def close(self) -> None:
        """Close the file."""
        self._video.release()


class ImageFolder:
    """The images of a folder by name, as a Source."""

    def __init__(self, folder: Path, fps: float) -> None:
        """List them; `fps` is the pace at which they are played. Raises CaptureError where there is none."""
        self.name = str(folder)
        self.fps = fps
        self._paths = sorted((path for path in folder.iterdir() if path.suffix.lower() in IMAGES), key=by_number)
        self._next = 0
        if not self._paths:
            raise CaptureError(f"{folder}: has no image in it; put files there that end in {', '.join(sorted(IMAGES))}")

    def read(self) -> Pixels | None:
        """The next picture; None at the end. Raises CaptureError where a file is no image."""
        if self._next >= len(self._paths):
            return None
        path = self._paths[self._next]
        self._next += 1
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise CaptureError(f"{path}: is no image that can be read; take it out of the folder")
        picture: Pixels = image
        return picture

    def skip(self) -> bool:
        """Leave out the next picture."""
        self._next += 1
        return self._next <= len(self._paths)

    def rewind(self) -> None:
        """Begin again."""
        self._next = 0

    def close(self) -> None:
        """Nothing is held open."""
