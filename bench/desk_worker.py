"""Our side of bench/desk.py: the desk's path on the frames that it is told, in a process of its own.

Begins with a line of JSON that says what it is. Then, for each line on standard input, the path of a file of raw frames
(640 x 480, BGR), one line of JSON: how many frames, in how many a face was read, wall and CPU time, resident memory.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from bench import clips
from bench.machine import memory_mb
from edge import bundle
from edge.reader import FaceReader
from edge.window import Seconds, summarise

FPS = 15.0  # as a desk captures: more often, a followed face is not read


def run(reader: FaceReader, frames_file: Path) -> dict[str, object]:
    """Every frame once through the path, from the picture to the second's mean; reading the file is not counted."""
    seconds = Seconds()
    times: list[float] = []
    cpu = 0.0
    read = 0
    for image in clips.read_all(frames_file):
        wall_before, cpu_before = time.perf_counter(), time.process_time()
        view = reader.read(image, len(times) / FPS)
        for window in seconds.add(len(times) / FPS, view):
            summarise(window.views, reader.least_sure)
        times.append(time.perf_counter() - wall_before)
        cpu += time.process_time() - cpu_before
        read += view.shares is not None
    p50, p95 = np.percentile(times, [50, 95]) * 1000
    extra = {"p50_ms": float(p50), "p95_ms": float(p95)}
    return {"frames": len(times), "read": read, "wall_s": sum(times), "cpu_s": cpu, "mb": memory_mb(), **extra}


def main() -> None:
    """Answer until standard input ends."""
    cv2.setNumThreads(1)
    about = {
        "name": f"mien ({bundle.load().expression.model})",
        "onnxruntime": onnxruntime.__version__,
        "opencv": cv2.__version__,
    }
    print(json.dumps(about), flush=True)
    reader = FaceReader.from_bundle(bundle.load())
    for line in sys.stdin:
        print(json.dumps(run(reader, Path(line.strip()))), flush=True)


if __name__ == "__main__":
    main()
