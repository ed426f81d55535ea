"""How long each stage of a frame's way takes, as a mean over the frames since it was last asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STAGES: Final = {
    "detect": "whoever is in a frame is found and followed",
    "align": "one of them is cut out, and looked at whether that can be read",
    "recognise": "that is read by the network",
    "frame": "from a picture's arrival until it is read",
    "store": "a reading into the outbox, synced",
}
"""Each by what it is, in the order of a frame's way."""


class Stages:
    """For one thread at a time."""

    def __init__(self) -> None:
        self._spent: dict[str, tuple[float, int]] = {}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """What is done here is a stage of one frame."""
        began = time.perf_counter()
        yield
        self.add(stage, time.perf_counter() - began)

    def add(self, stage: str, seconds: float) -> None:
        """A stage took so long."""
        spent, count = self._spent.get(stage, (0.0, 0))
        self._spent[stage] = (spent + seconds, count + 1)

    def take(self) -> dict[str, float]:
        """Milliseconds by stage, of those that there were; then all begins anew."""
        means = {stage: 1000 * spent / count for stage, (spent, count) in self._spent.items()}
        self._spent.clear()
        return means
