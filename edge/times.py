"""Readings that were made before the wall clock was known: their times are corrected, where that still can be.

A box without a battery wakes in 1970, or wherever it stopped, and learns the time from the network, perhaps days later.
How long ago a reading of this boot was made is known all the while, by the monotonic clock. That the time is known is
taken from the newest reading: `vision` asks the kernel each second, and the publisher's unit forbids to.
"""

from __future__ import annotations

import time

from edge import clock
from edge.store import Relay


class Times:
    """What the publisher asks before it sends. Every method raises StoreError or one of its kinds."""

    def __init__(self, relay: Relay, wait_s: float) -> None:
        """`wait_s`: how long such readings are held back, once a first connection shows that there is a network."""
        self._relay, self._wait_s = relay, wait_s
        self._boot = clock.boot()
        self._until: float | None = None

    def linked(self) -> None:
        """There is a connection: the clock should be known in a moment. Later ones are not waited for again."""
        if self._until is None:
            self._until = time.monotonic() + self._wait_s

    def correct(self) -> int:
        """Where the clock is known, give some of them the times at which they were made; returns how many."""
        if not self._relay.owes_times(self._boot) or not self._relay.newest_has_time(self._boot):
            return 0
        return self._relay.correct_times(self._boot, time.time_ns() // 1_000_000, time.monotonic_ns())

    def hold(self) -> bool:
        """Whether nothing is to be sent yet, for some of it gets its right time soon, or still may."""
        if not self._relay.owes_times(self._boot):
            return False
        waits = self._until is not None and time.monotonic() < self._until
        return waits or self._relay.newest_has_time(self._boot)
