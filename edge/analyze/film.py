"""A video file as an analysis reads it: frames with the file's own time, from any second on.

Decoding takes one thread: an analysis has a process for each core already.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = "100000000"  # as MOST_PIXELS, for images whose headers are not read here

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.analyze.whole import is_cut_jpeg
from edge.capture.files import frame_rate, open_video
from edge.errors import CaptureError

Pixels = NDArray[np.uint8]

MOST_PIXELS: Final = 100_000_000  # of one picture: 300 MB once decoded
MOST_FRAMES: Final = 100_000_000  # that a file may state; beyond it, what it states is no count
LEAST_RATE: Final = 1 / 120  # frames a second: a film of one picture in two minutes is a film
BEFORE_S: Final = 1.0  # from where a stretch is sought, so that its first frame is surely met
REACH_S: Final = 60.0  # further before it than that, seeking is not what it should be


class Film:
    """An open video file. Times are seconds from its beginning."""

    def __init__(self, path: Path) -> None:
        """Raises CaptureError where the file is missing, no video, or its pictures are too large."""
        self.path = path
        self._video = open_video(path, threads=1)
        self.rate = frame_rate(self._video, LEAST_RATE)
        self.width = round(self._video.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.height = round(self._video.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if self.width * self.height > MOST_PIXELS:
            raise CaptureError(too_large(path, self.width, self.height))
        count = self._video.get(cv2.CAP_PROP_FRAME_COUNT)
        self.stated_frames = round(count) if 1 <= count <= MOST_FRAMES else 0
        self._last_s: float | None = None
        self._waiting: float | None = None  # a frame's time that was met while seeking and not given yet
        self.holes: list[tuple[float, float]] = []  # from the last frame before to the first after what is damaged

    @property
    def stated_s(self) -> float:
        """How long the file says it is; 0 where it does not say."""
        return self.stated_frames / self.rate

    def close(self) -> None:
        """Close the file."""
        self._video.release()

    def seek(self, start_s: float) -> bool:
        """Go to just before `start_s`, to give its frames next; False where the file cannot do that."""
        self._waiting = self._last_s = None
        if not self._video.set(cv2.CAP_PROP_POS_MSEC, 1000 * max(0.0, start_s - BEFORE_S)):
            return False
        self._waiting = self._grab()
        return self._waiting is not None and start_s - REACH_S <= self._waiting <= start_s

    def times(self) -> Iterator[float]:
        """The time of each further frame, in order; `picture` gives the one whose time came last."""
        while True:
            at_s, self._waiting = self._waiting, None
            if at_s is None:
                at_s = self._grab()
            if at_s is None:
                at_s = self._beyond_damage()
            if at_s is None:
                return
            yield at_s

    def _beyond_damage(self) -> float | None:
        """Where decoding ended before the file does: the first frame that can be had further on."""
        ended_s, ahead_s = self._last_s, 1.0
        while ended_s is not None and ended_s + ahead_s < self.stated_s - 1.0:
            self._video.set(cv2.CAP_PROP_POS_MSEC, 1000 * (ended_s + ahead_s))
            self._last_s = None
            at_s = self._grab()
            if at_s is not None and at_s > ended_s:
                self.holes.append((ended_s, at_s))
                return at_s
            ahead_s *= 2
        self._last_s = ended_s
        return None

    def picture(self) -> Pixels:
        """The last frame, (H, W, 3) uint8 BGR and upright. Raises CaptureError where it cannot be decoded."""
        ok, image = self._video.retrieve()
        if not ok or image is None:
            raise CaptureError(f"{self.path}: a frame at {self._last_s:.2f} s cannot be decoded; the file is damaged")
        return np.asarray(image, np.uint8)

    def _grab(self) -> float | None:
        if not self._video.grab():
            return None
        at_s = float(self._video.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        if self._last_s is not None and not at_s > self._last_s:
            at_s = self._last_s + 1 / self.rate  # a file without times, or one whose times go back
        self._last_s = max(0.0, at_s)
        return self._last_s


def can_seek(path: Path) -> bool:
    """Whether the frames from the middle of a file on can be had without all those before. Raises CaptureError."""
    film = Film(path)
    try:
        return film.stated_s > 0 and film.seek(film.stated_s / 2)
    finally:
        film.close()


def read_picture(path: Path) -> Pixels:
    """An image file as (H, W, 3) uint8 BGR, upright. Raises CaptureError where it is none, or too large."""
    try:
        with path.open("rb") as file:
            head = file.read(65536)
            width, height = stated_size(head)
            if width * height > MOST_PIXELS:
                raise CaptureError(too_large(path, width, height))
            cut = head[:2] == b"\xff\xd8" and is_cut_jpeg(head + file.read())
    except OSError as error:
        raise CaptureError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}; check the path") from error
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise CaptureError(f"{path}: is no image that can be read; take it out, or save it again as JPEG or PNG")
    if cut:
        raise CaptureError(f"{path}: ends before its picture does; give a whole copy of it")
    return np.asarray(image, np.uint8)


def too_large(path: Path, width: int, height: int) -> str:
    """What is said of a picture of too many pixels."""
    return (
        f"{path}: {width} x {height} are more than {MOST_PIXELS // 1_000_000} megapixels, "
        "more than is safe to decode; give it smaller"
    )


def stated_size(head: bytes) -> tuple[int, int]:
    """Width and height as the first bytes of an image file state them; (0, 0) where they do not or cannot be read."""
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head[:2] == b"BM":
        width, height = (int.from_bytes(head[at : at + 4], "little", signed=True) for at in (18, 22))
        return abs(width), abs(height)
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return _jpeg_size(head) if head[:2] == b"\xff\xd8" else (0, 0)  # other WebP is 16383 pixels wide at most


def _jpeg_size(head: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")
        at += 2 + length
    return 0, 0
