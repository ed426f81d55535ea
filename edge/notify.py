"""What a process tells systemd of itself: that it is ready, and again and again that its loop goes round.

Without systemd all of it does nothing. The messages are those of sd_notify(3).
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from typing import Final

SOCKET: Final = "NOTIFY_SOCKET"
PERIOD_US: Final = "WATCHDOG_USEC"


class Watched:
    """This process in the eyes of systemd."""

    def __init__(self) -> None:
        """Reads from the environment whom to tell, and how often."""
        self._address = os.environ.get(SOCKET, "").replace("@", "\0", 1)
        period_s = int(os.environ.get(PERIOD_US, "0")) / 1e6
        self._every_s = period_s / 4 if period_s else None
        self._due = 0.0

    def ready(self) -> None:
        """It has started; from now on `alive` is waited for."""
        self._tell("READY=1")

    def alive(self) -> None:
        """Its loop went round once more; called by that loop alone, so that one that hangs is seen."""
        if self._every_s is None or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._every_s
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """It was told to end and brings what it has to an end."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        # Nobody listens any more, or its queue is full: what is missed is only told later.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as told:
            told.sendto(message.encode(), self._address)
