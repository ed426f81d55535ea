"""A bundle's model as a worker of a comparison, a process of its own; what is said is in `models.compare.workers`.

python -m models.compare.worker BUNDLE [POINT]
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime

from contract.expressions import EXPRESSIONS
from models.model import Model


def memory_mb() -> dict[str, float]:
    """Resident memory of this process, now and at its highest, in MB (10^6 bytes)."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return {key: int(lines[name].split()[0]) * 1024 / 1e6 for key, name in (("resident", "VmRSS"), ("peak", "VmHWM"))}


def main() -> None:
    """Loads the model, says what it is, and answers each line of standard input."""
    bundle = Path(sys.argv[1])
    model = Model(bundle, *sys.argv[2:])
    card = model.card
    columns = [EXPRESSIONS.index(name) for name in model.point.output.classes]
    taken = card.input
    key = (card.sha256, taken.size, taken.mean, taken.scale, card.flip_average, model.point)
    about = {
        "key": msgspec.json.encode(key).decode(),
        "version": card.version,
        "runtime": f"onnxruntime {onnxruntime.__version__}",
        "file": card.file,
        "sha256": card.sha256,
        "bytes": (bundle / card.file).stat().st_size,
        "parameters": card.network.parameters,
        "multiply_adds": card.network.multiply_adds,
    }
    print(json.dumps(about), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any] = {}
        if request["ask"] == "memory":
            answer = memory_mb()
        else:
            crops = np.load(request["crops"])
            if request["ask"] == "shares":
                np.save(request["shares"], model.shares(crops)[:, columns])
            else:
                wall, cpu = time.perf_counter(), time.process_time()
                for i in range(len(crops)):
                    model.shares(crops[i : i + 1])
                answer = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
