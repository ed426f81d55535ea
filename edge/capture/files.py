"""Video files and folders of images as sources."""

from __future__ import annotations

import os
from pathlib import Path

# FFmpeg inside OpenCV writes its own lines on standard error; what is wrong with a file is said once, by us.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2

from edge.capture.frame import Pixels
from edge.errors import CaptureError

IMAGES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
UNKNOWN_FPS = 25.0  # where a file does not say


class VideoFile:
    """A video file as a Source."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises CaptureError where it is missing or no video."""
        self.name = str(path)
        self._path = path
        self._open()
        rate = float(self._video.get(cv2.CAP_PROP_FPS))
        self.fps = rate if 0.5 <= rate <= 240 else UNKNOWN_FPS
        if not self.skip():
            raise CaptureError(f"{path}: has no picture in it; give another file")
        self.rewind()

    def _open(self) -> None:
        if not os.access(self._path, os.R_OK):
            raise CaptureError(f"{self._path}: there is no such file, or it may not be read; check the path")
        self._video = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not self._video.isOpened():
            raise CaptureError(f"{self._path}: is no video that can be read; give an MP4, MOV, AVI or GIF file")

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
        self._open()

    def close(self) -> None:
        """Close the file."""
        self._video.release()


class ImageFolder:
    """The images of a folder by name, as a Source."""

    def __init__(self, folder: Path, fps: float) -> None:
        """List them; `fps` is the pace at which they are played. Raises CaptureError where there is none."""
        self.name = str(folder)
        self.fps = fps
        self._paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGES)
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
