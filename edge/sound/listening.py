"""One way to sound from any source: the pace of what is played, the wait for a microphone, and seconds of it.

A microphone is read by a thread of its own, since it may block for ever. What was not read for a while is let go: a
desk that falls behind must hear what is, not what was.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edge.errors import CaptureError
from edge.sound.samples import RATE, Samples
from edge.sound.sources import Microphone, SoundFile, Source

STALE_S: Final = 2.0  # without a block, a microphone is dead
WARM_UP_S: Final = 5.0  # it may take so long to its first
STOP_S: Final = 0.5
MOST_WAITING: Final = 50  # blocks
ASTRAY_S: Final = 0.5  # samples and clock may part that far before seconds begin anew


@dataclass(frozen=True, eq=False)
class Block:
    """Some samples, and the monotonic clock when the last of them came."""

    samples: Samples
    stamp_s: float


def open_sound(spec: str) -> Source:
    """The source that a setting names: a file, or a part of a microphone's name. Raises CaptureError."""
    path = Path(spec)
    return SoundFile(path) if path.is_file() or path.suffix else Microphone(spec)


class Listening:
    """Blocks of one source."""

    def __init__(self, open_it: Callable[[], Source], *, loop: bool = False) -> None:
        """Open it; `loop` begins a file again at its end. Raises CaptureError."""
        self._open_it, self._loop = open_it, loop
        self.ended = False
        self._start()

    def _start(self) -> None:
        self._source = self._open_it()
        self._played: int | None = 0 if isinstance(self._source, SoundFile) else None
        self._began = time.monotonic()
        self._dead_from = self._began + WARM_UP_S
        self._reader = None if self._played is not None else _Reader(self._source)

    @property
    def name(self) -> str:
        """What errors and logs call the source."""
        return self._source.name

    @property
    def is_file(self) -> bool:
        """Whether the source is played, not a microphone."""
        return self._played is not None

    @property
    def stale(self) -> bool:
        """Whether a microphone has given nothing for STALE_S."""
        return self._reader is not None and time.monotonic() >= self._dead_from

    def read(self, timeout_s: float) -> Block | None:
        """The next block; None where none came within `timeout_s`, or at the end (`ended`). Raises CaptureError."""
        if self._reader is None:
            return self._play(timeout_s)
        block = self._reader.read(timeout_s)
        if block is not None:
            self._dead_from = block.stamp_s + STALE_S
        return block

    def reopen(self) -> None:
        """Close it and open it again. Raises CaptureError where it does not open."""
        self.close()
        self._start()

    def close(self) -> None:
        """Let go of the source; of a microphone that blocks, only the thread that waits for it."""
        if self._reader is None or self._reader.stop():
            self._source.close()

    def _play(self, timeout_s: float) -> Block | None:
        """A file at its pace: a block when its last sample would have come."""
        assert self._played is not None
        wait = self._began + self._played / RATE - time.monotonic()
        if wait > timeout_s:
            time.sleep(timeout_s)
            return None
        time.sleep(max(0.0, wait))
        samples = self._source.read()
        if samples is None:
            if self._loop:
                self._source.close()
                self._source = self._open_it()
            else:
                self.ended = True
            return None
        self._played += len(samples)
        return Block(samples, self._began + self._played / RATE)


class _Reader:
    """The thread that waits for a microphone."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._new = threading.Condition()
        self._blocks: deque[Block] = deque(maxlen=MOST_WAITING)
        self._error: CaptureError | None = None
        self._stopped = False
        # A daemon: a microphone that blocks for ever must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Block | None:
        """The oldest block that waits; None where none came. Raises what ended the thread."""
        with self._new:
            self._new.wait_for(lambda: self._blocks or self._error is not None, timeout_s)
            if self._blocks:
                return self._blocks.popleft()
            if self._error is not None:
                raise self._error
            return None

    def stop(self) -> bool:
        """Ask the thread to end and wait a little; False where it is blocked: its source must not be touched then."""
        self._stopped = True
        self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopped:
            try:
                samples = self._source.read()
                if samples is None:
                    raise CaptureError(f"{self._source.name}: gives no sound any more; check its cable")
            except CaptureError as error:
                self._put(None, error)
                return
            self._put(Block(samples, time.monotonic()), None)

    def _put(self, block: Block | None, error: CaptureError | None) -> None:
        with self._new:
            if not self._stopped:
                self._error = error
                if block is not None:
                    self._blocks.append(block)
                self._new.notify()


@dataclass(frozen=True, eq=False)
class HeardSecond:
    """A second of sound that began at `started_s` (monotonic); `sound` is None where none came."""

    started_s: float
    sound: Samples | None


class SoundSeconds:
    """Cuts blocks into whole seconds, each beginning where the last one ended."""

    def __init__(self) -> None:
        self._from_s: float | None = None
        self._samples: list[Samples] = []
        self._count = 0

    def add(self, block: Block) -> list[HeardSecond]:
        """Take in one block; the seconds that it completes, those without sound before it among them."""
        closed = self.tick(block.stamp_s - len(block.samples) / RATE)
        begins = block.stamp_s - len(block.samples) / RATE
        if self._from_s is None or abs(self._from_s + self._count / RATE - begins) > ASTRAY_S:
            self._begin(begins)
        assert self._from_s is not None
        self._samples.append(block.samples)
        self._count += len(block.samples)
        while self._count >= RATE:
            whole = np.concatenate(self._samples)
            closed.append(HeardSecond(self._from_s, whole[:RATE]))
            self._begin(self._from_s + 1.0)
            self._samples, self._count = [whole[RATE:]], len(whole) - RATE
        return closed

    def tick(self, now_s: float) -> list[HeardSecond]:
        """The seconds that have gone by `now_s` without sound to fill them: what is left of one is let go."""
        closed = []
        while self._from_s is not None and now_s - (self._from_s + self._count / RATE) > 1.0 + ASTRAY_S:
            closed.append(HeardSecond(self._from_s, None))
            self._begin(self._from_s + 1.0)
        return closed

    def _begin(self, from_s: float) -> None:
        self._from_s, self._samples, self._count = from_s, [], 0
