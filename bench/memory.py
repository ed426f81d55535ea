"""What the desk's path holds after many frames: resident memory early and at the end; a leak shows as growth.

The path is a desk's from frame to outbox: find and follow, crop, look whether it can be read, read it, sum up seconds,
write them by the writer's thread. Frames are the first ten seconds of the synthetic clip again and again, with half a
second of an empty wall between, so that the face is lost and found. Nothing waits for a camera: the clock is the
frames' own. "Early" is after 50,000 frames, or after a quarter where there are fewer than 200,000.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from bench import clips
from bench.figures import Found, Given, Measured
from bench.side import Side

SHOWN: Final = 250
EARLY: Final = 50_000
MARKS: Final = 20


def measure(given: Given) -> Found:
    """The growth between early and the end, and what a frame cost."""
    early = min(EARLY, max(1, given.count // 4))
    marks: list[dict[str, Any]] = []
    frames = clips.write_all(given.folder, SHOWN)["synthetic"]
    with Side([sys.executable, "-m", "bench.memory_worker", str(frames), str(given.folder)]) as path:
        for until in _marks(early, given.count):
            marks.append(path.ask(str(until)))
            print(f"  {until:,} frames: {marks[-1]['mb']['now']:.1f} MB", file=sys.stderr)
    first, last = next(mark for mark in marks if mark["frames"] == early), marks[-1]
    values = {
        "growth": Measured(round(last["mb"]["now"] - first["mb"]["now"], 2)),
        "resident at the end": Measured(last["mb"]["now"]),
        "CPU a frame": Measured(1000 * last["cpu_s"] / last["frames"]),
    }
    return Found(values=values, details={"early_frames": early, "marks": marks})


def _marks(early: int, count: int) -> list[int]:
    """After how many frames to look: early, at the end, and evenly between."""
    return sorted({early, count, *(count * i // MARKS for i in range(1, MARKS))} - {0})
