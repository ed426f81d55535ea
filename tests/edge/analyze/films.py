"""Recordings that the tests of the analysis make, and the analysis as they run it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import msgspec
import pytest

from contract.reading import Reading
from edge.analyze.run import Options, Outcome, analyze
from edge.capture.synthetic import SyntheticClip
from tests.edge.pictures import Pixels

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program makes these files")


def ffmpeg(*arguments: str | Path) -> None:
    """Run the ffmpeg program on one thread."""
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments[:-1]), "-threads", "1", str(arguments[-1])]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def write(path: Path, images: Iterable[Pixels], rate: float = 25.0) -> Path:
    """An MP4 as OpenCV makes it."""
    writer: Any = None
    for image in images:
        if writer is None:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (image.shape[1], image.shape[0]))
            assert writer.isOpened()
        writer.write(image)
    writer.release()
    return path


def synthetic(seconds: Iterable[float], *, whole: bool = False) -> Iterator[Pixels]:
    """Pictures of the synthetic clip, half as large unless they are to be `whole`."""
    clip = SyntheticClip()
    for second in seconds:
        image = clip.picture(second)
        yield image if whole else cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def times(begin: float, end: float, rate: float = 25.0) -> list[float]:
    """The times of the frames of a stretch."""
    return [begin + i / rate for i in range(round((end - begin) * rate))]


def run(out: Path, *inputs: Path, **options: Any) -> Outcome:
    """An analysis in one worker."""
    made = Options(inputs=inputs, out=out, **{"workers": 1, "quiet": True, **options})
    return analyze(made, threading.Event())


def lines(out: Path) -> list[dict[str, Any]]:
    """readings.jsonl."""
    return [msgspec.json.decode(line) for line in (out / "readings.jsonl").read_bytes().splitlines()]


def readings(out: Path) -> list[Reading]:
    """The contract's readings in readings.jsonl; an invalid one raises."""
    own = ("file", "at_s", "label")
    return [msgspec.convert({k: v for k, v in line.items() if k not in own}, Reading) for line in lines(out)]
