"""What is done where a camera or a microphone gives nothing: it is opened again, a few times, then left to others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from edge.errors import CaptureError

REOPENINGS: Final = 3  # of a source that gives nothing, before the process ends
REOPEN_WAIT_S: Final = 2.0
STEADY_S: Final = 60.0  # a source that went so long without being opened again is a good one


class Ladder:
    """One source's way up."""

    def __init__(self, reopen: Callable[[], None], given_up: type[CaptureError], log: logging.Logger) -> None:
        """`reopen` opens the source again or raises CaptureError; `given_up` is raised once that was in vain."""
        self._reopen, self._given_up, self._log = reopen, given_up, log
        self._reopened, self._reopened_at = 0, 0.0

    def climb(self, error: CaptureError, stop: threading.Event, passing: Callable[[], None]) -> None:
        """Open the source again until it opens or `stop` is set; `passing` is called while time passes.

        Raises what `given_up` is after some attempts: it is then for whatever started the process to go further.
        """
        if time.monotonic() - self._reopened_at > STEADY_S:
            self._reopened = 0
        while not stop.is_set():
            passing()
            if self._reopened == REOPENINGS:
                raise self._given_up(f"{error}; it was opened again {REOPENINGS} times in vain") from error
            self._reopened += 1
            self._log.warning("%s; opening it again (%d of %d)", error, self._reopened, REOPENINGS)
            stop.wait(REOPEN_WAIT_S)
            passing()
            self._reopened_at = time.monotonic()
            try:
                self._reopen()
                return
            except CaptureError as again:
                error = again
