"""What can be said of a desk now: live, too little seen, not observed, offline, catching up, recorded, or nothing yet.

A desk of recordings is recorded whenever they were made: it is never live, so it is never offline or late either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from central.web.bins import LEAST_S, Bin, Known
from central.web.ranges import SECOND
from central.web.records import LASTING_REASONS, Box, Desk, Newest
from look import LITTLE

SILENT_MS: Final = 30 * SECOND  # without a reading for so long a box is offline
LASTING_MS: Final = 60 * SECOND  # a reason that lasts is one reading a minute
SETTLE_MS: Final = 6 * SECOND  # a reading takes so long at most: made, sent in twos, stored
LATE_MS: Final = 20 * SECOND  # late readings that came within this make a box one that is catching up
MANY_LATE: Final = 20  # fewer are the tail of a short loss of connection


class State(str, Enum):
    """A desk's state. Whether it is simulated is told beside it, not in it."""

    LIVE = "live"
    FEW = "few"
    NOT = "not"
    OFFLINE = "offline"
    CATCHUP = "catchup"
    RECORDED = "recorded"  # whatever its box does
    NEVER = "never"  # placed; nothing was ever heard of its box
    UNPLACED = "unplaced"


@dataclass(frozen=True, kw_only=True)
class Now:
    """A desk at this moment. `recent` is its last quarter of an hour, `arrived` the part of an outage that has come."""

    state: State
    recent: Bin
    arrived: float | None = None

    @property
    def figure(self) -> Bin | None:
        """The last quarter of an hour where figures may be drawn from it."""
        if self.state not in (State.LIVE, State.CATCHUP, State.RECORDED) or self.recent.shares is None:
            return None
        return self.recent if self.recent.sums.seen_s >= LEAST_S else None


def lasts(newest: Newest | None) -> bool:
    """Whether the newest reading says that a desk is not observed, for a while."""
    return newest is not None and newest.reason in LASTING_REASONS


def is_offline(status: Box | None, newest: Newest | None, now_ms: int) -> bool:
    """Whether a box says it is gone, or its readings have stopped for 30 s by the centre's own clock."""
    if status is None or newest is None or newest.late:
        return True
    if status.status_ms is not None and not status.online:
        return True
    return now_ms - newest.received_ms > SILENT_MS + (2 * LASTING_MS if lasts(newest) else 0)


def known(begins_ms: int | None, desk: Desk, now_ms: int) -> Known:
    """From when to when a desk should have been heard: a lasting reason answers for its minute, and for the next."""
    settled, newest = now_ms - SETTLE_MS, desk.newest
    if newest is not None and lasts(newest) and now_ms - newest.received_ms <= 2 * LASTING_MS:
        settled = min(settled, newest.ended_ms)
    return Known(begins_ms, settled, desk.recorded)


def desk_now(desk: Desk, recent: Bin, late_s: float, arriving: Mapping[str, int], now_ms: int) -> Now:
    """The state of a desk. `late_s`: seconds of today that came late; `arriving`: late readings of the last seconds."""
    if desk.box is None:
        return Now(state=State.UNPLACED, recent=recent)
    if desk.status is None or desk.status.last_seen_ms is None:
        return Now(state=State.NEVER, recent=recent)
    if desk.recorded:
        return Now(state=State.RECORDED, recent=recent)
    if arriving.get(desk.box, 0) >= MANY_LATE:
        waiting = desk.status.waiting or 0
        arrived = late_s / (late_s + waiting) if waiting else None
        return Now(state=State.CATCHUP, recent=recent, arrived=arrived)
    if is_offline(desk.status, desk.newest, now_ms):
        return Now(state=State.OFFLINE, recent=recent)
    if lasts(desk.newest):
        return Now(state=State.NOT, recent=recent)
    few = recent.observed_s >= 2 * LEAST_S and recent.coverage < LITTLE
    return Now(state=State.FEW if few else State.LIVE, recent=recent)
