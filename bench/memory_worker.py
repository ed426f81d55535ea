"""The desk's path of bench/memory.py, in a process of its own: `python -m bench.memory_worker FRAMES FOLDER`.

For each line on standard input, a number of frames, it goes on until it has done so many, and answers with a line of
JSON: frames, CPU seconds, resident memory.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import clips
from bench.machine import memory_mb
from edge import bundle
from edge.capture import Capture
from edge.settings import Box, Settings, Store
from edge.sight import Sight
from edge.store import prepare
from edge.vision import Vision
from edge.writer import Writer

FPS: Final = 25.0
EMPTY: Final = 13
KEEP_BYTES: Final = 2_000_000  # little, so that letting go of old rows is part of the path soon
SETTLE_S: Final = 0.3  # the writer's thread takes what is left


class Again:
    """A clip without end: the frames of a file, and half a second of an empty wall. Sets `stop` when told.

    It reads each frame anew, as a camera would bring it: kept ones would be most of what the process holds.
    """

    name = "again"
    fps = FPS

    def __init__(self, path: Path) -> None:
        """The frames of a file of raw pixels."""
        self._images = self._play(path)
        self.frames = self.until = 0
        self.stop = threading.Event()

    def read(self) -> NDArray[np.uint8]:
        """The next picture; the last one that was asked for sets `stop`."""
        self.frames += 1
        if self.frames >= self.until:
            self.stop.set()
        return next(self._images)

    def skip(self) -> bool:
        """Leave out the next picture."""
        next(self._images)
        return True

    def rewind(self) -> None:
        """It has no end."""

    def close(self) -> None:
        """Nothing is held open."""

    def _play(self, path: Path) -> Iterator[NDArray[np.uint8]]:
        wall = np.full(clips.SHAPE, 120, np.uint8)
        wall[::8] = 140  # with some contrast: a plain one would be a covered lens
        while True:
            yield from clips.read_all(path)
            yield from repeat(wall, EMPTY)

    def go_on(self, until: int) -> threading.Event:
        """Let it give frames up to this number; the event that ends them."""
        self.until = until
        self.stop.clear()
        return self.stop


def main() -> None:
    """Answer until standard input ends."""
    cv2.setNumThreads(1)
    loaded = bundle.load()
    store = Store(path=str(Path(sys.argv[2]) / "desk.db"), keep_bytes=KEEP_BYTES)
    settings = Settings(box=Box(id="box-1"), store=store)
    prepare(store)
    again, writer = Again(Path(sys.argv[1])), Writer(store, settings.policy)
    capture = Capture(lambda: again, realtime=False)
    vision = Vision(settings, capture, Sight.of(loaded, settings), writer, loaded.expression.model)
    print(json.dumps({"name": loaded.expression.model}), flush=True)
    for line in sys.stdin:
        vision.run(again.go_on(int(line)))
        time.sleep(SETTLE_S)
        told: dict[str, Any] = {"frames": again.frames, "cpu_s": time.process_time(), "mb": memory_mb()}
        print(json.dumps(told), flush=True)
    writer.close()


if __name__ == "__main__":
    main()
