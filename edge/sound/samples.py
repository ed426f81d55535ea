"""Sound as samples: one channel, 16,000 a second, float32 from -1 to 1; read from any file that FFmpeg knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from edge.errors import CaptureError

RATE: Final = 16_000
Samples = NDArray[np.float32]


def read_sound(path: Path) -> Samples:
    """All of a file's first sound track (N,); empty where it has none. Raises CaptureError where it cannot be read."""
    parts = list(decoded(path))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def decoded(path: Path) -> Iterator[Samples]:
    """A file's first sound track, a piece at a time. Raises CaptureError where it cannot be read, or breaks off."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                return
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
            for frame in container.decode(container.streams.audio[0]):
                yield from (_samples(each) for each in resampler.resample(frame))
            yield from (_samples(each) for each in resampler.resample(None))
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error


def _samples(frame: av.AudioFrame) -> Samples:
    samples: Samples = np.asarray(frame.to_ndarray()[0], np.float32)
    return samples


def _unreadable(path: Path, error: Exception) -> CaptureError:
    reason = getattr(error, "strerror", None) or str(error)
    return CaptureError(f"{path}: its sound cannot be read: {reason}; convert it anew, or name another file")
