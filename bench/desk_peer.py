"""The peer's side of bench/desk.py: the `fer` package on the frames that it is told, in an interpreter that has it.

Speaks a line of JSON for each line on standard input; see `bench.desk_worker`. Imports nothing of ours but
`bench.machine`, which needs only Python: the interpreter that has `fer` need not have Mien.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from bench.machine import memory_mb

SHAPE = (480, 640, 3)


def main() -> None:
    """Answer until standard input ends."""
    from fer.fer import FER  # type: ignore[import-not-found, unused-ignore]

    cv2.setNumThreads(1)
    detector = FER(mtcnn=False, use_tflite=True)
    print(json.dumps({"name": f"fer {version('fer')} (tflite, Haar)", "opencv": cv2.__version__}), flush=True)
    for line in sys.stdin:
        wall = cpu = 0.0
        frames = read = 0
        with Path(line.strip()).open("rb") as file:
            while (flat := np.fromfile(file, np.uint8, int(np.prod(SHAPE)))).size:
                image = flat.reshape(SHAPE)
                wall_before, cpu_before = time.perf_counter(), time.process_time()
                found = detector.detect_emotions(image)
                wall += time.perf_counter() - wall_before
                cpu += time.process_time() - cpu_before
                frames += 1
                read += bool(found)
        print(json.dumps({"frames": frames, "read": read, "wall_s": wall, "cpu_s": cpu, "mb": memory_mb()}), flush=True)


if __name__ == "__main__":
    main()
