"""What the pages read from the tables, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contract.reading import LASTING

LASTING_REASONS: Final = tuple(sorted(reason.value for reason in LASTING))
"""The reasons for which a desk is not observed: of these the pages tell none, whichever is stored."""

LATE_MS: Final = 60_000  # what comes later was not sent live


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site and the IANA name of the zone in which its times are shown."""

    id: int
    name: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box as it and the centre's own clock tell it; what it has not told is None."""

    box: str
    online: bool
    simulated: bool
    recorded: bool
    last_seen_ms: int | None
    last_live_ms: int | None
    software: str | None
    model: str | None
    epoch: str | None
    clock_ok: bool | None
    frames_per_second: float | None
    frame_ms: float | None
    memory_mb: float | None
    temperature_c: float | None
    disk_free_mb: float | None
    backend: str | None
    building_step: str | None
    building_share: float | None
    engine_fault: str | None
    waiting: int | None
    set_aside: int | None
    gaps: int | None
    status_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest reading of a box: when it was made and received, how long it is, its reason where it has one."""

    wall_ms: int
    received_ms: int
    duration_s: float
    reason: str | None

    @property
    def ended_ms(self) -> int:
        """When it ended, by the box's clock."""
        return self.wall_ms + round(self.duration_s * 1000)

    @property
    def late(self) -> bool:
        """Whether it came more than a minute after its end. A reason that lasts is told when its minute is over."""
        return self.received_ms - self.ended_ms > LATE_MS


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A desk and the box that serves it now; `box` is None where none is placed, `status` where none was heard of."""

    id: int
    site_id: int
    name: str
    team: str
    box: str | None = None
    status: Box | None = None
    newest: Newest | None = None

    @property
    def simulated(self) -> bool:
        """Whether its box makes its readings up: such a desk is marked, and no sum counts it."""
        return self.status is not None and self.status.simulated

    @property
    def recorded(self) -> bool:
        """Whether its box hands over recordings: such a desk is marked, is never live, and no sum counts it."""
        return self.status is not None and self.status.recorded

    @property
    def counted(self) -> bool:
        """Whether sums count it."""
        return not self.simulated and not self.recorded

    @property
    def live_until_ms(self) -> int | None:
        """When its newest live reading ended, by the box's clock."""
        if self.newest is not None and not self.newest.late:
            return self.newest.ended_ms
        return self.status.last_live_ms if self.status is not None else None


@dataclass(frozen=True, kw_only=True)
class PlacedBox:
    """A box, the desk it serves now, how many of its readings are in quarantine, were refused or lost."""

    box: str
    status: Box | None
    newest: Newest | None
    desk_id: int | None
    desk: str | None
    site: str | None
    quarantined: int
    refused: int
    gap_records: int
    lost: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One raw reading; `shares` in the order of the stack."""

    wall_ms: int
    duration_s: float
    historical: bool
    shares: tuple[float, ...] | None
    valence: float | None
    confidence: float | None
    quality: float | None
    faces: int
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class LostReadings:
    """A gap record: readings that an outbox had to let go of."""

    from_ms: int
    until_ms: int
    count: int
    cause: str


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Readings of a box that came later than they were made: how many, and when the last of them came."""

    count: int
    last_ms: int
