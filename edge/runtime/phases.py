"""How far a build is: TensorRT's phases, one in a step of another, as one share from 0 to 1."""

from __future__ import annotations

import threading
from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told what is being done, and what share of the whole is."""


class Phases:
    """The phases that are open; tells the share of all that is done. May be told of them by several threads at once.

    What goes wrong in telling stops no build: `error` is the first of it.
    """

    def __init__(self, say: Progress) -> None:
        self._say, self._share = say, 0.0
        self._lock = threading.Lock()
        self.error: BaseException | None = None
        self._open: dict[str, tuple[str | None, int, int]] = {}  # name: parent, steps, steps done

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """A phase begins."""
        with self._lock:
            self._open[name] = (parent, max(1, steps), 0)
            self._tell(name)

    def step(self, name: str) -> bool:
        """A step of it is done; whether the work is to go on: until somebody interrupts it."""
        with self._lock:
            if name in self._open:
                parent, steps, done = self._open[name]
                self._open[name] = (parent, steps, min(steps, done + 1))
                self._tell(name)
            return not isinstance(self.error, KeyboardInterrupt)

    def finish(self, name: str) -> None:
        """It is over."""
        with self._lock:
            self._open.pop(name, None)

    def _tell(self, name: str) -> None:
        parent, steps, done = self._open[name]
        share = done / steps
        while parent in self._open:
            parent, steps, done = self._open[parent]
            share = min(1.0, (done + share) / steps)
        self._share = max(self._share, share)  # TensorRT's phases overlap: what is shown never goes back
        try:
            self._say(name, self._share)
        except BaseException as error:  # noqa: BLE001 - TensorRT would take it for a wish to stop
            self.error = self.error or error
