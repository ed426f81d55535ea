"""The desk's path beside the `fer` package on the same frames in one run: frames a second, CPU time, memory.

    python -m bench.desk --peer-python /path/to/a/python/with/fer [--rounds 5] [--frames 250]

`pip install 'fer==25.10.*'` brings several gigabytes, so it goes into an environment of its own. Both sides are
processes of their own on one and the same core, with one thread; they take turns on the same frames, 640 x 480 with one
face. The clips are the synthetic one and, where MIEN_DATA is set, the woman's (scaled to 480 rows, cut to 640 columns).
Ratios are of medians over the rounds: by the clock, and by CPU time, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.capture.files import VideoFile
from edge.capture.frame import Clip
from edge.capture.synthetic import SyntheticClip

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "bench" / "results" / "desk.json"
WIDTH: Final = 640
HEIGHT: Final = 480
MUST_TIMES: Final = 12.0
REACH_TIMES: Final = 20.0
MUST_MB: Final = 150.0
ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)


class Side:
    """One side of the comparison: a process that measures when told."""

    def __init__(self, command: list[str], core: int) -> None:
        """Start it on one core."""
        environment = {**os.environ, **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self.about = self._answer()

    def measure(self, frames: Path) -> dict[str, Any]:
        """One pass over a file of frames."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{frames}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # libraries write lines of their own
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise SystemExit(f"bench/desk: {' '.join(map(str, self._process.args))} ended; run it by hand to see why")  # type: ignore[arg-type]


@dataclass(frozen=True)
class Clips:
    """The frames that both sides see, as files of raw pixels."""

    folder: Path
    count: int

    def write(self) -> dict[str, Path]:
        """Each clip by name; the woman's only where MIEN_DATA is set."""
        files = {"synthetic": self._write("synthetic", SyntheticClip())}
        data = os.environ.get("MIEN_DATA")
        if data:
            clip = Path(data) / "video" / "WolfgangLanger_Pexels.mp4"
            files["woman"] = self._write("woman", VideoFile(clip))
        return files

    def _write(self, name: str, clip: Clip) -> Path:
        path = self.folder / f"{name}.raw"
        with path.open("wb") as file:
            for image in self._frames(clip):
                file.write(np.ascontiguousarray(image).tobytes())
        return path

    def _frames(self, clip: Clip) -> Iterator[NDArray[np.uint8]]:
        for _ in range(self.count):
            image = clip.read()
            if image is None:
                return
            scale = HEIGHT / image.shape[0]
            large = cv2.resize(image, (max(WIDTH, round(image.shape[1] * scale)), HEIGHT))
            left = (large.shape[1] - WIDTH) // 2
            yield large[:, left : left + WIDTH]


def machine() -> dict[str, Any]:
    """What this was measured on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def summarise(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds of one side on one clip."""
    result: dict[str, Any] = {"frames": rounds[0]["frames"], "read": rounds[0]["read"]}
    for key in ("wall", "cpu"):
        result[f"{key}_ms"] = statistics.median(1000 * r[f"{key}_s"] / r["frames"] for r in rounds)
    for key in ("p50_ms", "p95_ms"):
        if key in rounds[0]:
            result[key] = statistics.median(r[key] for r in rounds)
    result["frames_per_second"] = 1000 / result["wall_ms"]
    result["peak_mb"] = max(r["mb"]["peak"] for r in rounds)
    return {key: round(value, 3) for key, value in result.items()}


def compare(ours: Side, peer: Side | None, clips: dict[str, Path], rounds: int) -> dict[str, Any]:
    """Every clip, the sides by turns."""
    results: dict[str, Any] = {}
    for name, path in clips.items():
        passes: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
        for number in range(rounds):
            passes["ours"].append(ours.measure(path))
            if peer is not None:
                passes["peer"].append(peer.measure(path))
            print(f"{name}: round {number + 1} of {rounds}", file=sys.stderr)
        results[name] = {side: summarise(found) for side, found in passes.items() if found}
        if peer is not None:
            mine, other = results[name]["ours"], results[name]["peer"]
            results[name]["times_by_clock"] = round(other["wall_ms"] / mine["wall_ms"], 2)
            results[name]["times_by_cpu"] = round(other["cpu_ms"] / mine["cpu_ms"], 2)
    return results


def show(results: dict[str, Any]) -> bool:
    """Print the results; whether they reach what they must."""
    good = True
    for name, clip in results.items():
        for side in ("ours", "peer"):
            if side in clip:
                s = clip[side]
                print(
                    f"{name:10} {side}: {s['wall_ms']:7.2f} ms a frame ({s['cpu_ms']:.2f} CPU), "
                    f"{s['frames_per_second']:6.1f} frames/s, face in {s['read']} of {s['frames']}, "
                    f"peak {s['peak_mb']:.0f} MB"
                )
        good &= clip["ours"]["peak_mb"] < MUST_MB
        if "peer" in clip:
            times = clip["times_by_clock"]
            good &= times >= MUST_TIMES
            print(f"{name:10} {times:.1f} times its frames a second ({clip['times_by_cpu']:.1f} by CPU time)")
    return good


def has_fer(python: str) -> bool:
    """Whether an interpreter can import the peer."""
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('fer') is None)"
    return subprocess.run([python, "-c", look], capture_output=True, check=False).returncode == 0


def main() -> int:
    """Measure, print, and keep the result; 0 where it reaches what it must."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", default=sys.executable, help="an interpreter that has fer (default: this one)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=250, help="of each clip (default: %(default)s)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="where both run")
    options = parser.parse_args()
    ours = Side([sys.executable, "-m", "bench.desk_worker"], options.core)
    peer = None
    if has_fer(options.peer_python):
        peer = Side([options.peer_python, str(ROOT / "bench" / "desk_peer.py")], options.core)
    else:
        print("fer is not installed here: no comparison; see --help", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        clips = Clips(Path(folder), options.frames).write()
        results = compare(ours, peer, clips, options.rounds)
    sides = {"ours": ours.about, **({"peer": peer.about} if peer else {})}
    good = show(results)
    if peer is not None:
        RESULTS.parent.mkdir(exist_ok=True)
        limits = {"must_times": MUST_TIMES, "reach_times": REACH_TIMES, "must_mb": MUST_MB}
        whole = {"machine": machine(), "sides": sides, "limits": limits, "rounds": options.rounds, "clips": results}
        RESULTS.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    for side in (ours, peer):
        if side is not None:
            side.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
