"""One way to pictures from any source: the pace of what is played, the wait for a camera, and whether it lies.

A camera is read by a thread of its own that keeps the newest picture alone: a camera may block for ever, and a loop
that falls behind must see what is, not what was. A clip is read in the caller's thread, at its pace or faster.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge.capture.camera import Camera
from edge.capture.files import ImageFolder, VideoFile
from edge.capture.frame import Clip, Frame, Pixels, Source
from edge.capture.synthetic import SyntheticClip
from edge.errors import CaptureError

STALE_S = 2.0  # without a new picture, or with the same pixels, a camera lies
WARM_UP_S = 5.0  # a camera may take so long to its first picture
STOP_S = 0.5
SYNTHETIC = "synthetic"


def open_source(spec: str, *, width: int = 640, height: int = 480, fps: float = 15.0) -> Source:
    """The source that a setting names: "synthetic", a file, a folder, or a camera's number, path or name.

    `width`, `height` and `fps` are asked of a camera; a folder is played at `fps`. Raises CaptureError.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    path = Path(spec)
    if spec == SYNTHETIC:
        return SyntheticClip()
    if path.is_dir():
        return ImageFolder(path, fps)
    if path.is_file() or (path.suffix and not spec.startswith("/dev/")):
        return VideoFile(path)
    return Camera(spec, width, height, fps)


class Capture:
    """Frames of one source, stamped with the monotonic clock."""

    def __init__(self, open_it: Callable[[], Source], *, realtime: bool = True, loop: bool = False) -> None:
        """Open the source. Raises CaptureError.

        `realtime` plays a clip at its pace and leaves out frames that are late; else they come as fast as they are
        read, stamped as if at their pace. `loop` begins a clip again at its end.
        """
        self._open_it = open_it
        self._realtime, self._loop = realtime, loop
        self._index = 0  # of a clip's next picture, counted on through loops
        self.ended = False
        self._pixels: Pixels | None = None
        self._suspect = False  # opened again: not to be believed before its picture changes
        self._start()

    def _start(self) -> None:
        self._source = self._open_it()
        self._clip = self._source if isinstance(self._source, Clip) else None
        self._began = time.monotonic()
        self._lies_from = self._began + WARM_UP_S
        self._reader = None if self._clip is not None else _Reader(self._source)

    @property
    def name(self) -> str:
        """What errors and logs call the source."""
        return self._source.name

    @property
    def is_clip(self) -> bool:
        """Whether the source is played, not a camera."""
        return self._clip is not None

    @property
    def stale(self) -> bool:
        """Whether a camera has given no new picture, or the same pixels again and again, for STALE_S."""
        return self._clip is None and time.monotonic() >= self._lies_from

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; None where none came within `timeout_s`, or at the end (`ended`). Raises CaptureError."""
        if self._reader is None:
            return self._play(timeout_s)
        frame = self._reader.read(timeout_s)
        if frame is not None and self._has_changed(frame):
            self._lies_from = frame.stamp_s + STALE_S
            self._suspect = False
        return None if self._suspect else frame

    def reopen(self) -> None:
        """Close a camera that lies and open it again; it gives no frame until its picture has changed.

        Raises CaptureError where it does not open.
        """
        self.close()
        self._suspect = True
        self._start()

    def close(self) -> None:
        """Let go of the source; of a camera that blocks, only the thread that waits for it."""
        if self._reader is None or self._reader.stop():
            self._source.close()

    def _has_changed(self, frame: Frame) -> bool:
        pixels = frame.image[::4, ::4]
        if self._pixels is not None and np.array_equal(pixels, self._pixels):
            return False
        self._pixels = pixels.copy()
        return True

    def _play(self, timeout_s: float) -> Frame | None:
        assert self._clip is not None
        due = self._began + self._index / self._clip.fps
        if self._realtime:
            wait = due - time.monotonic()
            if wait > timeout_s:
                time.sleep(timeout_s)
                return None
            time.sleep(max(0.0, wait))
        if self._realtime and not self._catch_up(self._clip):
            return None
        image = self._clip.read()
        if image is None:
            self._end(self._clip)
            return None
        self._index += 1
        return Frame(image, time.monotonic() if self._realtime else due, self._index - 1)

    def _catch_up(self, clip: Clip) -> bool:
        """Leave out the frames whose time is past; False where that came to the end."""
        while time.monotonic() - self._began >= (self._index + 1) / clip.fps:
            if not clip.skip():
                self._end(clip)
                return False
            self._index += 1
        return True

    def _end(self, clip: Clip) -> None:
        if self._loop:
            clip.rewind()
        else:
            self.ended = True


class _Reader:
    """The thread that waits for a camera and keeps its newest picture."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._new = threading.Condition()
        self._frame: Frame | None = None
        self._error: CaptureError | None = None
        self._stopped = False
        # A daemon: a camera that blocks for ever must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        """The newest picture that was not read yet; None where none came. Raises what ended the thread."""
        with self._new:
            self._new.wait_for(lambda: self._frame is not None or self._error is not None, timeout_s)
            if self._error is not None:
                raise self._error
            frame, self._frame = self._frame, None
            return frame

    def stop(self) -> bool:
        """Ask the thread to end and wait a little; False where it is blocked: its camera must not be touched then."""
        self._stopped = True
        self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        index = 0
        while not self._stopped:
            try:
                image = self._source.read()
            except CaptureError as error:
                self._put(None, error)
                return
            if image is None:
                self._put(None, CaptureError(f"{self._source.name}: gives no pictures any more; check its cable"))
                return
            self._put(Frame(image, time.monotonic(), index), None)
            index += 1

    def _put(self, frame: Frame | None, error: CaptureError | None) -> None:
        with self._new:
            if not self._stopped:
                self._frame, self._error = frame or self._frame, error
            self._new.notify()
