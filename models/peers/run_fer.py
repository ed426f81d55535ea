"""The `fer` package as a worker of a comparison, in an interpreter that has it; as `models.compare.workers` asks.

Imports nothing of ours: that interpreter need not have Mien. The network alone is run, on crops that it is given, with
the package's own preprocessing; its detector takes no part.
"""

import hashlib
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


def memory_mb() -> dict[str, float]:
    """Resident memory of this process, now and at its highest, in MB (10^6 bytes)."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return {key: int(lines[name].split()[0]) * 1024 / 1e6 for key, name in (("resident", "VmRSS"), ("peak", "VmHWM"))}


def about(folder: Path) -> dict[str, Any]:
    """The network's file, and the parameters counted in the same network as Keras keeps it."""
    import h5py  # type: ignore[import-not-found, unused-ignore]

    network = folder / "emotion_model_quantized.tflite"
    counts: list[int] = []

    def count(name: str, part: Any) -> None:
        counts.append(int(getattr(part, "size", 0)))  # groups have none

    with h5py.File(folder / "emotion_model.hdf5", "r") as file:
        file["model_weights"].visititems(count)
    sha256 = hashlib.sha256(network.read_bytes()).hexdigest()
    return {
        "key": sha256,
        "version": version("fer"),
        "runtime": f"tensorflow {version('tensorflow')}",
        "file": network.name,
        "sha256": sha256,
        "bytes": network.stat().st_size,
        "parameters": sum(counts),
    }


def main() -> None:
    import cv2
    import fer.fer  # type: ignore[import-not-found, unused-ignore]

    cv2.setNumThreads(1)
    package = fer.fer.FER(mtcnn=False, use_tflite=True)

    def shares(crops: Any) -> Any:
        return package._classify_emotions((crops.astype(np.float32) / 255.0 - 0.5) * 2.0)

    print(json.dumps(about(Path(fer.__file__).parent / "data")), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any] = {}
        if request["ask"] == "memory":
            answer = memory_mb()
        else:
            crops = np.load(request["crops"])
            if request["ask"] == "shares":
                np.save(request["shares"], np.asarray(shares(crops), np.float32))
            else:
                wall, cpu = time.perf_counter(), time.process_time()
                for i in range(len(crops)):
                    shares(crops[i : i + 1])
                answer = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
