"""Recorded video by `mien-desk analyze`: how many times faster than it was recorded, and whether its memory is flat.

The recording is an hour of H.264, 640x480 at 25 frames a second: a minute of the synthetic clip (or the woman's whole
clip) encoded once and repeated by ffmpeg without encoding again. Memory is that of the command and its workers
together, once a second; "from minute 5 on" is the median around the last of the sixtieths of the run less that around
the fifth. Beside it, how fast OpenCV decodes the same recording on one core and does nothing with it.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec

from bench import clips
from bench.errors import BenchError, CannotMeasure
from bench.figures import Found, Given, Measured
from bench.machine import tree_mb
from bench.side import ROOT
from edge.analyze.results import Summary
from edge.capture.files import VideoFile
from edge.capture.frame import Clip
from edge.capture.synthetic import SyntheticClip

FPS: Final = 25
BASE_FRAMES: Final = 60 * FPS
LOOK_S: Final = 1.0
LONGEST_S: Final = 3 * 3600.0
DECODED_S: Final = 60


def measure(given: Given) -> Found:
    """The synthetic clip, repeated. Raises CannotMeasure without ffmpeg."""
    return _measure(SyntheticClip(), given)


def measure_woman(given: Given) -> Found:
    """The woman's clip, repeated. Raises CannotMeasure without ffmpeg or MIEN_DATA."""
    path = clips.woman()
    if path is None:
        raise CannotMeasure(clips.NO_DATA)
    return _measure(VideoFile(path), given)


def _measure(clip: Clip, given: Given) -> Found:
    file = given.folder / "recording.mp4"
    make(clip, file, given.count)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, samples = _analyze(file, given.folder / "out")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    summary = msgspec.json.decode((given.folder / "out" / "summary.json").read_bytes(), type=Summary)
    wanted = given.count * FPS
    if abs(summary.all.frames - wanted) > FPS:
        raise BenchError(f"analyze: looked at {summary.all.frames} frames of {wanted}; look into its summary.json")
    early, late = _around(samples, 5), _around(samples, 59)
    values = {
        "times real time": Measured(given.count / seconds, _decoding(file)),
        "CPU a frame": Measured(1000 * cpu_s / wanted),
        "memory from minute 5 on": Measured(round(late - early, 2)),
        "memory": Measured(max(samples)),
    }
    details: dict[str, Any] = {"seconds_of_video": given.count, "seconds_taken": round(seconds, 1)}
    details |= {"frames": summary.all.frames, "faces": summary.all.faces}
    details["mb_each_sixtieth"] = [round(_around(samples, minute), 1) for minute in range(60)]
    return Found(values=values, details=details)


def make(clip: Clip, path: Path, seconds: int) -> None:
    """Write a recording of so many seconds. Raises CannotMeasure without ffmpeg, BenchError where it fails."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise CannotMeasure("no ffmpeg on this machine: install it")
    base = path.with_name("base.mp4")
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{clips.WIDTH}x{clips.HEIGHT}", "-r", str(FPS), "-i", "-"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", str(base)]
    quiet = [program, "-loglevel", "error", "-y"]
    with subprocess.Popen([*quiet, *raw, *coded], stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for image in clips.frames(clip, BASE_FRAMES):
            encoder.stdin.write(image.tobytes())
    again = ["-stream_loop", "-1", "-i", str(base), "-t", str(seconds), "-c", "copy", str(path)]
    if encoder.returncode or subprocess.run([*quiet, *again], check=False).returncode:
        raise BenchError("ffmpeg: cannot write the recording; see its line above")


def _analyze(file: Path, out: Path) -> tuple[float, list[float]]:
    """Seconds that the command took, and its memory in MB, a sample a second."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "edge.main", "analyze", str(file), "--out", str(out), "--quiet"]
    running = subprocess.Popen(command, cwd=ROOT)
    samples: list[float] = []
    while running.poll() is None and time.perf_counter() - begun < LONGEST_S:
        time.sleep(LOOK_S)
        if found := tree_mb(running.pid):
            samples.append(found)
        if len(samples) % 30 == 0 and samples:
            print(f"  {time.perf_counter() - begun:.0f} s: {samples[-1]:.0f} MB", file=sys.stderr)
    seconds = time.perf_counter() - begun
    if running.poll() != 0 or not samples:
        running.kill()
        raise BenchError(f"analyze: ended with {running.wait()} after {seconds:.0f} s; run it by hand to see why")
    return seconds, samples


def _around(samples: list[float], minute: int) -> float:
    """The median of the samples in one of the sixtieths of the run."""
    first = len(samples) * minute // 60
    return statistics.median(samples[first : max(first + 1, len(samples) * (minute + 1) // 60)])


def _decoding(file: Path) -> float:
    """How many times faster than recorded OpenCV decodes the beginning of a recording on one thread."""
    cv2.setNumThreads(1)
    video = cv2.VideoCapture(str(file), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    begun, count = time.perf_counter(), 0
    while count < DECODED_S * FPS and video.read()[0]:
        count += 1
    spent = time.perf_counter() - begun
    video.release()
    return count / FPS / spent
